import type { ExperimentDefinition, ExperimentState, Part } from '../../core/experiment.ts'
import { canonicalJson, configurationId } from '../../core/ids.ts'
import type { ReplaySummary } from '../../core/replay.ts'
import type { Sums } from '../../core/score/sums.ts'
import type {
  AskedAgain,
  Metrics,
  PublishedExperiment,
  PublishedReplay,
  RunCount,
} from '../../ports/published.ts'
import type { Db } from './pool.ts'

// What an operator sees of experiments, and the doors an administrator has; with the rights of cupel_operator.

interface Row {
  id: string
  name: string
  parent_id: string | null
  author: string
  author_kind: string
  state: ExperimentState
  state_reason: string | null
  rate: number
  budget_usd: string
  spent_usd: string
  configuration_id: string
  configuration: string
  created_at: Date
  ended_at: Date | null
  runs: string
  error_runs: string
}

async function select(db: Db, where: string, values: unknown[]): Promise<PublishedExperiment[]> {
  const { rows } = await db.query<Row>(
    `select id, name, parent_id, author, author_kind, state, state_reason, rate, budget_usd, spent_usd,
       configuration_id, configuration, created_at, ended_at, runs, error_runs
     from experiments_v1.published_experiments where ${where} order by created_at, id`,
    values,
  )
  return rows.map(row => ({
    id: row.id,
    name: row.name,
    parentId: row.parent_id,
    author: row.author,
    authorKind: row.author_kind,
    state: row.state,
    stateReason: row.state_reason,
    rate: row.rate,
    budgetUsd: Number(row.budget_usd),
    spentUsd: Number(row.spent_usd),
    configurationId: row.configuration_id,
    configuration: JSON.parse(row.configuration),
    createdAt: row.created_at,
    endedAt: row.ended_at,
    runs: Number(row.runs),
    errorRuns: Number(row.error_runs),
  }))
}

export function publishedExperiments(db: Db): Promise<PublishedExperiment[]> {
  return select(db, 'true', [])
}

/** Those whose id begins so. */
export function experimentsByPrefix(db: Db, prefix: string): Promise<PublishedExperiment[]> {
  return select(db, 'starts_with(id, $1)', [prefix])
}

export async function experimentWith(db: Db, configuration: string): Promise<PublishedExperiment | null> {
  return (await select(db, 'configuration_id = $1', [configuration]))[0] ?? null
}

/** The experiment that came with Cupel under that name, whatever its configuration was then. */
export async function shippedExperiment(db: Db, name: string): Promise<PublishedExperiment | null> {
  return (await select(db, "author = 'cupel' and name = $1", [name]))[0] ?? null
}

/** The experiment, the one it grew out of, and so on to the first. */
export async function lineageOf(db: Db, id: string): Promise<PublishedExperiment[]> {
  const line: PublishedExperiment[] = []
  for (let next: string | null = id; next !== null; next = line.at(-1)?.parentId ?? null) {
    const [found] = await select(db, 'id = $1', [next])
    if (!found || line.some(known => known.id === found.id)) break
    line.push(found)
  }
  return line
}

/** Null for any other experiment: a re-evaluation bears its request's id. */
export async function askedAgain(db: Db, id: string): Promise<AskedAgain | null> {
  const { rows } = await db.query<AskedAgain>(
    `select actor as by, reason, evidence from gate.published_actions where id = $1 and kind = 'reevaluate'`,
    [id],
  )
  return rows[0] ?? null
}

export async function runCounts(db: Db, id: string): Promise<RunCount[]> {
  const { rows } = await db.query<{
    kind: RunCount['kind']
    state: string
    error_code: string | null
    runs: string
  }>(
    `select kind, state, error_code, runs from experiments_v1.published_runs where experiment_id = $1
     order by kind, state, error_code`,
    [id],
  )
  return rows.map(row => ({
    kind: row.kind,
    state: row.state,
    errorCode: row.error_code,
    runs: Number(row.runs),
  }))
}

/** The newest figures; null before the first. */
export async function newestMetrics(db: Db, id: string): Promise<Metrics | null> {
  const { rows } = await db.query<Metrics>(
    `select pull_requests as "pullRequests", labelled_hunks as "labelledHunks", accuracy,
       accuracy_low as "accuracyLow", accuracy_high as "accuracyHigh", mute_accuracy as "muteAccuracy",
       finding_precision as precision, finding_recall as recall, label_coverage as "labelCoverage",
       latency_p50_ms as "latencyP50Ms", latency_p95_ms as "latencyP95Ms", usd_per_run as "usdPerRun",
       error_rate as "errorRate", runs_per_hour as "runsPerHour", user_satisfaction as satisfaction,
       false_positives as "falsePositives", false_negatives as "falseNegatives", scored_at as "scoredAt"
     from experiments_v1.published_metrics where experiment_id = $1 order by id desc limit 1`,
    [id],
  )
  return rows[0] ?? null
}

/** Over an experiment's final outcomes; null before the first. */
export async function sumsOf(db: Db, id: string): Promise<Sums | null> {
  const { rows } = await db.query<{ sums: Sums }>(
    'select sums from gate.published_evidence where experiment_id = $1',
    [id],
  )
  return rows[0]?.sums ?? null
}

export async function publishedReplays(db: Db, experimentId: string): Promise<PublishedReplay[]> {
  const { rows } = await db.query<{
    id: string
    samples: number
    finished_runs: string
    requested_at: Date
    outcome: string | null
    summary: ReplaySummary | null
  }>(
    `select id, samples, finished_runs, requested_at, outcome, summary from experiments_v1.published_replays
     where experiment_id = $1 order by requested_at desc`,
    [experimentId],
  )
  return rows.map(row => ({
    id: row.id,
    samples: row.samples,
    finishedRuns: Number(row.finished_runs),
    requestedAt: row.requested_at,
    outcome: row.outcome,
    summary: row.summary,
  }))
}

// ---- the doors ----

/** Answers the experiment's id; the id of the one that has this configuration when there is one. */
export async function proposeExperiment(
  db: Db,
  { name, parent, rate, budgetUsd, configuration }: ExperimentDefinition,
  author: string,
  parts: readonly Part[],
): Promise<string> {
  return answerOf(db, 'doors.propose_experiment($1, $2, $3, $4, $5, $6, $7, $8)', [
    name,
    author,
    parent,
    rate,
    budgetUsd.toFixed(6),
    canonicalJson(configuration),
    configurationId(configuration),
    parts.map(part => part.fingerprint),
  ])
}

export function setExperimentState(
  db: Db,
  id: string,
  state: 'active' | 'paused' | 'stopped',
  actor: string,
  reason: string | null,
): Promise<string> {
  return answerOf(db, 'doors.set_experiment_state($1, $2, $3, $4)', [id, state, actor, reason])
}

export async function setExperimentBudget(db: Db, id: string, usd: number, actor: string): Promise<void> {
  await answerOf(db, 'doors.set_experiment_budget($1, $2, $3)', [id, usd.toFixed(6), actor])
}

/** Answers the replay's id. */
export function requestReplay(db: Db, id: string, samples: number, actor: string): Promise<string> {
  return answerOf(db, 'doors.request_replay($1, $2, $3)', [id, samples, actor])
}

async function answerOf(db: Db, door: string, values: unknown[]): Promise<string> {
  const { rows } = await db.query<{ answer: string }>(`select ${door} as answer`, values)
  return rows[0]?.answer ?? ''
}

/** What a door says when it does not let pass: nothing was done, and its words are for people. */
export function doorRefusal(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = (error as { code?: unknown }).code
  return code === '23514' || code === 'P0002' || code === '23503' ? error.message : null
}
