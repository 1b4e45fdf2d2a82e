import type { Breach, GateEvidence } from '../../core/gate/evidence.ts'
import { breachKinds } from '../../core/gate/evidence.ts'
import {
  compareRuns,
  type Bundle,
  type BundledOutcome,
  type BundledRun,
  type VerdictRows,
} from '../../core/gate/bundle.ts'
import type { Verdict } from '../../core/gate/decide.ts'
import type { StoredOutcome } from '../../core/gate/outcome.ts'
import { withoutNames } from '../../core/gate/people.ts'
import type { Thresholds } from '../../core/gate/thresholds.ts'
import type { PublishedExperiment, PublishedSettings, PublishedVerdict } from '../../ports/published.ts'
import { noRuns } from './gate-recomputation.ts'
import { matching } from '../../core/match/likeness.ts'
import { basisOf } from '../../core/score/basis.ts'
import { outcomeOf, type OutcomeRow } from './outcome-row.ts'
import type { Db } from './pool.ts'
import { publishedScorings } from './published-scorings.ts'
import { thresholdColumns, thresholdsOf, type ThresholdsRow } from './thresholds-row.ts'

/** Of one experiment, or those whose id begins so: newest first. Or the last word on each experiment. */
export async function publishedVerdicts(
  db: Db,
  of: { prefix: string } | { experimentId: string } | 'last words',
): Promise<PublishedVerdict[]> {
  const [where, values] = chosen(of)
  const { rows } = await db.query<{
    id: string
    experiment_id: string
    release_id: string
    answer: Verdict['answer']
    evidence: { cut: PublishedVerdict['cut']; overheadMs: number; verdict: Verdict }
    figures: { thresholds: Thresholds; evidence: GateEvidence }
    decided_at: Date
  }>(
    `select id, experiment_id, release_id, answer, evidence, figures, decided_at from gate.published_verdicts
     where ${where}`,
    values,
  )
  return rows.map(row => ({
    id: row.id,
    experimentId: row.experiment_id,
    releaseId: row.release_id,
    answer: row.answer,
    verdict: row.evidence.verdict,
    overheadMs: row.evidence.overheadMs,
    cut: row.evidence.cut,
    thresholds: row.figures.thresholds,
    evidence: row.figures.evidence,
    decidedAt: row.decided_at,
  }))
}

function chosen(of: Parameters<typeof publishedVerdicts>[1]): [string, string[]] {
  const newest = 'order by place desc limit 20'
  if (of === 'last words')
    return [
      'place in (select max(v.place) from gate.published_verdicts v group by v.experiment_id) order by place desc',
      [],
    ]
  return 'prefix' in of
    ? [`starts_with(id, $1) ${newest}`, [of.prefix]]
    : [`experiment_id = $1 ${newest}`, [of.experimentId]]
}

export async function publishedSettings(db: Db): Promise<PublishedSettings> {
  const { rows } = await db.query<
    ThresholdsRow & {
      promotion: 'automatic' | 'approve'
      overhead_ms: number
      paused: boolean | null
      actor: string
      reason: string
      at: Date
    }
  >(
    `select ${thresholdColumns}, promotion, doors.overhead_ms() as overhead_ms, paused, actor, reason, at
     from gate.published_settings`,
  )
  const row = rows[0]
  if (!row) throw new Error('gate.thresholds has lost its row')
  return {
    thresholds: thresholdsOf(row),
    promotion: row.promotion,
    overheadMs: row.overhead_ms,
    pause:
      row.paused === null ? null : { paused: row.paused, actor: row.actor, reason: row.reason, at: row.at },
  }
}

/** The position in the error budget, without promotions after it; null before the gate has met the experiment. */
export async function publishedPosition(
  db: Db,
  experimentId: string,
): Promise<{ position: number; promotions: number } | null> {
  const { rows } = await db.query<{ position: number; promotions: string }>(
    'select position, promotions from gate.published_trials where experiment_id = $1',
    [experimentId],
  )
  return rows[0] ? { position: rows[0].position, promotions: Number(rows[0].promotions) } : null
}

/** The latency, in ms, that this share of an experiment's live runs keeps; null when none has one. */
export async function runLatency(db: Db, experimentId: string, share: number): Promise<number | null> {
  const { rows } = await db.query<{ ms: number | null }>(
    `select percentile_disc($2::float8) within group (order by latency_ms) as ms
     from gate.published_live_runs where experiment_id = $1`,
    [experimentId, share],
  )
  return rows[0]?.ms ?? null
}

/** All that a stored verdict rests on, people without names. `words`: with what findings and labels say. */
export async function bundleOf(
  db: Db,
  { id, name, configurationId, configuration }: PublishedExperiment,
  verdict: PublishedVerdict,
  words: boolean,
): Promise<Bundle> {
  const { thresholds, overheadMs, cut } = verdict
  const rows = await rowsOf(db, id, thresholds, overheadMs, {
    ...cut,
    runsTo: cut.runsTo ?? noRuns,
  })
  const bases = new Map(
    (await publishedScorings(db, id, cut.sequence)).map(({ sequence, forgottenAt, ...scoring }) => [
      sequence,
      { ...basisOf(scoring, matching, words), forgottenAt: forgottenAt?.getTime() ?? null },
    ]),
  )
  return withoutNames({
    format: 'cupel-verdict/2',
    verdictId: verdict.id,
    experiment: { id, name, configurationId, configuration },
    releaseId: verdict.releaseId,
    decidedAt: verdict.decidedAt.getTime(),
    thresholds,
    overheadMs,
    budget: verdict.verdict.budget,
    ...rows,
    outcomes: rows.outcomes.map(outcome => {
      const basis = bases.get(outcome.sequence)
      if (basis === undefined) throw new Error(`outcome ${outcome.sequence} has no basis`)
      return { ...outcome, ...basis }
    }),
    breaches: breachesOf(verdict.verdict),
    stored: { evidence: verdict.evidence, verdict: verdict.verdict },
  })
}

/** All that there is now, under the thresholds of now. */
export async function rowsOfNow(
  db: Db,
  experimentId: string,
  { thresholds, overheadMs }: PublishedSettings,
  now: Date,
): Promise<VerdictRows> {
  const cut = { sequence: lastSequence, runsTo: null }
  return {
    ...(await rowsOf(db, experimentId, thresholds, overheadMs, cut)),
    decidedAt: now.getTime(),
    thresholds,
    overheadMs,
    budget: (await publishedPosition(db, experimentId)) ?? { position: 1, promotions: 0 },
  }
}

const lastSequence = '9223372036854775807'

/** Breaches end a trial, so a verdict that goes on had none. */
function breachesOf(verdict: Verdict): Breach[] {
  if (verdict.answer !== 'quarantine') return []
  const named = verdict.reasons.flatMap(reason => (reason.kind === 'breach' ? [reason.breach] : []))
  return breachKinds.filter(kind => named.includes(kind))
}

async function rowsOf(
  db: Db,
  experimentId: string,
  thresholds: Thresholds,
  overheadMs: number,
  cut: PublishedVerdict['cut'],
): Promise<
  Pick<VerdictRows, 'runs' | 'sampler' | 'breaches'> & {
    outcomes: (StoredOutcome & Pick<BundledOutcome, 'sequence' | 'sampleId'>)[]
  }
> {
  const outcomes = await db.query<OutcomeRow>(
    `select sequence, sample_id, taken_at, counts, baseline_counts, language, changed_lines from gate.published_outcomes
     where experiment_id = $1 and sequence <= $2 order by sequence`,
    [experimentId, cut.sequence],
  )
  const runs = await db.query<{
    sample_id: string
    state: BundledRun['state']
    error_code: string | null
    latency_ms: number | null
    finished_at: Date
  }>(
    `select sample_id, state, error_code, latency_ms, finished_at from gate.published_live_runs
     where experiment_id = $1 and finished_at <= coalesce($2::timestamptz, 'infinity')`,
    [experimentId, cut.runsTo],
  )
  const tallies = await db.query<{ offered: string; taken: string; rate: number | null; breaches: Breach[] }>(
    'select offered, taken, rate, breaches from doors.run_evidence($1, $2, $3)',
    [experimentId, thresholds.latencyMs - overheadMs, cut.runsTo],
  )
  const drawn = tallies.rows[0]
  return {
    outcomes: outcomes.rows.map(outcomeOf),
    runs: runs.rows
      .map(row => ({
        sampleId: row.sample_id,
        state: row.state,
        errorCode: row.error_code,
        latencyMs: row.latency_ms,
        finishedAt: row.finished_at.getTime(),
      }))
      .toSorted(compareRuns),
    sampler:
      drawn === undefined || drawn.rate === null
        ? null
        : { n: Number(drawn.offered), successes: Number(drawn.taken), rate: drawn.rate },
    breaches: drawn?.breaches ?? [],
  }
}
