import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { pacer } from '../../../src/adapters/postgres/pacer.ts'
import type { Pacer } from '../../../src/ports/pacer.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let pools: pg.Pool[]
beforeAll(async () => {
  database = await testDatabase()
  pools = [database.pool('cupel_production', 8), database.pool('cupel_production', 8)]
})
afterAll(() => database.drop())

/** Time that stands still unless somebody sleeps. */
let now: number
let slept: number[]
let pacers: [Pacer, Pacer]
beforeEach(async () => {
  await database.pool('owner', 1).query('delete from production.pacer')
  now = Date.UTC(2026, 0, 1)
  slept = []
  const clock = { sleep: async (ms: number) => void (slept.push(ms), (now += ms)) }
  pacers = pools.map(pool => pacer(pool, clock, () => new Date(now))) as [Pacer, Pacer]
})

const forever = Number.MAX_SAFE_INTEGER

/** The most that lie in any window of that length, each weighed. */
function most(
  times: readonly number[],
  windowMs: number,
  weight: (index: number) => number = () => 1,
): number {
  let worst = 0
  for (let first = 0; first < times.length; first++) {
    let sum = 0
    for (let n = first; n < times.length && (times[n] ?? 0) <= (times[first] ?? 0) + windowMs; n++)
      sum += weight(n)
    worst = Math.max(worst, sum)
  }
  return worst
}

test('two workers together write no more than 80 comments in any minute and 500 in any hour', async () => {
  const times: number[] = []
  for (let n = 0; n < 520; n++) {
    await pacers[(n % 2) as 0 | 1].acquire(1, 'content', forever)
    times.push(now)
  }
  expect(most(times, 60_000)).toBe(80)
  expect(most(times, 3_600_000)).toBe(500)
})

test('two workers together spend no more than 900 points in any minute', async () => {
  const kinds = ['read', 'write', 'read', 'read'] as const
  const times: number[] = []
  for (let n = 0; n < 520; n++) {
    await pacers[(n % 2) as 0 | 1].acquire(1, kinds[n % 4] ?? 'read', forever)
    times.push(now)
  }
  const points = (n: number): number => (kinds[n % 4] === 'write' ? 5 : 1)
  expect(most(times, 60_000, points)).toBeLessThanOrEqual(900)
  expect(most(times, 60_000, points)).toBeGreaterThan(890)
})

test('fifty at once get fifty different moments, a second apart once the burst is spent', async () => {
  const waits: number[] = []
  const still = pools.map(pool =>
    pacer(pool, { sleep: async ms => void waits.push(ms) }, () => new Date(Date.UTC(2026, 0, 1))),
  )
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => (still[n % 2] as Pacer).acquire(1, 'content', forever)),
  )
  expect(waits.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => (n + 1) * 1000))
})

test('a wait longer than allowed is refused with its end, books nothing, and a shorter one is granted', async () => {
  for (let n = 0; n < 22; n++) await pacers[0].acquire(1, 'content', forever)
  expect(slept).toEqual([1000, 1000])
  const refused = { code: 'github-rate-limited', retry: 'later', retryAt: new Date(now + 1000) }
  await expect(pacers[0].acquire(1, 'content', 999)).rejects.toMatchObject(refused)
  await expect(pacers[1].acquire(1, 'content', 999)).rejects.toMatchObject(refused)
  await pacers[1].acquire(1, 'content', 1000)
  expect(slept).toEqual([1000, 1000, 1000])
})

test('installations and reading do not wait for another’s comments', async () => {
  for (let n = 0; n < 20; n++) await pacers[0].acquire(1, 'content', 0)
  await pacers[0].acquire(2, 'content', 0)
  await pacers[0].acquire(1, 'read', 0)
  await pacers[0].acquire(1, 'write', 0)
  expect(slept).toEqual([])
})

test('after an idle hour the burst is whole again and no more than that', async () => {
  for (let n = 0; n < 20; n++) await pacers[0].acquire(1, 'content', 0)
  now += 10 * 3_600_000
  for (let n = 0; n < 20; n++) await pacers[0].acquire(1, 'content', 0)
  await expect(pacers[0].acquire(1, 'content', 0)).rejects.toMatchObject({ code: 'github-rate-limited' })
})

test('a pause holds for every worker and kind of its installation, is never shortened, and ends', async () => {
  const until = now + 60_000
  await pacers[0].pause(1, new Date(until))
  await pacers[1].pause(1, new Date(now + 1000))
  await expect(pacers[1].acquire(1, 'read', 59_999)).rejects.toMatchObject({ retryAt: new Date(until) })
  await pacers[1].acquire(2, 'read', 0)
  await pacers[1].acquire(1, 'read', 60_000)
  expect(now).toBe(until)
  await pacers[0].acquire(1, 'write', 0)
})

test('a pause that begins while somebody waits holds for it too', async () => {
  for (let n = 0; n < 20; n++) await pacers[0].acquire(1, 'content', 0)
  const times: number[] = []
  const interrupted = pacer(
    pools[0] as pg.Pool,
    {
      sleep: async ms => {
        now += ms
        times.push(now)
        if (times.length === 1) await pacers[1].pause(1, new Date(now + 30_000))
      },
    },
    () => new Date(now),
  )
  const start = now
  await interrupted.acquire(1, 'content', 60_000)
  expect(times.map(time => time - start)).toEqual([1000, 31_000])
  await pacers[1].pause(1, new Date(now + 30_000))
  await expect(interrupted.acquire(1, 'read', 10_000)).rejects.toMatchObject({ code: 'github-rate-limited' })
})

test('an aborted wait ends with the signal’s reason', async () => {
  const abort = new AbortController()
  abort.abort(new Error('superseded'))
  await expect(pacers[0].acquire(1, 'read', 0, abort.signal)).rejects.toThrow('superseded')
})

test('without a clock of its own it goes by the database’s', async () => {
  const waits: number[] = []
  const real = pacer(pools[0] as pg.Pool, { sleep: async ms => void waits.push(ms) })
  for (let n = 0; n < 25; n++) await real.acquire(1, 'content', forever)
  // 25 at once: the burst of 20, then moments of which the last lies at most five seconds away.
  expect(waits.length).toBeLessThanOrEqual(5)
  expect(Math.max(0, ...waits)).toBeLessThanOrEqual(5000)
})
