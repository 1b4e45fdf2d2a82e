import { expect, it } from 'vitest'
import { inParallel } from '../../../src/adapters/github/in-parallel.ts'

const items = Array.from({ length: 10 }, (_, index) => index)

it('answers in the order of the items, with at most so many under way', async () => {
  let underWay = 0
  let most = 0
  const doubled = await inParallel(3, items, async item => {
    most = Math.max(most, ++underWay)
    for (let turns = items.length - item; turns > 0; turns--) await Promise.resolve()
    underWay -= 1
    return item * 2
  })
  expect(doubled).toEqual(items.map(item => item * 2))
  expect(most).toBe(3)
})

it('begins nothing new after the first error', async () => {
  const begun: number[] = []
  const release = Promise.withResolvers<void>()
  const all = inParallel(2, items, async item => {
    begun.push(item)
    if (item === 0) throw new Error('no')
    await release.promise
  })
  await expect(all).rejects.toThrow('no')
  release.resolve()
  await new Promise(resolve => setImmediate(resolve))
  expect(begun).toEqual([0, 1])
})
