import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatcher, jobOf } from '../../../jobs/experiments/dispatch.ts'
import { createPace } from '../../../jobs/experiments/pace.ts'
import { experiments } from '../../../src/adapters/postgres/experiments.ts'
import { runs } from '../../../src/adapters/postgres/runs.ts'
import { experimentMetrics } from '../../../src/adapters/prometheus/experiment-metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { Provider } from '../../../src/core/configuration.ts'
import { drawRun } from '../../../src/core/sample.ts'
import type { ShadowJob } from '../../../src/cycle.ts'
import type { Job } from '../../../src/ports/queue.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { fakeClock, fakeModels } from '../../support/fakes.ts'
import { givenIn, type Given } from './given.ts'
import { trialOf } from './laboratory.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

describe('the dispatcher', () => {
  let database: TestDatabase
  let given: Given
  const jobs: Job<ShadowJob>[] = []
  beforeAll(async () => {
    database = await testDatabase()
    given = givenIn(database)
  })
  afterAll(() => database.drop())

  const make = (missing: readonly string[] = []) => {
    const pool = database.pool('cupel_experiments')
    const { metrics, render } = experimentMetrics()
    const { turn } = dispatcher({
      clock: systemClock,
      log: quiet,
      metrics,
      models: fakeModels(async () => ({}), missing),
      refused: new Set(),
      dailyUsd: 5,
      monthlyUsd: 100,
      eachDailyUsd: 5,
      eachMonthlyUsd: 100,
      experiments: experiments(pool),
      runs: runs(pool),
      queue: {
        add: async job => void jobs.push(job),
        addMany: async more => void jobs.push(...more),
        depth: async () => ({ waiting: 0, delayed: 0, active: 0 }),
        oldestWaitingMs: async () => 0,
        close: async () => {},
      },
    })
    return {
      render,
      turn: async () => {
        jobs.length = 0
        await turn()
        return jobs.map(job => job.id).sort()
      },
    }
  }
  const finish = async (experimentId: string, sampleId: string): Promise<void> => {
    const key = { experimentId, sampleId, kind: 'live' as const }
    const store = runs(database.pool('cupel_experiments', 1))
    await store.claim(key, { runUsd: 0, budgetUsd: 1, dailyUsd: 1 }, new Date())
    await store.finish(key, 1, {
      state: 'done',
      findings: [],
      receipt: null,
      errorCode: null,
      latencyMs: 1,
      inputTokens: 0,
      outputTokens: 0,
      usd: 0,
      degradedSteps: [],
      leaked: null,
    })
  }
  const idOf = (experimentId: string, sampleId: string) => jobOf({ experimentId, sampleId, kind: 'live' }).id

  it('offers what is due until it is done, and draws by the experiment’s rate', async () => {
    const all = await given.experiment(trialOf())
    const some = await given.experiment(trialOf(), { rate: 0.5 })
    const samples: string[] = []
    for (let number = 1; number <= 30; number++) samples.push(await given.sample(number))
    const { rows } = await given.owner.query<{ id: string; seed: string }>(
      'select id, seed from experiments_v1.samples',
    )
    const drawn = rows.filter(row => drawRun(row.seed, some, 0.5)).map(row => row.id)
    expect(drawn.length).toBeGreaterThan(3)
    expect(drawn.length).toBeLessThan(27)
    const due = [...samples.map(id => idOf(all, id)), ...drawn.map(id => idOf(some, id))].sort()
    const { turn, render } = make()
    expect(await turn()).toEqual(due)
    expect(await turn()).toEqual(due)
    for (const sample of samples.slice(3)) await finish(all, sample)
    for (const sample of drawn) await finish(some, sample)
    expect(await turn()).toEqual(
      samples
        .slice(0, 3)
        .map(id => idOf(all, id))
        .sort(),
    )
    for (const sample of samples.slice(0, 3)) await finish(all, sample)
    expect(await turn()).toEqual([])
    expect(await render()).toMatch(/^v1_experiments\{state="active"\} 2$/m)
  })

  it('does not miss a sample that was committed late, nor what was done before a restart', async () => {
    const [{ id: all } = { id: '' }] = (
      await experiments(database.pool('cupel_experiments', 1)).active()
    ).filter(trial => trial.rate === 1)
    await given.owner.query(
      `update experiments_v1.experiments set created_at = created_at - interval '1 hour' where id = $1`,
      [all],
    )
    const { turn } = make()
    expect(await turn()).toEqual([])
    const late = await given.sample(40)
    await given.owner.query(
      `update experiments_v1.samples set taken_at = taken_at - interval '2 seconds' where id = $1`,
      [late],
    )
    expect(await turn()).toContain(idOf(all, late))
    expect(await make().turn()).toContain(idOf(all, late))
  })

  it.each([
    ['a key', ['openai'], undefined, 'no key for openai: set CUPEL_EXPERIMENTS_OPENAI_API_KEY'],
    ['money', [], 100, 'the daily budget of all experiments (CUPEL_EXPERIMENTS_DAILY_USD, 5 USD) is used up'],
  ])(
    'lets experiments wait for %s, and takes that back when it is there',
    async (_, missing, reviewUsd, reason) => {
      const id = await given.experiment(trialOf({}, reviewUsd === undefined ? {} : { reviewUsd }), {
        budgetUsd: 500,
      })
      const sample = await given.sample(50)
      const { turn, render } = make(missing)
      expect(await turn()).not.toContain(idOf(id, sample))
      const reasonOf = async () =>
        (
          await given.operator.query<{ state_reason: string | null }>(
            'select state_reason from experiments_v1.published_experiments where id = $1',
            [id],
          )
        ).rows[0]?.state_reason
      expect(await reasonOf()).toContain(reason)
      expect(await render()).toMatch(/^v1_experiments_waiting [1-9]/m)
      if (missing.length === 0) return
      await make().turn()
      expect(await reasonOf()).toBeNull()
    },
  )
})

describe('the pace', () => {
  const calls = (openai: number): Map<Provider, number> => new Map([['openai', openai]])
  const never = new AbortController().signal

  it('lets a minute’s calls through at once and then one by one, in order', async () => {
    const clock = fakeClock()
    const pace = createPace(6, clock)
    const entered: string[] = []
    const enter = (name: string, count: number) =>
      pace.enter(calls(count), never).then(() => entered.push(`${name} at ${clock.elapsed() / 1_000} s`))
    await Promise.all([enter('a', 4), enter('b', 2), enter('c', 3), enter('d', 1), enter('e', 60)])
    expect(entered).toEqual(['a at 0 s', 'b at 0 s', 'c at 30 s', 'd at 40 s', 'e at 100 s'])
  })

  it('is told what was really asked: less is given back, more is owed', async () => {
    const clock = fakeClock()
    const pace = createPace(6, clock)
    const leave = await pace.enter(calls(6), never)
    leave(calls(1))
    await pace.enter(calls(5), never)
    expect(clock.elapsed()).toBe(0)
    const other = createPace(6, clock)
    const over = await other.enter(calls(1), never)
    over(calls(12))
    await other.enter(calls(1), never)
    expect(clock.elapsed()).toBe(70_000)
  })

  it('an aborted wait holds up nobody', async () => {
    const pace = createPace(1, fakeClock())
    await pace.enter(calls(1), never)
    const stopping = AbortSignal.abort(new Error('stopping'))
    await expect(pace.enter(calls(1), stopping)).rejects.toThrow('stopping')
    await expect(pace.enter(calls(1), never)).resolves.toBeTypeOf('function')
  })
})
