import type pg from 'pg'
import type { Vote } from '../../core/label.ts'
import type { Finding } from '../../core/review/finding.ts'
import { readSnapshot } from '../../core/sample.ts'
import type { Figures } from '../../core/score/figures.ts'
import type { Counts } from '../../core/score/hunks.ts'
import type { Outcome, Sums } from '../../core/score/sums.ts'
import { finalAfterEndMs, longestOpenMs } from '../../core/label.ts'
import type { NewOutcome, ScorableRun, ScorableSample, Scoring } from '../../ports/scoring.ts'
import { inTransaction, type Db } from './pool.ts'

/** Outcomes and figures, with the rights of cupel_gate. */
export function scoring(pool: pg.Pool): Scoring {
  return {
    due: (now, limit) => due(pool, now, limit),
    load: (sampleId, asOf) => load(pool, sampleId, asOf),
    save: (sample, outcomes, finalAt) => inTransaction(pool, db => save(db, sample, outcomes, finalAt)),
    behind: () => behind(pool),
    advance: (of, add, figures) => inTransaction(pool, db => advance(db, of, add, figures)),
  }
}

async function due(db: Db, now: Date, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ sample_id: string }>(
    `select u.sample_id from (
       select s.sample_id, s.since from gate.stale_samples s
       union all
       select a.sample_id, a.finished_at from experiments_v1.code_analyses a
         join experiments_v1.samples s on s.id = a.sample_id and s.snapshot is not null
         where a.finished_at is not null and not exists (
           select 1 from gate.outcomes o
           where o.experiment_id = a.experiment_id and o.sample_id = a.sample_id and o.kind = a.kind)
       union all
       select o.sample_id, o.scored_at from gate.outcomes o
         join experiments_v1.samples s on s.id = o.sample_id and s.snapshot is not null
         left join gate.sample_ends e on e.sample_id = o.sample_id
         where o.final_at is null
           and least(s.taken_at + $2 * interval '1 ms', e.ended_at + $3 * interval '1 ms') <= $1
     ) u group by u.sample_id order by min(u.since), u.sample_id limit $4`,
    [now, longestOpenMs, finalAfterEndMs, limit],
  )
  return rows.map(row => row.sample_id)
}

async function load(db: Db, sampleId: string, asOf: Date): Promise<ScorableSample | null> {
  const sample = await db.query<{
    taken_at: Date
    ended_at: Date | null
    split: 'training' | 'evaluation'
    language: string
    changed_lines: number
    snapshot: unknown
    hunks: number[] | null
    findings: Finding[]
    degraded: boolean
    latency_ms: number
    usd: string
  }>(
    `select s.taken_at, e.ended_at, s.split, s.language, s.changed_lines, s.snapshot, d.hunks,
       b.findings, b.degraded, b.latency_ms, b.usd
     from experiments_v1.samples s
     join gate.sample_baselines b on b.sample_id = s.id
     left join gate.sample_ends e on e.sample_id = s.id
     left join gate.audit_draws d on d.sample_id = s.id
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
  asOf: Date,
): Promise<{ votes: Vote[]; labelsSeen: number }> {
  const { rows } = await db.query<{
    id: string
    origin: string
    path: string
    side: Vote['side']
    start_line: number
    line: number
    meaning: string
    category: string | null
    severity: Vote['severity']
    label: Vote['value'] | 'withdrawn'
    tier: Vote['tier']
    kind: Vote['kind']
    weight: number
    author_id: string | null
  }>(
    `select distinct on (l.origin) l.id, l.origin, l.path, l.side, l.start_line, l.line, l.meaning, l.category,
       l.severity, l.label, l.tier, l.kind, l.weight, l.author_id
     from gate.labels l where l.sample_id = $1 and l.recorded_at <= $2
     order by l.origin, l.version desc`,
    [sampleId, asOf],
  )
  return {
    labelsSeen: rows.reduce((newest, row) => Math.max(newest, Number(row.id)), 0),
    votes: rows.flatMap(row =>
      row.label === 'withdrawn'
        ? []
        : [
            {
              origin: row.origin,
              path: row.path,
              side: row.side,
              startLine: row.start_line,
              line: row.line,
              text: row.meaning,
              category: row.category,
              severity: row.severity,
              value: row.label,
              tier: row.tier,
              kind: row.kind,
              weight: row.weight,
              authorId: row.author_id === null ? null : Number(row.author_id),
            },
          ],
    ),
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
    latencyMs: row.latency_ms ?? 0,
    usd: Number(row.usd ?? 0),
  }))
}

async function save(
  db: Db,
  sample: ScorableSample,
  outcomes: readonly NewOutcome[],
  finalAt: Date | null,
): Promise<void> {
  // Sequences must become visible in their order, or a tally that looks in between would skip one for good.
  if (finalAt !== null) await db.query("select pg_advisory_xact_lock(hashtext('cupel outcome sequence'))")
  for (const { run, counts, baseline } of outcomes) {
    await db.query(
      `insert into gate.outcomes as known (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms,
         usd, language, changed_lines, split, labels_seen, final_at, sequence)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
         case when $13::timestamptz is null then null else nextval('gate.outcome_sequence') end)
       on conflict (experiment_id, sample_id, kind) do update set counts = excluded.counts,
         baseline_counts = excluded.baseline_counts, labels_seen = excluded.labels_seen, scored_at = now(),
         final_at = excluded.final_at, sequence = excluded.sequence
       where known.final_at is null`,
      [
        run.experimentId,
        sample.id,
        run.kind,
        JSON.stringify(counts),
        JSON.stringify(baseline),
        run.failed,
        Math.round(run.latencyMs),
        run.usd,
        sample.language,
        sample.changedLines,
        sample.split,
        sample.labelsSeen,
        finalAt,
      ],
    )
  }
  // A label that came while this was worked out keeps its mark: it has a higher id than the newest one seen.
  await db.query(
    `delete from gate.stale_samples where sample_id = $1
       and not exists (select 1 from gate.labels l where l.sample_id = $1 and l.id > $2)`,
    [sample.id, sample.labelsSeen],
  )
}

async function behind(db: Db): Promise<{ experimentId: string; kind: 'live' | 'replay' }[]> {
  const { rows } = await db.query<{ experiment_id: string; kind: 'live' | 'replay' }>(
    `select o.experiment_id, o.kind from gate.outcomes o
     left join gate.tallies t on t.experiment_id = o.experiment_id and t.kind = o.kind
     where o.sequence > coalesce(t.sequence, 0)
     group by o.experiment_id, o.kind order by o.experiment_id, o.kind`,
  )
  return rows.map(row => ({ experimentId: row.experiment_id, kind: row.kind }))
}

const mostAtOnce = 5_000

async function advance(
  db: Db,
  of: { experimentId: string; kind: 'live' | 'replay' },
  add: (sums: Sums | null, outcome: Outcome) => Sums,
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
    latency_ms: number
    usd: string
    language: string
    changed_lines: number
    split: string
  }>(
    `select sequence, counts, baseline_counts, failed, latency_ms, usd, language, changed_lines, split
     from gate.outcomes where experiment_id = $1 and kind = $2 and sequence > $3 order by sequence limit $4`,
    [...key, known.rows[0]?.sequence ?? 0, mostAtOnce],
  )
  const last = rows.at(-1)
  if (!last) return { added: 0 }
  // A replay is never evidence for promotion, so it may use what V1 was shown; a live trial may not.
  const counted = rows.filter(row => of.kind === 'replay' || row.split === 'evaluation')
  let sums = known.rows[0]?.sums ?? null
  for (const row of counted)
    sums = add(sums, {
      counts: row.counts,
      baseline: row.baseline_counts,
      failed: row.failed,
      latencyMs: row.latency_ms,
      usd: Number(row.usd),
      language: row.language,
      changedLines: row.changed_lines,
    })
  if (sums === null) return { added: 0 }
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
       (select count(*) / nullif(greatest(extract(epoch from max(a.finished_at) - min(a.started_at)) / 3600, 1), 0)
        from experiments_v1.code_analyses a
        where a.experiment_id = $1 and a.kind = 'live' and a.finished_at is not null), $15, $16, $17`,
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
