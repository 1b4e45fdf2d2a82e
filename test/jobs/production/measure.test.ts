import { afterAll, beforeAll, expect, it } from 'vitest'
import { measure } from '../../../jobs/production/measure.ts'
import { standing } from '../../../src/adapters/postgres/standing.ts'
import { prometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { Fault } from '../../../src/core/fault.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const dailyUsd = { installationUsd: 10, repositoryUsd: 4, authorUsd: 0 }
const monthlyUsd = { installationUsd: 20 }
const { metrics, render } = prometheusMetrics()
const shown = async (): Promise<string[]> =>
  (await render())
    .split('\n')
    .filter(line => /^v2_(queue|release|budget_spent)/.test(line))
    .toSorted()

it('shows queues, ages of rows, the newest release and the day’s money; what cannot be asked is not shown', async () => {
  const owner = database.pool('owner')
  const pool = database.pool('cupel_production', 1)
  await owner.query(
    `insert into production.deliveries (id, event, state, received_at, finished_at) values
       ('a', 'push', 'received', now() - interval '90.5 seconds', null),
       ('b', 'push', 'done', now() - interval '1 day', now());
     insert into production.review_requests
       (id, installation_id, repository_id, owner, repo, number, head_sha, occasion, asked, whole, due_at)
       values ('r', 1, 2, 'o', 'r', 3, 'h', 'push', false, false, now() + interval '1 hour')`,
  )
  await owner.query(
    `insert into production.budgets (day, scope, subject, usd) values
       ('2026-03-15', 'installation', '1', 2), ('2026-03-15', 'installation', '2', 5),
       ('2026-03-15', 'repository', '2', 1), ('2026-03-14', 'repository', '2', 4),
       ('2026-03-01', 'installation', '1', 10), ('2026-02-28', 'installation', '1', 40)`,
  )
  const depth = { waiting: 4, delayed: 2, active: 1 }
  const down = new Fault('queue-unavailable', 'down', { retry: 'soon' })
  const deps = {
    clock: { ...systemClock, now: () => new Date('2026-03-15T23:00:00Z') },
    dailyUsd,
    monthlyUsd,
    metrics,
    standing: (now: Date) => standing(pool, now),
    queues: [
      { name: 'deliveries', queue: { depth: async () => depth } },
      { name: 'reviews', queue: { depth: () => Promise.reject(down) } },
    ],
  }
  await measure(deps)
  expect(await shown()).toEqual([
    'v2_budget_spent_ratio{scope="author",period="day"} 1',
    'v2_budget_spent_ratio{scope="installation",period="day"} 0.5',
    // Twelve of twenty; the month before does not count.
    'v2_budget_spent_ratio{scope="installation",period="month"} 0.6',
    'v2_budget_spent_ratio{scope="repository",period="day"} 0.25',
    expect.stringMatching(/^v2_queue_age_seconds\{queue="deliveries"\} (9|1\d)\d\./),
    'v2_queue_age_seconds{queue="reviews"} 0',
    'v2_queue_jobs{queue="deliveries",state="active"} 1',
    'v2_queue_jobs{queue="deliveries",state="delayed"} 2',
    'v2_queue_jobs{queue="deliveries",state="waiting"} 4',
    'v2_release_in_force{release="genesis",kind="genesis"} 1',
  ])

  const lost = new Fault('database-unavailable', 'down', { retry: 'soon' })
  await expect(measure({ ...deps, standing: () => Promise.reject(lost) })).rejects.toBe(lost)
  expect((await shown()).filter(line => line.startsWith('v2_queue_age'))).toEqual([])
})
