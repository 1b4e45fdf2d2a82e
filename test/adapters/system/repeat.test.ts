import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { repeater } from '../../../src/adapters/system/repeat.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('begins at once where that is asked, is never beside itself, goes on after a failure, and ends when told', async () => {
  const stopping = new AbortController()
  const warned: string[] = []
  const log = { warn: (_: object, message: string) => void warned.push(message) }
  const turns: PromiseWithResolvers<void>[] = []
  const timer = repeater({ log, signal: stopping.signal })(
    1_000,
    'the work',
    () => {
      const turn = Promise.withResolvers<void>()
      turns.push(turn)
      return turn.promise
    },
    'at-once',
  )
  expect(turns).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(turns).toHaveLength(1)
  turns[0]?.reject(new Error('no'))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(warned).toEqual(['the work failed; it is tried again'])
  expect(turns).toHaveLength(2)
  turns[1]?.resolve()
  stopping.abort()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(turns).toHaveLength(2)
  clearInterval(timer)
})
