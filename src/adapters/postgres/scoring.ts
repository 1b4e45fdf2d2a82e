import type pg from 'pg'
import type { Vote } from '../../core/label.ts'
import type { Finding } from '../../core/review/finding.ts'
import { readSnapshot } from '../../core/sample.ts'
import type { Figures } from '../../core/score/figures.ts'
import type { Counts } from '../../core/score/hunks.ts'
import { emptySums, type Outcome, type Sums } from '../../core/score/sums.ts'
import type { NewOutcome, SampleEnd, ScorableRun, ScorableSample, Scoring } from '../../ports/scoring.ts'
import { inTransaction, type Db } from './pool.ts'
import { votesOf, type VoteRow } from './vote-row.ts'

/** Outcomes and figures, with the rights of cupel_gate. */
export function scoring(pool: pg.Pool): Scoring {
  return {
    changed: limit => changed(pool, limit),
    ended: (now, limit) => ended(pool, now, limit),
    load: (sampleId, asOf) => load(pool, sampleId, asOf),
    save: (sample, outcomes, end) => inTransaction(pool, db => save(db, sample, outcomes, end)),
    behind: () => behind(pool),
    advance: (of, add, figures) => inTransaction(pool, db => advance(db, of, add, figures)),
  }
}

async function changed(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ sample_id: string }>(
    'select s.sample_id from gate.stale_samples s order by s.since, s.sample_id limit $1',
    [limit],
  )
  return rows.map(row => row.sample_id)
}

async function ended(db: Db, now: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ sample_id: string }>(
    `select o.sample_id from gate.outcomes o where o.final_at is null and o.due_at <= $1
     group by o.sample_id order by min(o.due_at), o.sample_id limit $2`,
    [now, limit],
  )
  return rows.map(row => row.sample_id)
}

async function load(db: Db, sampleId: string, asOf: Date | null): Promise<ScorableSample | null> {
  const sample = await db.query<{
    taken_at: Date
    ended_at: Date | null
    split: 'training' | 'evaluation'
    language: string
    changed_lines: number
    snapshot: unknown
    hunks: number[] | null
    mark: string | null
    findings: Finding[]
    degraded: boolean
    latency_ms: number
    usd: string
  }>(
    `select s.taken_at, e.ended_at, s.split, s.language, s.changed_lines, s.snapshot, d.hunks, m.mark,
       b.findings, b.degraded, b.latency_ms, b.usd
     from experiments_v1.samples s
     join gate.sample_baselines b on b.sample_id = s.id
     left join gate.sample_ends e on e.sample_id = s.id
     left join gate.audit_draws d on d.sample_id = s.id
     left join gate.stale_samples m on m.sample_id = s.id
     where s.id = $1`,
    [sampleId],
  )
  const row = sample.rows[0]
  if (!row) return null
  const { votes, labelsSeen } = await loadVotes(db, sampleId, asOf)
  return {
    id: sampleId,
    takenAt: row.taken_at,
    endedAt: row.ended_at,
    split: row.split,
    language: row.language,
    changedLines: row.changed_lines,
    snapshot: row.snapshot === null ? null : readSnapshot(row.snapshot),
    drawn: row.hunks ?? [],
    mark: row.mark,
    votes,
    labelsSeen,
    baseline: {
      findings: row.findings,
      failed: row.degraded,
      latencyMs: row.latency_ms,
      usd: Number(row.usd),
    },
    runs: await loadRuns(db, sampleId),
  }
}

async function loadVotes(
  db: Db,
  sampleId: string,
  asOf: Date | null,
): Promise<{ votes: Vote[]; labelsSeen: number }> {
  const { rows } = await db.query<VoteRow & { id: string }>(
    `select distinct on (l.origin) l.id, l.origin, l.path, l.side, l.start_line, l.line, l.meaning, l.category,
       l.severity, l.label, l.tier, l.kind, l.weight, l.author_id
     from gate.labels l where l.sample_id = $1 and l.recorded_at <= coalesce($2::timestamptz, 'infinity')
     order by l.origin, l.version desc`,
    [sampleId, asOf],
  )
  return {
    labelsSeen: rows.reduce((newest, row) => Math.max(newest, Number(row.id)), 0),
    votes: votesOf(rows),
  }
}

async function loadRuns(db: Db, sampleId: string): Promise<ScorableRun[]> {
  const { rows } = await db.query<{
    experiment_id: string
    kind: ScorableRun['kind']
    state: string
    findings: Finding[] | null
    latency_ms: number | null
    usd: string | null
  }>(
    `select a.experiment_id, a.kind, a.state, a.findings, a.latency_ms, a.usd
     from experiments_v1.code_analyses a
     where a.sample_id = $1 and a.finished_at is not null and not exists (
       select 1 from gate.outcomes o where o.experiment_id = a.experiment_id and o.sample_id = a.sample_id
         and o.kind = a.kind and o.final_at is not null)
     order by a.experiment_id, a.kind`,
    [sampleId],
  )
  return rows.map(row => ({
    experimentId: row.experiment_id,
    kind: row.kind,
    failed: row.state !== 'done',
    findings: row.findings ?? [],
    latencyMs: row.latency_ms,
    usd: Number(row.usd ?? 0),
  }))
}

async function save(
  db: Db,
  sample: ScorableSample,
  outcomes: readonly NewOutcome[],
  { at, reached }: SampleEnd,
): Promise<void> {
  // Sequences must become visible in their order, or a tally that looks in between would skip one for good.
  if (reached) await db.query("select pg_advisory_xact_lock(hashtext('cupel outcome sequence'))")
  await db.query(
    `insert into gate.outcomes as known (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms,
       usd, language, changed_lines, split, labels_seen, due_at, final_at, sequence)
     select n.experiment_id, $2, n.kind, n.counts, n.baseline, n.failed, n.latency_ms, n.usd, $3, $4, $5, $6, $7,
       case when $8 then $7::timestamptz end, case when $8 then nextval('gate.outcome_sequence') end
     from json_to_recordset($1) as n (experiment_id text, kind text, counts json, baseline json, failed boolean,
       latency_ms integer, usd numeric)
     on conflict (experiment_id, sample_id, kind) do update set counts = excluded.counts,
       baseline_counts = excluded.baseline_counts, labels_seen = excluded.labels_seen, scored_at = now(),
       due_at = excluded.due_at, final_at = excluded.final_at, sequence = excluded.sequence
     where known.final_at is null`,
    [
      JSON.stringify(
        outcomes.map(({ run, counts, baseline }) => ({
          experiment_id: run.experimentId,
          kind: run.kind,
          counts,
          baseline,
          failed: run.failed,
          latency_ms: run.latencyMs === null ? null : Math.round(run.latencyMs),
          usd: run.usd,
        })),
      ),
      sample.id,
      sample.language,
      sample.changedLines,
      sample.split,
      sample.labelsSeen,
      at,
      reached,
    ],
  )
  // What was forgotten before its labels were final stays as it is and never counts.
  if (sample.snapshot === null)
    await db.query(
      'update gate.outcomes set due_at = null where sample_id = $1 and final_at is null and due_at is not null',
      [sample.id],
    )
  await db.query('delete from gate.stale_samples where sample_id = $1 and mark = $2', [
    sample.id,
    sample.mark,
  ])
}

async function behind(db: Db): Promise<{ experimentId: string; kind: 'live' | 'replay' }[]> {
  const { rows } = await db.query<{ experiment_id: string; kind: 'live' | 'replay' }>(
    `select e.id as experiment_id, k.kind from experiments_v1.experiments e
     cross join (values ('live'), ('replay')) as k (kind)
     left join gate.tallies t on t.experiment_id = e.id and t.kind = k.kind
     where (select max(o.sequence) from gate.outcomes o where o.experiment_id = e.id and o.kind = k.kind)
       > coalesce(t.sequence, 0)
     order by e.id, k.kind`,
  )
  return rows.map(row => ({ experimentId: row.experiment_id, kind: row.kind }))
}

const mostAtOnce = 5_000

async function advance(
  db: Db,
  of: { experimentId: string; kind: 'live' | 'replay' },
  add: (sums: Sums, outcome: Outcome) => Sums,
  figures: (sums: Sums) => Figures,
): Promise<{ added: number }> {
  const key = [of.experimentId, of.kind]
  await db.query("select pg_advisory_xact_lock(hashtext('cupel tally'), hashtext($1))", [key.join('/')])
  const known = await db.query<{ sequence: string; sums: Sums }>(
    'select sequence, sums from gate.tallies where experiment_id = $1 and kind = $2',
    key,
  )
  const { rows } = await db.query<{
    sequence: string
    counts: Counts
    baseline_counts: Counts
    failed: boolean
    latency_ms: number | null
    usd: string
    language: string
    changed_lines: number
    split: string
    taken_at: Date
  }>(
    `select o.sequence, o.counts, o.baseline_counts, o.failed, o.latency_ms, o.usd, o.language, o.changed_lines, o.split,
       s.taken_at
     from gate.outcomes o join experiments_v1.samples s on s.id = o.sample_id
     where o.experiment_id = $1 and o.kind = $2 and o.sequence > $3 order by o.sequence limit $4`,
    [...key, known.rows[0]?.sequence ?? 0, mostAtOnce],
  )
  const last = rows.at(-1)
  if (!last) return { added: 0 }
  // A replay is never evidence for promotion, so it may use what V1 was shown; a live trial may not.
  const counted = rows.filter(row => of.kind === 'replay' || row.split === 'evaluation')
  let sums = known.rows[0]?.sums ?? emptySums
  for (const row of counted)
    sums = add(sums, {
      counts: row.counts,
      baseline: row.baseline_counts,
      failed: row.failed,
      latencyMs: row.latency_ms,
      usd: Number(row.usd),
      language: row.language,
      changedLines: row.changed_lines,
      takenAt: row.taken_at,
    })
  await db.query(
    `insert into gate.tallies (experiment_id, kind, sequence, sums) values ($1, $2, $3, $4)
     on conflict (experiment_id, kind) do update set sequence = excluded.sequence, sums = excluded.sums`,
    [...key, last.sequence, JSON.stringify(sums)],
  )
  if (of.kind === 'live' && counted.length > 0) await writeMetrics(db, of.experimentId, figures(sums))
  return { added: counted.length }
}

async function writeMetrics(db: Db, experimentId: string, figures: Figures): Promise<void> {
  await db.query(
    `insert into experiments_v1.experiment_metrics (experiment_id, pull_requests, labelled_hunks, accuracy, accuracy_low,
       accuracy_high, mute_accuracy, finding_precision, finding_recall, label_coverage, latency_p50_ms, latency_p95_ms,
       usd_per_run, error_rate, runs_per_hour, user_satisfaction, false_positives, false_negatives)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
       (select count(*) / least(24, greatest(1, extract(epoch from max(a.finished_at) - min(a.started_at)) / 3600))
        from experiments_v1.code_analyses a
        where a.experiment_id = $1 and a.kind = 'live' and a.finished_at > (
          select max(n.finished_at) - interval '24 hours' from experiments_v1.code_analyses n
          where n.experiment_id = $1 and n.kind = 'live' and n.finished_at is not null)), $15, $16, $17`,
    [
      experimentId,
      figures.labelledPullRequests,
      figures.labelledHunks,
      figures.accuracy?.value ?? null,
      figures.accuracy?.low ?? null,
      figures.accuracy?.high ?? null,
      figures.muteAccuracy,
      figures.precision?.value ?? null,
      figures.recall?.value ?? null,
      figures.labelCoverage,
      figures.latencyP50Ms,
      figures.latencyP95Ms,
      figures.usdPerRun,
      figures.errorRate?.value ?? null,
      figures.satisfaction,
      figures.falsePositives,
      figures.falseNegatives,
    ],
  )
}
