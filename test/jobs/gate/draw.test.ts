import { afterAll, beforeAll, expect, it } from 'vitest'
import { setAuditDay } from '../../../jobs/gate/draw.ts'
import { auditDraws } from '../../../src/adapters/postgres/audit-draws.ts'
import type { AuditDraws } from '../../../src/ports/scoring.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let draws: AuditDraws
beforeAll(async () => {
  database = await testDatabase()
  draws = auditDraws(database.pool('cupel_gate', 1))
})
afterAll(() => database.drop())

const log = { info: () => {}, warn: () => {}, error: () => {} }
let seeds = 0
async function setAt(now: string, judgingBudget = 10): Promise<void> {
  await setAuditDay({
    draws,
    judgingBudget,
    log,
    clock: { now: () => new Date(now), elapsed: () => 0, sleep: async () => {} },
    newSeed: () => String(++seeds).padStart(64, '0'),
  })
}
async function days(): Promise<Record<string, number>> {
  const { rows } = await database
    .pool('owner', 1)
    .query<{ day: string; probability: number }>(
      'select day::text, probability from gate.audit_days order by day',
    )
  return Object.fromEntries(rows.map(row => [row.day, row.probability]))
}

it('sets a day once, whoever asks again with another budget, and tomorrow’s in the last hour', async () => {
  await Promise.all([setAt('2026-03-01T08:00:00Z'), setAt('2026-03-01T08:00:00Z')])
  await setAt('2026-03-01T22:59:00Z', 1_000)
  // 10 judgements of the 20 hunks a day that are assumed.
  expect(await days()).toEqual({ '2026-03-01': 0.5 })
  await setAt('2026-03-01T23:00:00Z', 5)
  await setAt('2026-03-02T00:00:00Z', 1_000)
  expect(await days()).toEqual({ '2026-03-01': 0.5, '2026-03-02': 0.25 })
})

it.each<[string, number, [hunks: number, daysAgo: number][], number]>([
  [
    'the whole of a quiet week',
    10,
    [
      [3, 6],
      [2, 1],
    ],
    1,
  ],
  [
    'by the days since the first sample',
    10,
    [
      [8, 2],
      [8, 1],
      [8, 1],
      [8, 0],
      [8, 0],
    ],
    0.5,
  ],
  [
    'at most eight hunks of a sample',
    10,
    [
      [400, 1],
      [400, 1],
    ],
    0.625,
  ],
  [
    'nothing of what is older than a week',
    10,
    [
      [8, 8],
      [8, 1],
      [8, 1],
      [8, 1],
      [8, 1],
      [8, 1],
    ],
    0.25,
  ],
  ['nothing without a budget', 0, [[8, 1]], 0],
])('draws %s', async (name, budget, samples, expected) => {
  const owner = database.pool('owner', 1)
  await owner.query('truncate gate.audit_days cascade; truncate experiments_v1.samples cascade')
  for (const [index, [hunks, ago]] of samples.entries())
    await owner.query(
      `insert into experiments_v1.samples (id, repository_id, number, head_sha, seed, split, hunks, changed_lines,
         language, taken_at)
       values ($1, 1, 1, 'h', repeat('0', 64), 'training', $2, 1, 'Go', now() - make_interval(days => $3))`,
      [`${name}/${index}`, hunks, ago],
    )
  await setAt('2026-04-01T08:00:00Z', budget)
  expect((await days())['2026-04-01']).toBeCloseTo(expected, 3)
})
