import type pg from 'pg'
import type { LabelCoverage } from '../../ports/scoring.ts'

/** One row of sums per experiment: cheap however many runs there were. */
export async function labelCoverage(pool: pg.Pool): Promise<LabelCoverage> {
  const { rows } = await pool.query<Record<keyof LabelCoverage, string>>(
    `select coalesce(sum((t.sums ->> 'hunks')::bigint), 0) as hunks,
       coalesce(sum((t.sums ->> 'labelled')::bigint), 0) as "labelledHunks",
       coalesce(sum((t.sums ->> 'findings')::bigint), 0) as findings,
       coalesce(sum((t.sums ->> 'findings')::bigint - (t.sums ->> 'unjudged')::bigint), 0) as "judgedFindings"
     from gate.tallies t where t.kind = 'live'`,
  )
  const [row] = rows
  return {
    hunks: Number(row?.hunks ?? 0),
    labelledHunks: Number(row?.labelledHunks ?? 0),
    findings: Number(row?.findings ?? 0),
    judgedFindings: Number(row?.judgedFindings ?? 0),
  }
}
