import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ExperimentsDeps } from '../../../jobs/experiments/deps.ts'
import { summarise } from '../../../jobs/experiments/replay.ts'
import { run } from '../../../jobs/experiments/run.ts'
import { startModelStub, type ModelStub } from '../../../sandbox/models/stub.ts'
import { usageOf } from '../../../src/adapters/models/faults.ts'
import { createMemory } from '../../../src/adapters/models/memory.ts'
import { createModels } from '../../../src/adapters/models/models.ts'
import { modelAnswers } from '../../../src/adapters/postgres/model-answers.ts'
import { experiments } from '../../../src/adapters/postgres/experiments.ts'
import { runs } from '../../../src/adapters/postgres/runs.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { matching } from '../../../src/core/match/likeness.ts'
import type { StoredAnswerOutcome } from '../../../src/ports/metrics.ts'
import { until } from '../../e2e/until.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { fakeAnalysers } from '../../support/fakes.ts'
import { givenIn, type Given } from './given.ts'
import { reviewer, trialOf } from './laboratory.ts'

let database: TestDatabase
let stub: ModelStub
let given: Given
let deps: ExperimentsDeps
const stored: StoredAnswerOutcome[] = []
const seconds: (number | null)[] = []
beforeAll(async () => {
  database = await testDatabase()
  given = givenIn(database)
  stub = await startModelStub({ answer: reviewer })
  const pool = database.pool('cupel_experiments', 4)
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  deps = {
    clock: systemClock,
    log,
    metrics: {
      runFinished: (_kind: string, _state: string, _code: string | null, took: number | null) =>
        seconds.push(took),
      findings: () => {},
    },
    models: createModels({ openai: { apiKey: 'stub-key', baseURL: stub.openAiUrl }, clock: systemClock }),
    memoryOf: createMemory({
      answers: modelAnswers(pool, 'experiments'),
      days: 7,
      endpoints: {},
      clock: systemClock,
      metrics: { storedAnswer: outcome => void stored.push(outcome) },
      log,
    }),
    usageOf,
    analysers: fakeAnalysers(),
    experiments: experiments(pool),
    runs: runs(pool),
    pace: { enter: async () => () => {} },
    refused: new Set(),
    dailyUsd: 100,
    monthlyUsd: 100,
    eachDailyUsd: 100,
    eachMonthlyUsd: 100,
    softShare: 1,
  } as unknown as ExperimentsDeps
})
afterAll(async () => {
  await stub?.close()
  await database?.drop()
})
beforeEach(() => {
  stored.length = 0
  seconds.length = 0
})

async function runAll(kind: 'live' | 'replay', sampleId: string): Promise<{ ids: string[]; calls: number }> {
  const before = stub.requests.length
  const ids: string[] = []
  // Two that differ in a limit only ask the same.
  for (const name of ['one', 'another']) {
    const experimentId = await given.experiment(trialOf(), { name })
    ids.push(experimentId)
    const asked = stored.filter(outcome => outcome === 'hit').length
    expect(await run(deps, { experimentId, sampleId, kind }, new AbortController().signal)).toBe('finished')
    const hits = stored.filter(outcome => outcome === 'hit').length - asked
    if (hits === 0) await until('the answer is kept', () => stored.at(-1) === 'kept')
  }
  return { ids, calls: stub.requests.length - before }
}
const rowsOf = async (ids: readonly string[]) =>
  (
    await given.owner.query<{ state: string; findings: unknown[]; latency_ms: number | null; usd: string }>(
      `select state, findings, latency_ms, usd from experiments_v1.code_analyses where experiment_id = any ($1)
       order by started_at`,
      [ids],
    )
  ).rows

it('live runs of two experiments with the same question each pay, and are measured', async () => {
  const sample = await given.sample(1)
  const { ids, calls } = await runAll('live', sample)
  expect(calls).toBe(2)
  expect(stored).toEqual(['kept', 'kept'])
  const rows = await rowsOf(ids)
  for (const row of rows) expect(Number(row.usd)).toBeGreaterThan(0)
  expect(rows.map(row => typeof row.latency_ms)).toEqual(['number', 'number'])
})

it('replays of two experiments with the same question pay once, and the second measures nothing', async () => {
  const sample = await given.sample(2)
  await given.label(sample)
  const { ids, calls } = await runAll('replay', sample)
  expect(calls).toBe(1)
  expect(stored).toEqual(['miss', 'kept', 'hit'])
  const [first, second] = await rowsOf(ids)
  expect(second?.findings).toEqual(first?.findings)
  expect(second).toMatchObject({ state: 'done', latency_ms: null, usd: '0.000000' })
  expect(typeof first?.latency_ms).toBe('number')
  expect(seconds).toEqual([expect.any(Number), null])
  const replay = { id: 'r', experimentId: ids[1] ?? '', sampleIds: [sample] }
  const { figures, usd } = summarise(await deps.runs.scored(replay), matching)
  expect({ usd, ...figures }).toMatchObject({
    usd: 0,
    pullRequests: 1,
    latencyP95Ms: null,
    errorRate: null,
    usdPerRun: null,
  })
})

it('a replay takes the answer of a live run', async () => {
  const sample = await given.sample(3)
  await runAll('live', sample)
  expect((await runAll('replay', sample)).calls).toBe(0)
})
