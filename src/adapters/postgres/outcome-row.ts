import type { StoredOutcome } from '../../core/gate/outcome.ts'
import type { Counts } from '../../core/score/hunks.ts'

/** A final outcome beside the time of its sample, as a query gets it. */
export interface OutcomeRow {
  /** A bigint: kept as text. */
  sequence: string
  sample_id: string
  taken_at: Date
  counts: Counts
  baseline_counts: Counts
  language: string
  changed_lines: number
}

export function outcomeOf(row: OutcomeRow): StoredOutcome & { sequence: string; sampleId: string } {
  return {
    sequence: row.sequence,
    sampleId: row.sample_id,
    takenAt: row.taken_at.getTime(),
    counts: row.counts,
    baseline: row.baseline_counts,
    language: row.language,
    changedLines: row.changed_lines,
  }
}
