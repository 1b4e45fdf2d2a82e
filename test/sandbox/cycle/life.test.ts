import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { configurationWith } from '../../../sandbox/cycle/configurations.ts'
import { nightfall, workday, type Life } from '../../../sandbox/cycle/day.ts'
import { untilReadmitted } from '../../../sandbox/cycle/again.ts'
import { untilFull, untilRolledBack } from '../../../sandbox/cycle/release.ts'
import { startCycleWorld } from '../../../sandbox/cycle/world.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let dataDir: string
let life: Life

const one = async <T extends object>(text: string): Promise<T> =>
  (await life.world.owner.query(text)).rows[0] as T

beforeAll(async () => {
  database = await testDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'cupel-cycle-'))
  const world = await startCycleWorld({
    dataDir,
    seed: 'of the test',
    configuration: configurationWith('gpt-6-luna'),
    ownerUrl: database.ownerUrl,
  })
  life = { world, opened: 0, newest: null, tell: () => {}, progress: () => {} }
  await world.people.found()
  await world.production.settled()
  await world.propose('candidate-a', configurationWith('gpt-6.1-terra'))
  await workday(life, 6)
})
afterAll(async () => {
  await life?.world.close()
  await database?.drop()
  await rm(dataDir, { recursive: true, force: true })
})

it('a day’s pull requests are reviewed, run by the experiment, judged blind in whole and closed', async () => {
  expect(
    await one(
      `select count(*)::int as reviews, (select count(*)::int from experiments_v1.code_analyses where state = 'done') as runs,
         (select count(*)::int from gate.audit_draws where drawn) as drawn,
         (select count(*)::int from gate.sample_ends) as ended
       from production.published_outcomes where healthy`,
    ),
  ).toEqual({ reviews: 6, runs: 6, drawn: 6, ended: 6 })
  expect(life.world.errors).toEqual([])
  expect(await life.world.github.control('validationErrors')).toEqual([])
})

it('days pass for every stored time but those of the audit log, within sums and verdicts too', async () => {
  const times = `select extract(epoch from (select min(taken_at) from experiments_v1.samples))::float8 as taken,
    (select min(day)::text from gate.audit_days) as day,
    extract(epoch from (select max(window_start) from production.slo_metrics))::float8 as minute,
    (select max(event::json ->> 'time') from audit.event_log) as audited`
  const before = await one<{ taken: number; day: string; minute: number; audited: string }>(times)
  await nightfall(life, 15)
  const after = await one<{ taken: number; day: string; minute: number; audited: string }>(times)
  const days = 15 * 86_400
  expect(before.taken - after.taken).toBeCloseTo(days, 3)
  expect(before.minute - after.minute).toBe(days)
  expect((Date.parse(before.day) - Date.parse(after.day)) / 1_000).toBe(days)
  expect(after.audited).toBe(before.audited)

  await life.world.gate.look()
  const taken = (): Promise<{ sums: number; verdict: number; first: number }> =>
    one(
      `select (t.sums #>> '{taken,first}')::float8 as sums, (s.figures #>> '{evidence,auditedFrom}')::float8 as verdict,
         extract(epoch from (select min(x.taken_at) from experiments_v1.samples x
           join gate.outcomes o on o.sample_id = x.id where o.split = 'evaluation' and o.final_at is not null))::float8 * 1000 as first
       from gate.tallies t, gate.scores s order by s.scored_at desc limit 1`,
    )
  const scored = await taken()
  await nightfall(life)
  const later = await taken()
  for (const name of ['sums', 'verdict', 'first'] as const)
    expect(scored[name] - later[name]).toBeCloseTo(86_400_000, 0)
  expect(Math.abs(later.first - later.verdict)).toBeLessThan(2)
})

it.each([
  ['a promotion', untilFull, 'nothing was promoted'],
  ['a rollback', untilRolledBack, 'nothing was promoted'],
  ['a re-evaluation', untilReadmitted, 'there is no record to ask for'],
])('%s that was not seen is said to be missing', async (_, stage, words) =>
  expect(await stage(life)).toEqual([words]),
)
