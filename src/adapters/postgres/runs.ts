import type pg from 'pg'
import type { Finding } from '../../core/review/finding.ts'
import { readSnapshot, readWishes } from '../../core/sample.ts'
import type {
  Claim,
  LabelledRun,
  Replay,
  RunKey,
  RunMoney,
  RunResult,
  Runs,
} from '../../ports/experiments.ts'
import { inTransaction, storable, type Db } from './pool.ts'
import { addSpending, lockSpending, moneyOf, mostSpent, spentBy } from './spending.ts'
import { votesOf, type VoteRow } from './vote-row.ts'

/** As often as a run may be begun: one whose worker died every time is taken to be what kills it. */
const mostAttempts = 3

/** Runs of experiments, with the rights of cupel_experiments. */
export function runs(pool: pg.Pool): Runs {
  return {
    claim: (key, money, now) => inTransaction(pool, db => claim(db, key, money, now)),
    finish: (key, attempt, result) => inTransaction(pool, db => finish(db, key, attempt, result)),
    release: (key, attempt, usd) => inTransaction(pool, db => release(db, key, attempt, usd)),
    mostSpent: now => mostSpent(pool, now),
    spentBy: (experimentId, now) => spentBy(pool, experimentId, now),
    money: experimentId => moneyOf(pool, experimentId),
    sample: sampleId => sample(pool, sampleId),
    scored: replay => scored(pool, replay),
  }
}

const ofKey = 'experiment_id = $1 and sample_id = $2 and kind = $3'
const valuesOf = (key: RunKey) => [key.experimentId, key.sampleId, key.kind]

async function claim(db: Db, key: RunKey, money: RunMoney, now: Date): Promise<Claim> {
  // One claim at a time: what is left is read and taken in one step, and two of one run take turns.
  await lockSpending(db)
  const { rows } = await db.query<{ finished: boolean; attempts: number }>(
    `select finished_at is not null as finished, attempts from experiments_v1.code_analyses where ${ofKey}`,
    valuesOf(key),
  )
  const known = rows[0]
  if (known?.finished) return { outcome: 'finished' }
  if (known && known.attempts >= mostAttempts) {
    await end(db, key, known.attempts, { ...lost, usd: null })
    return { outcome: 'given-up' }
  }
  // What an attempt that died had reserved stays in the spending of its day, and is given back by nobody.
  if (known)
    await db.query(`update experiments_v1.code_analyses set reserved_usd = 0 where ${ofKey}`, valuesOf(key))
  const refusal = await refusalOf(db, key.experimentId, money, now)
  if (refusal) return refusal
  const attempt = (known?.attempts ?? 0) + 1
  if (!known) {
    await db.query(
      'insert into experiments_v1.code_analyses (experiment_id, sample_id, kind) values ($1, $2, $3)',
      valuesOf(key),
    )
  }
  const day = await addSpending(db, key.experimentId, money.runUsd, now)
  await db.query(
    `update experiments_v1.code_analyses set reserved_usd = $4, reserved_on = $5, attempts = $6 where ${ofKey}`,
    [...valuesOf(key), money.runUsd.toFixed(6), day, attempt],
  )
  return { outcome: 'claimed', attempt }
}

/** Millionths of a dollar are compared, so that ten tenths make one. */
async function refusalOf(db: Db, experimentId: string, money: RunMoney, now: Date): Promise<Claim | null> {
  // What costs nothing waits for no money.
  if (money.runUsd === 0) return null
  const { spentUsd, reservedUsd } = await moneyOf(db, experimentId)
  const micro = (usd: number) => Math.round(usd * 1e6)
  if (micro(spentUsd) + micro(money.runUsd) > micro(money.budgetUsd)) {
    // Runs under way give back what they do not need: only what is spent for certain pauses an experiment.
    return micro(spentUsd - reservedUsd) + micro(money.runUsd) > micro(money.budgetUsd)
      ? { outcome: 'over-budget', spentUsd: spentUsd - reservedUsd }
      : { outcome: 'wait', for: 'own-budget' }
  }
  const all = await spentBy(db, null, now)
  const own = await spentBy(db, experimentId, now)
  const bounds = [
    ['daily-budget', all.todayUsd, money.dailyUsd],
    ['monthly-budget', all.monthUsd, money.monthlyUsd],
    ['own-daily-budget', own.todayUsd, money.ownDailyUsd],
    ['own-monthly-budget', own.monthUsd, money.ownMonthlyUsd],
  ] as const
  const passed = bounds.find(
    ([, spent, most]) => most !== undefined && micro(spent) + micro(money.runUsd) > micro(most),
  )
  return passed ? { outcome: 'wait', for: passed[0] } : null
}

type Ending = Omit<RunResult, 'usd'> & {
  /** Null: nobody knows, the reservation stands for it. */
  usd: number | null
}

const lost: Omit<Ending, 'usd'> = {
  state: 'failed',
  findings: [],
  receipt: null,
  errorCode: 'worker-lost',
  latencyMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  degradedSteps: [],
  leaked: null,
}

async function finish(db: Db, key: RunKey, attempt: number, result: RunResult): Promise<boolean> {
  await lockSpending(db)
  return end(db, key, attempt, result)
}

async function end(db: Db, key: RunKey, attempt: number, result: Ending): Promise<boolean> {
  const open = await openAttempt(db, key, attempt)
  if (!open) return false
  const { reserved_usd: reserved, reserved_on: day } = open
  const usd = result.usd ?? Number(reserved)
  if (day !== null) await addSpending(db, key.experimentId, usd - Number(reserved), day)
  await db.query(
    `update experiments_v1.code_analyses set state = $4, findings = $5, receipt = $6, error_code = $7,
       latency_ms = $8, input_tokens = $9, output_tokens = $10, usd = $11, degraded_steps = $12, leaked = $13, reserved_usd = 0,
       finished_at = clock_timestamp()
     where ${ofKey}`,
    [
      ...valuesOf(key),
      result.state,
      storable(JSON.stringify(result.findings)),
      result.receipt === null ? null : JSON.stringify(result.receipt),
      result.errorCode,
      result.latencyMs,
      result.inputTokens,
      result.outputTokens,
      usd.toFixed(6),
      result.degradedSteps.map(storable),
      result.leaked,
    ],
  )
  return true
}

async function release(db: Db, key: RunKey, attempt: number, usd: number): Promise<void> {
  await lockSpending(db)
  const open = await openAttempt(db, key, attempt)
  if (!open) return
  const { reserved_usd: reserved, reserved_on: day } = open
  if (day !== null) await addSpending(db, key.experimentId, usd - Number(reserved), day)
  await db.query(
    `update experiments_v1.code_analyses set reserved_usd = 0, attempts = greatest(1, attempts - 1) where ${ofKey}`,
    valuesOf(key),
  )
}

/** Null when a newer attempt has taken the run over, or it has ended. */
async function openAttempt(
  db: Db,
  key: RunKey,
  attempt: number,
): Promise<{ reserved_usd: string; reserved_on: string | null } | null> {
  const { rows } = await db.query<{ reserved_usd: string; reserved_on: string | null }>(
    `select reserved_usd, reserved_on::text from experiments_v1.code_analyses
     where ${ofKey} and attempts = $4 and finished_at is null`,
    [...valuesOf(key), attempt],
  )
  return rows[0] ?? null
}

async function sample(db: Db, sampleId: string): ReturnType<Runs['sample']> {
  const { rows } = await db.query<{ snapshot: unknown }>(
    'select snapshot from experiments_v1.samples where id = $1 and snapshot is not null',
    [sampleId],
  )
  const stored = rows[0]?.snapshot
  return stored ? { snapshot: readSnapshot(stored), wishes: readWishes(stored) } : null
}

async function scored(db: Db, replay: Replay): Promise<LabelledRun[]> {
  const { rows } = await db.query<{
    sample_id: string
    state: LabelledRun['state']
    findings: Finding[] | null
    latency_ms: number | null
    usd: string | null
    language: string
    changed_lines: number
    snapshot: unknown
  }>(
    `select a.sample_id, a.state, a.findings, a.latency_ms, a.usd, s.language, s.changed_lines, s.snapshot
     from experiments_v1.code_analyses a join experiments_v1.samples s on s.id = a.sample_id
     where a.experiment_id = $1 and a.kind = 'replay' and a.sample_id = any ($2) and a.finished_at is not null
     order by a.sample_id`,
    [replay.experimentId, replay.sampleIds],
  )
  const labels = await labelsOf(db, replay.sampleIds)
  return rows.map(row => ({
    sampleId: row.sample_id,
    state: row.state,
    findings: row.findings ?? [],
    latencyMs: row.latency_ms,
    usd: Number(row.usd ?? 0),
    language: row.language,
    changedLines: row.changed_lines,
    snapshot: row.snapshot === null ? null : readSnapshot(row.snapshot),
    votes: votesOf(labels.get(row.sample_id) ?? []),
  }))
}

async function labelsOf(db: Db, sampleIds: readonly string[]): Promise<Map<string, VoteRow[]>> {
  const { rows } = await db.query<VoteRow & { sample_id: string }>(
    `select sample_id, origin, path, side, start_line, line, meaning, category, severity, label, tier, kind, weight,
       author_id
     from experiments_v1.training_labels where sample_id = any ($1) order by sample_id, origin`,
    [sampleIds],
  )
  return Map.groupBy(rows, row => row.sample_id)
}
