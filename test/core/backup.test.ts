import { describe, expect, it } from 'vitest'
import { backupName, expiredBackups } from '../../src/core/backup.ts'

const at = (text: string): string => backupName(new Date(text))

describe('backups that nothing keeps', () => {
  const hourly = Array.from({ length: 24 * 60 }, (_, hour) =>
    backupName(new Date(Date.UTC(2026, 9, 1) + hour * 3_600_000 + 60_000)),
  )

  it.each<[string, number, number, number, number]>([
    ['the newest alone, whatever is said', 0, 0, 0, 1],
    ['of every hour', 24, 0, 0, 24],
    ['of every day, the last day being in the last hours', 24, 14, 0, 24 + 13],
    ['of every month too', 24, 14, 6, 24 + 13 + 1],
    ['all there are', 9_999, 0, 0, hourly.length],
  ])('keeps the newest %s', (_what, hours, days, months, kept) => {
    const gone = expiredBackups(hourly.toSorted(), { hours, days, months })
    expect(hourly.length - gone.length).toBe(kept)
    expect(gone).not.toContain(hourly.at(-1))
  })

  it('keeps the newest of each period, not the oldest', () => {
    const names = ['2026-10-01T01:00:00Z', '2026-10-01T23:00:00Z', '2026-10-02T01:00:00Z'].map(at)
    expect(expiredBackups(names, { hours: 1, days: 2, months: 0 })).toEqual([names[0]])
  })

  it('touches no file that is no backup', () => {
    const others = ['notes.txt', `${at('2020-01-01T00:00:00Z')}.partial`, 'cupel-2020.backup', '.backup']
    expect(expiredBackups([...others, at('2026-10-01T00:00:00Z')], { hours: 0, days: 0, months: 0 })).toEqual(
      [],
    )
  })
})
