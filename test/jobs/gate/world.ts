import type pg from 'pg'
import type { ReconcileDeps } from '../../../jobs/gate/deps.ts'
import { reconcile } from '../../../jobs/gate/reconcile.ts'
import { gateStores } from '../../../src/adapters/postgres/gate-stores.ts'
import { gateLock } from '../../../src/adapters/postgres/gate-lock.ts'
import { localDeployer } from '../../../src/adapters/system/local-deployer.ts'
import { gateMetrics } from '../../../src/adapters/prometheus/gate-metrics.ts'
import type { Configuration } from '../../../src/core/configuration.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../../src/core/ids.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { addOutcomes, addRuns, addSamples, countsOf, type OutcomeRow } from '../../support/gate-rows.ts'

const dayMs = 86_400_000

export interface Review {
  responseMs?: number | null
  healthy?: boolean
  attributable?: boolean
  at?: Date
}

/** A gate with the rights of cupel_gate on a real database, beside what production and V1 leave behind. */
export interface GateWorld {
  database: TestDatabase
  owner: pg.Pool
  deps: ReconcileDeps
  logged: { level: string; message: string; fields: object }[]
  now: Date
  tick(): Promise<'done' | 'busy'>
  /** An experiment on trial, with outcomes and runs that prove it, disprove it, or leave it open. */
  trial(id: string, quality: Quality, more?: Partial<Configuration>): Promise<void>
  ask(kind: string, subject: string | null, reason?: string): Promise<string>
  answerTo(action: string): Promise<{ state: string; outcome: string | null }>
  /** The production worker does what was ordered. */
  finishOrder(id: string, result: unknown): Promise<void>
  reviews(releaseId: string, count: number, like?: Review): Promise<void>
  experiments(): Promise<Record<string, string>>
  /** Steps of each release but the first, in order. */
  steps(): Promise<Record<string, string[]>>
  orders(): Promise<string[]>
  records(): Promise<{ of: string; outcome: string; classes: string[] }[]>
  audited(): Promise<string[]>
  /** As it was in the beginning: much quicker than another database. */
  reset(): Promise<void>
  close(): Promise<void>
}

export type Quality = 'good' | 'wrong' | 'slow' | 'failing' | 'unjudged'

export function depsOn(pool: pg.Pool): Omit<ReconcileDeps, 'clock' | 'log' | 'metrics' | 'refusals'> {
  return {
    lock: gateLock(pool),
    ...gateStores(pool),
    deployer: localDeployer,
  }
}

export async function gateWorld(): Promise<GateWorld> {
  const database = await testDatabase()
  const owner = database.pool('owner', 2)
  const operator = database.pool('cupel_operator', 1)
  const logged: GateWorld['logged'] = []
  const at = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, message, fields })
  let [asked, reviewed] = [0, 0]
  const rowsOf = async <T extends pg.QueryResultRow>(text: string): Promise<T[]> =>
    (await owner.query<T>(text)).rows
  const gate = database.pool('cupel_gate', 3)
  const world: GateWorld = {
    database,
    owner,
    logged,
    now: new Date(),
    deps: {
      clock: {
        now: () => world.now,
        elapsed: () => world.now.getTime(),
        sleep: () => Promise.reject(new Error('nobody sleeps here')),
      },
      log: { info: at('info'), warn: at('warn'), error: at('error') },
      metrics: gateMetrics().metrics,
      refusals: new Map(),
      ...depsOn(gate),
    },
    tick: () => reconcile(world.deps, new AbortController().signal),
    trial: (id, quality, more = {}) => addTrial(owner, id, quality, world.now, more),
    async ask(kind, subject, reason = 'because') {
      const key = `test/${++asked}`
      await operator.query('select doors.request_action($1, $2, $3, $4, $5, $6)', [
        key,
        kind,
        subject,
        reason,
        'ann',
        'cli',
      ])
      return key
    },
    async answerTo(action) {
      const { rows } = await owner.query<{ state: string; outcome: string | null }>(
        'select state, outcome from gate.actions where id = $1',
        [action],
      )
      return rows[0] ?? { state: 'unknown', outcome: null }
    },
    async finishOrder(id, result) {
      await owner.query(
        `update production.orders set state = 'done', result = $2, finished_at = now() where id = $1`,
        [id, JSON.stringify(result)],
      )
    },
    async reviews(releaseId, count, like = {}) {
      const { responseMs = 900, healthy = true, attributable = true, at: finished = new Date() } = like
      await owner.query(
        `insert into production.code_reviews (installation_id, repository_id, owner, repo, number, head_sha, release_id,
           occasion, state, due_at, created_at, posted_at, finished_at, healthy, attributable)
         select 1, 1, 'acme', 'shop', $1 + n, 'sha', $2, 'opened', $3, $4::timestamptz - $5 * interval '1 ms', $4,
           case when $3 = 'done' then $4::timestamptz end, $4, $6, $7 from generate_series(1, $8) n`,
        [
          reviewed,
          releaseId,
          responseMs === null ? 'failed' : 'done',
          finished,
          responseMs ?? 0,
          healthy,
          attributable,
          count,
        ],
      )
      reviewed += count
    },
    async experiments() {
      const rows = await rowsOf<{ id: string; state: string }>(
        'select id, state from experiments_v1.experiments order by id',
      )
      return Object.fromEntries(rows.map(row => [row.id, row.state]))
    },
    async steps() {
      const rows = await rowsOf<{ release_id: string; step: string }>(
        `select release_id, step from production.release_steps where release_id <> 'genesis' order by id`,
      )
      const steps: Record<string, string[]> = {}
      for (const row of rows) (steps[row.release_id] ??= []).push(row.step)
      return steps
    },
    orders: async () =>
      (await rowsOf<{ id: string }>('select id from production.orders order by ordered_at, id')).map(
        row => row.id,
      ),
    records: async () =>
      (
        await rowsOf<{ of: string; outcome: string; failure_reasons: { reasons: { class: string }[] } }>(
          `select coalesce(release_id, experiment_id) as of, outcome, failure_reasons
           from quarantine.quarantine_records order by quarantined_at, id`,
        )
      ).map(({ of, outcome, failure_reasons: { reasons } }) => ({
        of,
        outcome,
        classes: reasons.map(each => each.class),
      })),
    audited: async () =>
      (
        await rowsOf<{ action: string; subject: string }>(
          'select action, subject from audit.event_log order by sequence',
        )
      ).map(row => `${row.action} ${row.subject.replace(/[\da-f]{8}-[\da-f-]{27}/, 'an id')}`),
    async reset() {
      await owner.query(emptied)
      logged.length = 0
      world.now = new Date()
      world.deps = { ...world.deps, ...depsOn(gate), refusals: new Map() }
    },
    close: () => database.drop(),
  }
  return world
}

/** Without the triggers that refuse it. */
const emptied = `begin; set local session_replication_role = replica;
  ${[
    'gate.outcomes',
    'gate.labels',
    'gate.audit_draws',
    'gate.sample_baselines',
    'gate.scores',
    'gate.verdicts',
    'gate.trials',
    'gate.switches',
    'gate.actions',
    'gate.stale_samples',
    'quarantine.blacklist',
    'quarantine.quarantine_records',
    'experiments_v1.readmissions',
    'experiments_v1.code_analyses',
    'experiments_v1.samples',
    'experiments_v1.experiments',
    'production.orders',
    'production.code_reviews',
  ]
    .map(table => `delete from ${table};`)
    .join(' ')}
  delete from production.release_steps where release_id <> 'genesis';
  delete from production.releases where id <> 'genesis';
  delete from audit.event_log; update audit.head set sequence = 0, hash = repeat('0', 64);
  update gate.thresholds set promotion = default, accuracy = default, latency_ms = default,
    horizon_days = default;
  commit`

/** A model of its own makes a configuration different from every other. */
export function configurationFor(id: string, more: Partial<Configuration> = {}): Configuration {
  return {
    ...genesisConfiguration,
    routing: {
      strategy: 'primary',
      primary: { provider: 'openai', model: `model-of-${id}`, maxOutputTokens: 4_000 },
    },
    ...more,
  }
}

async function addTrial(
  owner: pg.Pool,
  id: string,
  quality: Quality,
  now: Date,
  more: Partial<Configuration>,
): Promise<void> {
  const configuration = configurationFor(id, more)
  await owner.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, rate, budget_usd, configuration_id,
       configuration, created_at)
     values ($1, $1, 'ada', 'person', 1, 10, $2, $3, $4)`,
    [id, configurationId(configuration), canonicalJson(configuration), new Date(now.getTime() - 60 * dayMs)],
  )
  const times = Array.from({ length: 300 }, (_, n) => new Date(now.getTime() - (40 - n / 12) * dayMs))
  const samples = await addSamples(owner, `${id}/`, times)
  const judged = samples.filter((_, n) => n % 2 === 0)
  const outcomes = judged.map((sampleId, n): OutcomeRow => {
    const right = quality !== 'wrong'
    return {
      sampleId,
      counts: countsOf({
        tp: right ? 1 : 0,
        issues: 1,
        audited: right ? { tp: 1, tn: 3 } : { fp: 2, fn: 1, tn: 1 },
        authors: { [String(n % 7)]: 4 },
      }),
      baseline: countsOf({ audited: { fn: 1, fp: 1, tn: 2 } }),
    }
  })
  if (quality !== 'unjudged') await addOutcomes(owner, id, outcomes)
  await addRuns(
    owner,
    id,
    samples.map((sampleId, n) => ({
      sampleId,
      state: quality === 'failing' && n % 2 === 0 ? 'degraded' : 'done',
      latencyMs: quality === 'slow' ? 9_000 : 800,
      finishedAt: times[n] ?? now,
    })),
  )
}
