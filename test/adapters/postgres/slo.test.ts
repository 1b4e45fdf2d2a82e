import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { reviews } from '../../../src/adapters/postgres/reviews.ts'
import { downtime } from '../../../src/adapters/postgres/downtime.ts'
import { slo } from '../../../src/adapters/postgres/slo.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let production: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  production = database.pool('cupel_production', 4)
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.slo_metrics; delete from production.code_reviews'))

const key = (number: number) => ({
  installationId: 1,
  repositoryId: 2,
  owner: 'acme',
  repo: 'app',
  number,
  headSha: 'a',
  releaseId: 'genesis',
  occasion: 'push',
})
const outcome = { conclusion: 'success', detail: 'fine' }
const good = { healthy: true, attributable: true }

/** Reviews that ended so many seconds before this minute, each response as given; null: given up. */
async function ended(responses: (number | null)[], secondsAgo: number, from: number): Promise<void> {
  const store = reviews(production)
  const { rows } = await owner.query<{ at: Date }>(
    "select date_trunc('minute', now()) - $1 * interval '1 second' as at",
    [secondsAgo],
  )
  for (const [index, responseMs] of responses.entries()) {
    const row = await store.open(key(from + index), new Date())
    const done = responseMs !== null
    await store.finish(row.id, done ? 'done' : 'failed', {
      ...outcome,
      health: { healthy: done, attributable: true },
    })
    await owner.query(
      `update production.code_reviews set finished_at = $2::timestamptz,
         due_at = $2::timestamptz - $3 * interval '1 millisecond' where id = $1`,
      [row.id, rows[0]?.at, responseMs ?? 0],
    )
  }
}

async function written(): Promise<Record<string, number[]>> {
  const { rows } = await owner.query<{ metric: string; values: number[] }>(
    `select metric, array_agg(value order by window_start) as values from production.slo_metrics group by metric`,
  )
  return Object.fromEntries(rows.map(row => [row.metric, row.values]))
}

test('what is published of a review tells both response times, health and whose doing it was, to the gate too', async () => {
  const store = reviews(production)
  const due = new Date(Date.now() - 10_000)
  const done = await store.open(key(1), new Date(), due)
  await store.saveCheck(done.id, 5)
  await store.savePosted(done.id, { reviewId: 6, comments: [] })
  const skipped = await store.open(key(2), new Date(), due)
  await store.finish(skipped.id, 'skipped', outcome)
  const failed = await store.open(key(3), new Date(), due)
  await store.finish(failed.id, 'failed', { ...outcome, health: { healthy: false, attributable: false } })
  const running = await store.open(key(4), new Date(), due)
  await store.finish(done.id, 'done', { ...outcome, health: good })
  const { rows } = await database
    .pool('cupel_gate', 1)
    .query<{ review_id: string; response_ms: number | null; begun_ms: number | null }>(
      `select release_id, review_id, response_ms, begun_ms, healthy, attributable from production.published_outcomes
       order by healthy desc`,
    )
  expect(rows).toEqual([
    {
      release_id: 'genesis',
      review_id: done.id,
      response_ms: expect.any(Number) as number,
      begun_ms: expect.any(Number) as number,
      healthy: true,
      attributable: true,
    },
    {
      release_id: 'genesis',
      review_id: failed.id,
      response_ms: null,
      begun_ms: null,
      healthy: false,
      attributable: false,
    },
  ])
  expect(rows[0]?.begun_ms).toBeGreaterThanOrEqual(10_000)
  expect(rows[0]?.response_ms).toBeGreaterThanOrEqual(rows[0]?.begun_ms ?? 0)
  expect(running.state).toBe('started')
})

test('a review that begins anew is measured anew', async () => {
  const store = reviews(production)
  const row = await store.open(key(1), new Date(), new Date(0))
  await store.finish(row.id, 'failed', { ...outcome, health: { healthy: false, attributable: true } })
  await store.open(key(1), new Date(), new Date())
  const { rows } = await owner.query('select 1 from production.published_outcomes')
  expect(rows).toEqual([])
  await store.finish(row.id, 'done', { ...outcome, health: good })
  const again = await owner.query<{ late: boolean }>(
    'select response_ms > 60000 as late from production.published_outcomes',
  )
  expect(again.rows).toEqual([{ late: false }])
})

test('a minute has one heartbeat, however many workers and releases there are', async () => {
  const store = slo(production)
  await Promise.all([store.heartbeat(), store.heartbeat(), store.heartbeat()])
  await store.heartbeat()
  const { rows } = await owner.query<{ minutes: string; beats: string }>(
    `select count(distinct window_start) as minutes, count(*) as beats from production.slo_metrics
     where metric = 'heartbeat' and release_id = 'genesis'`,
  )
  // The test may run over the end of a minute.
  expect(rows[0]?.beats).toBe(rows[0]?.minutes)
})

test('the gate sees the share of minutes without a heartbeat, from the first there is to the last whole minute', async () => {
  const gate = database.pool('cupel_gate', 1)
  expect(await downtime(gate)).toEqual([])
  await owner.query(
    `insert into production.slo_metrics (release_id, window_start, window_seconds, metric, value, observations)
     select 'genesis', date_trunc('minute', now()) - n * interval '1 minute', 60, 'heartbeat', 1, 1
     from generate_series(0, 100) n where n not in (2, 20)`,
  )
  const shares = Object.fromEntries((await downtime(gate)).map(({ window, share }) => [window, share]))
  expect(shares).toEqual({
    '5m': expect.closeTo(1 / 5, 9) as number,
    '30m': expect.closeTo(2 / 30, 9) as number,
    '1h': expect.closeTo(2 / 60, 9) as number,
    // The first heartbeat was a hundred minutes ago.
    '6h': expect.closeTo(2 / 100, 9) as number,
    '3d': expect.closeTo(2 / 100, 9) as number,
    '30d': expect.closeTo(2 / 100, 9) as number,
  })
})

test('the figures of a closed minute are written once, and a pause is made up for', async () => {
  const store = slo(production)
  await ended([1_000, 2_000, 4_000, null], 90, 10)
  await ended([500], 600, 20)
  const wrote = await store.closeMinutes()
  expect(wrote).toHaveLength(6)
  expect(await written()).toEqual({
    error_rate: [0, 0.25],
    response_p95_ms: [500, expect.closeTo(3_800, 6)],
    response_within_3s: [1, expect.closeTo(2 / 3, 6)],
  })
  expect(await store.closeMinutes()).toEqual([])
  await ended([700], 30, 30)
  expect((await store.closeMinutes()).map(({ metric, value }) => [metric, value])).toEqual([
    ['error_rate', 0],
    ['response_within_3s', 1],
    ['response_p95_ms', 700],
  ])
})

test('a minute that is not over is left alone', async () => {
  await ended([900], -1, 40)
  expect(await slo(production).closeMinutes()).toEqual([])
})

test('minutes older than asked for are deleted, a thousand at a time, and no others', async () => {
  await owner.query(
    `insert into production.slo_metrics (release_id, window_start, window_seconds, metric, value, observations)
     select 'genesis', now() - interval '90 days' - n * interval '1 minute', 60, 'heartbeat', 1, 1 from generate_series(1, 2500) n
     union all select 'genesis', now() - interval '89 days' - n * interval '1 minute', 60, 'heartbeat', 1, 1 from generate_series(1, 3) n`,
  )
  const store = slo(production)
  expect([await store.purge(90), await store.purge(90)]).toEqual([2_500, 0])
  const { rows } = await owner.query('select count(*)::int as left from production.slo_metrics')
  expect(rows).toEqual([{ left: 3 }])
})
