import type { DrawnSample, Judged, ToSubmit } from '../../core/judging.ts'
import type { Statement } from '../../core/label.ts'
import type { Finding } from '../../core/review/finding.ts'
import { readSnapshot } from '../../core/sample.ts'
import { storable, type Db } from './pool.ts'

/** Samples drawn for the audit since then, oldest first; with the rights of cupel_operator. */
export async function drawnSamples(db: Db, since: Date): Promise<DrawnSample[]> {
  const { rows } = await db.query<{
    sample_id: string
    taken_at: Date
    hunks: number[]
    snapshot: unknown
    baseline_findings: Finding[]
    experiment_findings: Finding[][] | null
    judgements: (Statement & { meaning: string; label: Judged | 'withdrawn'; by: string | null })[] | null
  }>(
    `select sample_id, taken_at, hunks, snapshot, baseline_findings, experiment_findings, judgements
     from gate.judging_queue where taken_at > $1 order by taken_at, sample_id`,
    [since],
  )
  return rows.map(row => ({
    sampleId: row.sample_id,
    takenAt: row.taken_at,
    snapshot: readSnapshot(row.snapshot),
    hunks: row.hunks,
    findings: [...row.baseline_findings, ...(row.experiment_findings ?? []).flat()],
    judgements: (row.judgements ?? []).map(({ meaning, label, by, ...place }) => ({
      ...place,
      text: meaning,
      judged: label === 'withdrawn' ? 'unsure' : label,
      by: by ?? '',
    })),
  }))
}

/** Answers whether it said something new. */
export async function submitJudgement(db: Db, judgement: ToSubmit, by: string): Promise<boolean> {
  const { sampleId, path, side, startLine, line, text, category, severity, judged } = judgement
  const { rows } = await db.query<{ version: number }>(
    'select doors.submit_judgement($1, $2, $3, $4, $5, $6, $7, $8, $9, null, $10) as version',
    [
      sampleId,
      storable(path),
      side,
      startLine,
      line,
      storable(text),
      category ?? null,
      severity ?? null,
      judged,
      storable(by),
    ],
  )
  return (rows[0]?.version ?? 0) > 0
}
