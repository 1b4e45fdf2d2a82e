import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { processSpecs } from '../../../src/supervisor/processes.ts'
import { holdStatement } from '../../e2e/held-statement.ts'
import { startProcess, type RunningProcess } from '../../e2e/process.ts'
import { until } from '../../e2e/until.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { freePort } from '../../support/free-port.ts'
import { drawnIn, findingAt, type Drawn } from './drawn.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let database: TestDatabase
let given: Drawn
let production: pg.Pool
let metricsPort: number
const running: RunningProcess[] = []
beforeAll(async () => {
  database = await testDatabase()
  given = await drawnIn(database, 'none')
  production = database.pool('cupel_production', 1)
  metricsPort = await freePort()
})
afterAll(async () => {
  await Promise.all(running.map(each => each.kill()))
  await database.drop()
})

/** A machine on which everything else is configured as well. */
const machine = {
  APP_ID: '7',
  PRIVATE_KEY: 'the-key-of-the-app',
  WEBHOOK_SECRET: 'the-secret-of-webhooks',
  GITHUB_TOKEN: 'ghp_of-the-machine',
  OPENAI_API_KEY: 'a-key-of-production',
  CUPEL_EXPERIMENTS_OPENAI_API_KEY: 'a-key-of-the-experiments',
  LOG_LEVEL: 'info',
  CUPEL_GATE_SECONDS: '1',
}

async function startGate(port = metricsPort): Promise<RunningProcess> {
  const env = { ...process.env, ...machine, CUPEL_GATE_METRICS_PORT: String(port) }
  const spec = processSpecs(env, database.ownerUrl).find(each => each.name === 'gate')
  if (!spec) throw new Error('no gate process')
  const gate = await startProcess(spec)
  running.push(gate)
  return gate
}

let trials = 0
/**
 * An experiment that ran on six pull requests whose labels are final. Line 11 of each has the same finding by
 * production and by the experiment: a real issue in every second, none in the others. Line 21 has no issue, and both
 * say nothing there.
 */
async function finished(): Promise<string> {
  const trial = `trial-${++trials}`
  await given.experiment(trial)
  for (let index = 1; index <= 6; index++) {
    const sample = await given.sample(trials * 100 + index, 2, [findingAt(11, 'Wrong sum')])
    await given.run(trial, sample, [findingAt(11, 'Wrong sum')])
    const vote = (line: number, title: string, label: string) =>
      production.query(
        `select doors.submit_label($1, $2, 'src/a.ts', 'RIGHT', $3, $3, $4, 'correctness', 'high', $5, 'A', 0.9, 7,
           null, '{}')`,
        [`${sample}/${line}`, sample, line, `${title}\n${title}.`, label],
      )
    await vote(11, 'Wrong sum', index % 2 === 0 ? 'real-issue' : 'not-an-issue')
    await vote(21, 'Leaks a handle', 'not-an-issue')
    await given.owner.query(
      `update experiments_v1.samples set taken_at = taken_at - interval '15 days' where id = $1`,
      [sample],
    )
    await given.owner.query(
      `update gate.labels set recorded_at = recorded_at - interval '15 days' where sample_id = $1`,
      [sample],
    )
  }
  return trial
}

/** 3 found and 3 wrong on line 11, 6 right by silence on line 21: (3 × 1 + 3 × 1/2) / 6. */
const expected = {
  pull_requests: 6,
  labelled_hunks: 12,
  accuracy: 0.75,
  mute_accuracy: 0.75,
  finding_precision: 0.5,
  finding_recall: 1,
  label_coverage: 1,
  usd_per_run: 0.01,
  error_rate: 0,
  false_positives: 3,
  false_negatives: 0,
}

async function figuresOf(trial: string): Promise<object | null> {
  const { rows } = await given.owner.query<object>(
    `select pull_requests, labelled_hunks, accuracy, mute_accuracy, finding_precision, finding_recall, label_coverage,
       usd_per_run, error_rate, false_positives, false_negatives
     from experiments_v1.experiment_metrics where experiment_id = $1 order by id desc limit 1`,
    [trial],
  )
  return rows[0] ?? null
}
async function expectFigures(trial: string): Promise<void> {
  const isDone = async () => {
    const { rows } = await given.owner.query<{ done: boolean }>(
      `select (t.sums ->> 'outcomes')::integer = 6 and not exists (select 1 from gate.stale_samples) as done
       from gate.tallies t where t.experiment_id = $1`,
      [trial],
    )
    return rows[0]?.done ?? false
  }
  await until('everything is scored', isDone, { context: () => running.at(-1)?.tail() ?? '' })
  expect(await figuresOf(trial)).toEqual(expected)
  const { rows } = await given.owner.query(
    `select count(*)::integer as outcomes, count(distinct sequence)::integer as finals,
       sum((counts ->> 'tp')::integer)::integer as tp, sum((baseline_counts ->> 'tp')::integer)::integer as base_tp
     from gate.outcomes where experiment_id = $1`,
    [trial],
  )
  expect(rows).toEqual([{ outcomes: 6, finals: 6, tp: 3, base_tp: 3 }])
}
const exposed = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()

describe('the gate', () => {
  it('scores what is there and what comes later, goes on after a turn that failed, and ends when told', async () => {
    const gate = await startGate()
    await expectFigures(await finished())
    await given.owner.query('revoke select on gate.tallies from cupel_gate')
    const later = await finished()
    await until('a turn has failed', async () =>
      /gate_turn_duration_seconds_count\{outcome="failed"\} [1-9]/.test(await exposed()),
    )
    await given.owner.query('grant select on gate.tallies to cupel_gate')
    await expectFigures(later)
    expect(await (await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).text()).toBe('alive')
    const metrics = await until('a turn has ended well', async () => {
      const text = await exposed()
      return /^gate_final_outcomes_total 12$/m.test(text) && /gate_findings\{judged="yes"\} 12/.test(text)
        ? text
        : null
    })
    expect(metrics).toMatch(/^gate_samples_scored_total\{outcome="done"\} \d+$/m)
    expect(metrics).toMatch(/^gate_hunks\{labelled="yes"\} 24$/m)
    expect(metrics).not.toMatch(/trial-|1\/\d{3}/)
    expect(await gate.stop()).toBe(0)
  })

  it('killed at any step and started again comes to the same figures', async () => {
    const trial = await finished()
    const third = `new.sample_id = '1/${trials * 100 + 3}'`
    const points = [
      ['gate.audit_days', 'insert', 'true'],
      ['gate.outcomes', 'insert', third],
      ['gate.tallies', 'insert or update', 'true'],
      ['experiments_v1.experiment_metrics', 'insert', 'true'],
    ] as const
    await given.owner.query('truncate gate.audit_days cascade')
    for (const [table, operation, condition] of points) {
      const log = () => running.at(-1)?.tail() ?? ''
      const held = await holdStatement({ database, log }, table, operation, condition)
      const gate = await startGate()
      await held.reached()
      await gate.kill()
      await held.abandon()
    }
    expect(await figuresOf(trial)).toBeNull()
    const gate = await startGate()
    await expectFigures(trial)
    await gate.kill()
  })

  it('runs twice at once as if it ran once', async () => {
    const [trial, other] = [await finished(), await finished()]
    const gates = await Promise.all([startGate(), startGate(await freePort())])
    await Promise.all([expectFigures(trial), expectFigures(other)])
    expect(await Promise.all(gates.map(gate => gate.stop()))).toEqual([0, 0])
  })

  it('holds nothing of GitHub’s, the models’ or the owner’s, and its database role only its own', async () => {
    const gate = await startGate()
    const environment = Object.fromEntries(
      readFileSync(`/proc/${gate.pid}/environ`, 'utf8')
        .split('\0')
        .filter(line => line.includes('='))
        .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const { LOG_LEVEL: _, CUPEL_GATE_SECONDS: __, APP_ID: ___, ...secrets } = machine
    const values = Object.values(environment).join('\n')
    for (const secret of [...Object.values(secrets), new URL(database.ownerUrl).password])
      expect(values).not.toContain(secret)
    expect(Object.keys(environment)).not.toContain('APP_ID')

    const client = new pg.Client({ connectionString: environment['DATABASE_URL'] })
    await client.connect()
    try {
      const refusal = (text: string) =>
        client.query(text).then(
          () => null,
          (error: { code?: string }) => error.code,
        )
      for (const table of ['production.feedback', 'production.deliveries'])
        expect(await refusal(`select from ${table}`)).toBe('42501')
      expect(await refusal("update gate.labels set label = 'clean'")).toBe('42501')
      // It recomputes the chain, and can change nothing of it.
      expect(await refusal('select from audit.event_log')).toBeNull()
      expect(await refusal("update audit.event_log set event = '{}'")).toBe('42501')
      expect(await refusal('update audit.head set sequence = 0')).toBe('42501')
      expect(await refusal('update experiments_v1.code_analyses set usd = 0')).toBe('42501')
      expect(await refusal("update gate.outcomes set counts = '{}' where final_at is not null")).toBe('42501')
    } finally {
      await client.end()
    }
    await gate.kill()
  })
})
