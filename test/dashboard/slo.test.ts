import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishedSlo } from '../../src/adapters/postgres/published-slo.ts'
import { gateWorld, type GateWorld } from '../jobs/gate/world.ts'

let world: GateWorld
beforeAll(async () => {
  world = await gateWorld()
})
afterAll(() => world.close())

const seen = () => publishedSlo(world.database.pool('cupel_operator', 1))

test('before anything was reviewed nothing is measured: neither kept nor broken', async () => {
  expect(await seen()).toEqual({ reviews: 0, responseP95Ms: null, errorRate: null, uptime: null })
})

test('reviews of the last 24 hours, and the share of minutes since the first heartbeat that have one', async () => {
  await world.reviews('genesis', 19, { responseMs: 1000 })
  await world.reviews('genesis', 1, { responseMs: null, healthy: false })
  await world.reviews('genesis', 5, { responseMs: 9000, at: new Date(Date.now() - 25 * 3_600_000) })
  // Of 120 whole minutes, 90; and the one under way, and what a clock that ticks over meanwhile adds.
  await world.owner.query(
    `insert into production.slo_metrics (release_id, window_start, window_seconds, metric, value, observations)
     select 'genesis', date_trunc('minute', now()) - n * interval '1 minute', 60, 'heartbeat', 1, 1
     from generate_series(0, 120) n where n not between 31 and 60`,
  )
  const { uptime, ...rest } = await seen()
  expect(rest).toEqual({ reviews: 20, responseP95Ms: 1000, errorRate: 0.05 })
  expect(uptime).toBeCloseTo(0.75, 2)
})
