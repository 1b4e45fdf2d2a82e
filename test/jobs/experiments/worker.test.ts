import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { plantedReviewer } from '../../../sandbox/models/reviewers.ts'
import type { Reply } from '../../../sandbox/models/reply.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { environmentOf } from '../../e2e/process.ts'
import { until } from '../../e2e/until.ts'
import { redisMissing } from '../../support/redis.ts'
import { reviewer, startLaboratory, trialOf, type Laboratory } from './laboratory.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })
const missing = redisMissing()
const backends: ('postgres' | 'redis')[] = missing === undefined ? ['postgres', 'redis'] : ['postgres']
if (missing) it.skip(missing, () => {})

let pulls = 0

describe.each(backends)('on %s, the experiments worker', backend => {
  let lab: Laboratory
  beforeAll(async () => {
    lab = await startLaboratory(backend)
  })
  afterAll(() => lab?.close())
  afterEach(async () => {
    lab.answer = reviewer
    expect(lab.github.requests).toEqual([])
    // Each test has its own experiments: what came before is not to run on its samples.
    await lab.given.operator.query(
      `select doors.set_experiment_state(id, 'stopped', 'ann', 'over') from experiments_v1.published_experiments
       where state in ('active', 'paused')`,
    )
  })

  it('runs every active experiment on every sample, each once', async () => {
    const withModel = await lab.given.experiment(trialOf())
    const alone = await lab.given.experiment({ ...genesisConfiguration, analysers: ['oxlint'] })
    const half = await lab.given.experiment(trialOf(), { rate: 0.5 })
    const samples = []
    for (let count = 0; count < 6; count++) samples.push(await lab.given.sample(++pulls))
    const runs = await lab.finished(withModel, 6)
    expect(runs.map(run => run.sample_id).sort()).toEqual(samples.sort())
    for (const run of runs) {
      expect(run).toMatchObject({
        kind: 'live',
        state: 'done',
        error_code: null,
        attempts: 1,
        degraded_steps: [],
      })
      expect(run.findings).toMatchObject([{ path: 'src/a.ts', line: 2 }])
      expect(Number(run.usd)).toBeGreaterThan(0)
      expect(Number(run.input_tokens)).toBeGreaterThan(0)
      expect(run.latency_ms).toBeGreaterThan(0)
    }
    const spent = runs.reduce((sum, run) => sum + Number(run.usd), 0)
    expect(Number((await lab.experiment(withModel)).spent_usd)).toBeCloseTo(spent, 6)
    expect(await lab.finished(alone, 6)).toMatchObject(
      samples.map(() => ({ state: 'done', usd: '0.000000' })),
    )
    for (const run of await lab.runsOf(half)) expect(samples).toContain(run.sample_id)

    const metrics = await lab.metrics()
    expect(metrics).toMatch(/^v1_experiments_total\{state="done",kind="live"\} \d+$/m)
    expect(metrics).toMatch(/^v1_experiments\{state="active"\} 3$/m)
  })

  it('masks a credential that a model says, and tells that it was said', async () => {
    const key = 'ghp_aB3dE6gH9kL2nP5rT8vX1zC4'
    lab.answer = plantedReviewer([
      {
        path: 'src/a.ts',
        marker: 'const b = 2',
        finding: { severity: 'high', category: 'security', title: 'Key', body: `The key is ${key}.` },
      },
    ])
    const [told, silent] = [
      await lab.given.experiment(trialOf()),
      await lab.given.experiment({ ...genesisConfiguration, analysers: ['ruff'] }),
    ]
    await lab.given.sample(++pulls)
    const [run] = await lab.finished(told, 1)
    expect(run).toMatchObject({
      state: 'done',
      leaked: 'credential',
      findings: [{ body: expect.stringContaining(`The key is ${'*'.repeat(key.length)}.`) as string }],
    })
    expect(JSON.stringify(run)).not.toContain(key)
    expect(await lab.finished(silent, 1)).toMatchObject([{ leaked: null }])
  })

  it('killed in the middle of a run ends it once after its restart, and counts it once', async () => {
    const asked = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    lab.answer = async prompt => {
      asked.resolve()
      await released.promise
      return reviewer(prompt)
    }
    const id = await lab.given.experiment(trialOf())
    const sample = await lab.given.sample(++pulls)
    await asked.promise
    expect(await lab.runsOf(id)).toMatchObject([{ state: 'started', attempts: 1 }])
    await lab.worker.kill()
    released.resolve()
    await lab.startWorker()
    expect(await lab.finished(id, 1)).toMatchObject([
      { sample_id: sample, state: 'done', attempts: 2, findings: [{ line: 2 }] },
    ])
    const { runs, spent_usd } = await lab.experiment(id)
    expect(runs).toBe('1')
    // Nobody knows what the killed attempt cost: what it had reserved stays spent.
    expect(Number(spent_usd)).toBeGreaterThan(1)
    expect(Number(spent_usd)).toBeLessThan(1.1)
    expect(await lab.metrics()).toMatch(/^v1_experiments_total\{state="done",kind="live"\} 1$/m)
  })

  // What a run is worth, what it may cost and what its process can see do not depend on the queue.
  if (backend === 'postgres') {
    it('counts garbage as a failed run and a part that is lost as a degraded one', async () => {
      const garbage = trialOf()
      const partly = trialOf({
        routing: {
          strategy: 'ensemble',
          primary: { provider: 'openai', model: 'gpt-6.1-terra', maxOutputTokens: 4_000 },
          secondary: { provider: 'openai', model: 'gpt-6-luna', maxOutputTokens: 4_000 },
        },
      })
      lab.answer = prompt =>
        prompt.model === 'gpt-6-luna'
          ? reviewer(prompt)
          : { kind: 'text', text: '{"findings": "none, I swear"}' }
      const failing = await lab.given.experiment(garbage)
      const degraded = await lab.given.experiment(partly)
      await lab.given.sample(++pulls)
      expect(await lab.finished(failing, 1)).toMatchObject([
        {
          state: 'failed',
          error_code: 'model-invalid',
          findings: [],
          degraded_steps: ['openai/gpt-6.1-terra'],
        },
      ])
      expect(await lab.finished(degraded, 1)).toMatchObject([
        {
          state: 'degraded',
          error_code: null,
          findings: [{ line: 2 }],
          degraded_steps: ['openai/gpt-6.1-terra'],
        },
      ])
      expect(Number((await lab.finished(failing, 1))[0]?.usd)).toBeGreaterThan(0)
    })

    it('takes what stands at the deadline, and what is late is degraded', async () => {
      const hung = Promise.withResolvers<Reply>()
      lab.answer = () => hung.promise
      const id = await lab.given.experiment(trialOf({}, { deadlineMs: 500 }))
      await lab.given.sample(++pulls)
      const [run] = await lab.finished(id, 1)
      hung.resolve({ kind: 'hang' })
      expect(run).toMatchObject({ state: 'degraded', findings: [], degraded_steps: ['openai/gpt-6.1-terra'] })
      expect(run?.latency_ms).toBeGreaterThanOrEqual(500)
    })

    it('pauses an experiment whose budget is spent, and fails none of its runs', async () => {
      // An answer of the stub costs between 0.001 and 0.002 USD.
      const id = await lab.given.experiment(trialOf({}, { reviewUsd: 0.002 }), { budgetUsd: 0.005 })
      for (let count = 0; count < 5; count++) await lab.given.sample(++pulls)
      await until('it is paused', async () => (await lab.experiment(id)).state === 'paused', {
        context: () => lab.worker.tail(),
      })
      const runs = await lab.runsOf(id)
      expect(runs.filter(run => run.state !== 'done' && run.state !== 'started')).toEqual([])
      const seen = await lab.experiment(id)
      expect(seen.state_reason).toMatch(
        /^its budget of 0.005 USD: 0\.00\d+ are spent, and a run may cost 0.002$/,
      )
      expect(Number(seen.spent_usd)).toBeLessThanOrEqual(0.005)
      expect(runs.filter(run => run.state === 'done').length).toBeGreaterThanOrEqual(2)
    })

    it('lets experiments wait whose provider has no key or refuses it, and says so', async () => {
      const { limits, ...rest } = trialOf()
      const id = await lab.given.experiment({
        ...rest,
        limits,
        routing: {
          strategy: 'secondary',
          secondary: { provider: 'anthropic', model: 'claude-sonnet-5-5', maxOutputTokens: 4_000 },
        },
      })
      await lab.given.sample(++pulls)
      const reason = () => lab.experiment(id).then(seen => seen.state_reason)
      await until('it says what it waits for', async () => (await reason()) !== null)
      expect(await reason()).toBe('no key for anthropic: set CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY')
      expect(await lab.runsOf(id)).toEqual([])
      await lab.worker.stop()
      await lab.startWorker({
        CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY: 'no-such-key',
        ANTHROPIC_BASE_URL: lab.models.url,
      })
      await until(
        'it says that the key was refused',
        async () => (await reason())?.includes('refused') ?? false,
      )
      expect(await lab.runsOf(id)).toMatchObject([{ state: 'started', usd: null }])
      await lab.worker.stop()
      await lab.startWorker({
        CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY: 'stub-key',
        ANTHROPIC_BASE_URL: lab.models.url,
      })
      expect(await lab.finished(id, 1)).toMatchObject([{ state: 'done', findings: [{ line: 2 }] }])
      expect(await reason()).toBeNull()
    })

    it('holds nothing of GitHub’s or production’s, and its database role sees nothing of production', async () => {
      const environment = environmentOf(lab.worker.pid)
      const forbidden = /^(?:APP_ID|PRIVATE_KEY|WEBHOOK_SECRET|GHE_|GITHUB_|GH_)/
      expect(Object.keys(environment).filter(name => forbidden.test(name))).toEqual([])
      const values = Object.values(environment).join('\n')
      for (const secret of [
        'a-key-of-production',
        'ghp_of-the-machine',
        'BEGIN PRIVATE KEY',
        new URL(lab.github.url).host,
        new URL(lab.database.ownerUrl).password,
      ])
        expect(values).not.toContain(secret)

      const client = new pg.Client({ connectionString: environment['DATABASE_URL'] })
      await client.connect()
      try {
        const refusal = (text: string) =>
          client.query(text).then(
            () => null,
            (error: { code?: string }) => error.code,
          )
        for (const table of ['deliveries', 'releases', 'code_reviews', 'review_findings', 'feedback'])
          expect(await refusal(`select * from production.${table}`)).toBe('42501')
        expect(await refusal('select * from gate.labels')).toBe('42501')
        expect(await refusal('select * from gate.sample_baselines')).toBe('42501')
        expect(await refusal("update experiments_v1.experiments set state = 'promoted'")).toBe('42501')
        expect(
          await refusal('update experiments_v1.code_analyses set usd = 0 where finished_at is not null'),
        ).toBe('42501')
        expect(await refusal('select * from experiments_v1.training_labels')).toBeNull()
      } finally {
        await client.end()
      }
    })
  }
})
