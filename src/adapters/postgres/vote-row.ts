import type { Vote } from '../../core/label.ts'

/** A label in its newest version, as a query gets it. */
export interface VoteRow {
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
  /** A bigint: comes as text. */
  author_id: string | null
}

/** Withdrawn ones are left out. */
export function votesOf(rows: readonly VoteRow[]): Vote[] {
  return rows.flatMap(row =>
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
  )
}
