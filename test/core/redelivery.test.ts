import { describe, expect, it } from 'vitest'
import { dueForRedelivery } from '../../src/core/redelivery.ts'

const now = new Date('2026-01-02T00:00:00Z')
const minutes = (count: number) => new Date(now.getTime() - count * 60_000)
const attempts = (guid: string, ...ago: number[]) =>
  ago.map((count, index) => ({ id: Number(`${guid.codePointAt(0)}${index}`), guid, at: minutes(count) }))

describe('a failed delivery', () => {
  it.each([
    ['once, just now', [0], true],
    ['once, long ago', [4_000], true],
    ['twice, 9 minutes ago', [20, 9], false],
    ['twice, 10 minutes ago', [20, 10], true],
    ['three times, 19 minutes ago', [40, 30, 19], false],
    ['three times, 20 minutes ago', [40, 30, 20], true],
    ['ten times, 59 minutes ago', [600, 500, 400, 300, 250, 200, 180, 170, 165, 59], false],
    ['ten times, an hour ago', [600, 500, 400, 300, 250, 200, 180, 170, 165, 60], true],
  ])('%s: due is %3$s', (_when, ago, due) => {
    expect(dueForRedelivery(attempts('a', ...ago), now)).toHaveLength(due ? 1 : 0)
  })

  it('is asked for by its newest attempt, in whatever order they are listed', () => {
    const [first, second] = attempts('a', 60, 30)
    for (const listed of [
      [first, second],
      [second, first],
    ])
      expect(dueForRedelivery(listed as never, now)).toEqual([second])
  })

  it('that keeps failing comes after those that failed less often, and the oldest first', () => {
    const failed = [...attempts('a', 5_000, 4_000), ...attempts('b', 10), ...attempts('c', 20)]
    expect(dueForRedelivery(failed, now).map(attempt => attempt.guid)).toEqual(['c', 'b', 'a'])
  })
})
