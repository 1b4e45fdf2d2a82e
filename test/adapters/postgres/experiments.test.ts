import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { experiments } from '../../../src/adapters/postgres/experiments.ts'
import { runs } from '../../../src/adapters/postgres/runs.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import type { Experiments, RunKey, RunResult, Runs } from '../../../src/ports/experiments.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { configurationOf, findingOf, receiptOf } from '../../support/fakes.ts'
import { givenIn, type Given } from '../../jobs/experiments/given.ts'

let database: TestDatabase
let given: Given
let store: Experiments
let runStore: Runs
beforeAll(async () => {
  database = await testDatabase()
  given = givenIn(database)
  store = experiments(database.pool('cupel_experiments'))
  runStore = runs(database.pool('cupel_experiments', 8))
})
afterAll(() => database.drop())

const now = new Date('2026-11-24T12:00:00Z')
const beginning = new Date(0)
const done: RunResult = {
  state: 'done',
  findings: [findingOf()],
  receipt: receiptOf(),
  errorCode: null,
  latencyMs: 1_200,
  inputTokens: 100,
  outputTokens: 10,
  usd: 0.25,
  degradedSteps: [],
  leaked: null,
}
let models = 0
/** An experiment of its own, whose runs may cost a dollar each. */
const experiment = (more?: { rate?: number; budgetUsd?: number }) =>
  given.experiment(configurationOf({ limits: { ...configurationOf().limits, files: ++models } }), more)
const money = { runUsd: 1, budgetUsd: 10, dailyUsd: 1_000 }
let pulls = 0
const key = async (experimentId: string): Promise<RunKey> => ({
  experimentId,
  sampleId: await given.sample(++pulls),
  kind: 'live',
})
const spent = async (id: string): Promise<number> => {
  const { rows } = await given.operator.query<{ spent_usd: string }>(
    'select spent_usd from experiments_v1.published_experiments where id = $1',
    [id],
  )
  return Number(rows[0]?.spent_usd)
}

describe('experiments', () => {
  it('are proposed once, with their parts, and read as they were written', async () => {
    const configuration = { ...genesisConfiguration, analysers: ['oxlint' as const] }
    const id = await given.experiment(configuration, { rate: 0.5, budgetUsd: 3 })
    expect(await given.experiment(configuration)).toBe(id)
    expect(await store.get(id)).toMatchObject({ id, state: 'active', rate: 0.5, budgetUsd: 3, configuration })
    expect((await store.active()).map(trial => trial.id)).toContain(id)
  })

  it('are refused when their configuration is in force', async () => {
    await expect(given.experiment(genesisConfiguration)).rejects.toThrow(/is in force as release genesis/)
  })

  it('that this version cannot read wait, and say so', async () => {
    const id = await given.experiment({ ...genesisConfiguration, version: 2 } as never)
    expect((await store.active()).map(trial => trial.id)).not.toContain(id)
    const { rows } = await given.operator.query(
      'select state, state_reason from experiments_v1.published_experiments where id = $1',
      [id],
    )
    expect(rows).toEqual([
      { state: 'active', state_reason: 'this version of Cupel cannot read its configuration' },
    ])
  })

  it('see samples taken since they began, whose run has not ended', async () => {
    const before = await given.sample(++pulls)
    const id = await experiment()
    const first = await given.sample(++pulls)
    const second = await given.sample(++pulls)
    const open = async () => (await store.openSamples(id, beginning, null, 10)).map(sample => sample.id)
    expect(await open()).toEqual([first, second])
    expect(await open()).not.toContain(before)
    const [one] = await store.openSamples(id, beginning, null, 1)
    expect((await store.openSamples(id, beginning, one ?? null, 10)).map(sample => sample.id)).toEqual([
      second,
    ])
    const run = { experimentId: id, sampleId: first, kind: 'live' as const }
    await runStore.claim(run, money, now)
    expect(await open()).toEqual([first, second])
    await runStore.finish(run, 1, done)
    expect(await open()).toEqual([second])
  })
})

describe('a run', () => {
  it('is claimed, finished once, and its money settled', async () => {
    const run = await key(await experiment())
    expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'claimed', attempt: 1 })
    expect(await spent(run.experimentId)).toBe(1)
    expect(await runStore.finish(run, 1, done)).toBe(true)
    expect(await spent(run.experimentId)).toBe(0.25)
    expect(await runStore.finish(run, 1, { ...done, usd: 9 })).toBe(false)
    expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'finished' })
    expect(await spent(run.experimentId)).toBe(0.25)
  })

  it('of a worker that died is taken again, at most three times, and its money is not given back', async () => {
    const run = await key(await experiment())
    for (const attempt of [1, 2, 3])
      expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'claimed', attempt })
    expect(await runStore.finish(run, 2, done)).toBe(false)
    expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'given-up' })
    expect(await spent(run.experimentId)).toBe(3)
    const { rows } = await given.owner.query(
      'select state, error_code, attempts, usd from experiments_v1.code_analyses where experiment_id = $1',
      [run.experimentId],
    )
    expect(rows).toEqual([{ state: 'failed', error_code: 'worker-lost', attempts: 3, usd: '1.000000' }])
    expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'finished' })
  })

  it('that is released stays open and has spent what it spent', async () => {
    const run = await key(await experiment())
    await runStore.claim(run, money, now)
    await runStore.claim(run, money, now)
    await runStore.release(run, 2, 0.5)
    expect(await spent(run.experimentId)).toBe(1.5)
    expect(await runStore.claim(run, money, now)).toEqual({ outcome: 'claimed', attempt: 2 })
  })

  it('is taken by one of many that try at once', async () => {
    const run = await key(await experiment({ budgetUsd: 1.5 }))
    const tight = { ...money, budgetUsd: 1.5 }
    const claims = await Promise.all(Array.from({ length: 8 }, () => runStore.claim(run, tight, now)))
    expect(claims.filter(claim => claim.outcome === 'claimed')).toEqual([{ outcome: 'claimed', attempt: 1 }])
  })
})

describe('money', () => {
  it('of runs under way is waited for; what is spent pauses', async () => {
    const id = await experiment()
    const own = { ...money, budgetUsd: 1.5 }
    const [first, second, third] = [await key(id), await key(id), await key(id)]
    await runStore.claim(first, own, now)
    expect(await runStore.claim(second, own, now)).toEqual({ outcome: 'wait', for: 'own-budget' })
    await runStore.finish(first, 1, done)
    expect(await runStore.claim(second, own, now)).toEqual({ outcome: 'claimed', attempt: 1 })
    await runStore.finish(second, 1, { ...done, usd: 0.75 })
    expect(await runStore.claim(third, own, now)).toEqual({ outcome: 'over-budget', spentUsd: 1 })
    expect(await store.pauseOverBudget(id, 'spent')).toBe(true)
    expect(await store.pauseOverBudget(id, 'spent')).toBe(false)
    expect((await store.active()).map(trial => trial.id)).not.toContain(id)
  })

  it('of a day is shared by all experiments, and a run that costs nothing waits for none', async () => {
    const day = new Date('2027-01-05T09:00:00Z')
    const limits = { ...money, dailyUsd: 2 }
    const runsOf = await Promise.all([1, 2, 3].map(async () => key(await experiment())))
    const [one, two, three] = runsOf as [RunKey, RunKey, RunKey]
    const claims = await Promise.all(runsOf.map(run => runStore.claim(run, limits, day)))
    expect(claims.map(claim => claim.outcome).sort()).toEqual(['claimed', 'claimed', 'wait'])
    expect((await runStore.mostSpent(day)).day).toEqual({ zone: 2, experiment: 1 })
    const last = [one, two, three].find((_, index) => claims[index]?.outcome === 'wait') ?? one
    expect(await runStore.claim(last, { ...limits, runUsd: 0 }, day)).toMatchObject({ outcome: 'claimed' })
    expect(await runStore.claim(last, limits, new Date('2027-01-06T00:00:00Z'))).toMatchObject({
      outcome: 'claimed',
    })
  })

  it.each([
    ['monthly-budget', '2027-03', { monthlyUsd: 2 }, 2, '2027-04-01'],
    ['own-daily-budget', '2027-04', { ownDailyUsd: 1 }, 1, '2027-04-02'],
    ['own-monthly-budget', '2027-05', { ownMonthlyUsd: 1 }, 31, '2027-06-01'],
  ])('of the kind %s makes a run wait until the next', async (reason, month, more, day, next) => {
    const id = await experiment()
    const limits = { ...money, ...more }
    const first = new Date(`${month}-01T12:00:00Z`)
    if (reason === 'monthly-budget') await runStore.claim(await key(await experiment()), limits, first)
    expect(await runStore.claim(await key(id), limits, first)).toMatchObject({ outcome: 'claimed' })
    const again = await key(id)
    const last = new Date(`${month}-${String(day).padStart(2, '0')}T23:00:00Z`)
    expect(await runStore.claim(again, limits, last)).toEqual({ outcome: 'wait', for: reason })
    expect(await runStore.claim(again, limits, new Date(`${next}T00:00:00Z`))).toMatchObject({
      outcome: 'claimed',
    })
  })

  it('is settled on the day it was reserved on', async () => {
    const run = await key(await experiment())
    const late = new Date('2027-02-01T23:59:59Z')
    await runStore.claim(run, money, late)
    await runStore.finish(run, 1, done)
    expect(await runStore.mostSpent(late)).toEqual({
      day: { zone: 0.25, experiment: 0.25 },
      month: { zone: 0.25, experiment: 0.25 },
    })
    expect((await runStore.mostSpent(new Date('2027-02-02T00:00:00Z'))).day).toEqual({
      zone: 0,
      experiment: 0,
    })
  })
})

describe('a replay', () => {
  const request = (id: string, samples: number) =>
    given.operator.query<{ id: string }>('select doors.request_replay($1, $2, $3) as id', [
      id,
      samples,
      'ann',
    ])

  it('takes the newest labelled samples of the training split, and one at a time', async () => {
    const id = await experiment()
    await expect(request(id, 5)).rejects.toThrow(/no stored sample/)
    const labelled: string[] = []
    for (let tries = 0; labelled.length < 3 && tries < 200; tries++) {
      const sample = await given.sample(++pulls)
      const { rows } = await given.owner.query<{ split: string }>(
        'select split from experiments_v1.samples where id = $1',
        [sample],
      )
      await given.label(sample)
      if (rows[0]?.split === 'training') labelled.push(sample)
    }
    const asked = await request(id, 2)
    expect((await request(id, 9)).rows).toEqual(asked.rows)
    const [replay] = await store.openReplays()
    if (!replay) throw new Error('no replay')
    expect(replay).toEqual({ id: asked.rows[0]?.id, experimentId: id, sampleIds: labelled.slice(1) })

    const run = { experimentId: id, sampleId: labelled[1] ?? '', kind: 'replay' as const }
    await runStore.claim(run, money, now)
    await runStore.finish(run, 1, done)
    expect(await store.openOf(replay)).toEqual([labelled[2]])
    const scored = await runStore.scored(replay)
    expect(scored).toMatchObject([{ sampleId: labelled[1], state: 'done', votes: [{ value: 'real-issue' }] }])
    await store.endReplay(replay.id, 'done', { runs: 1 })
    await store.endReplay(replay.id, 'again', null)
    expect(await store.openReplays()).toEqual([])
    const { rows } = await given.operator.query(
      'select outcome, summary, samples, finished_runs from experiments_v1.published_replays',
    )
    expect(rows).toEqual([{ outcome: 'done', summary: { runs: 1 }, samples: 2, finished_runs: '1' }])
  })
})
