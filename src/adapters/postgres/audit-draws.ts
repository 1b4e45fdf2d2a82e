import type pg from 'pg'
import type { AuditDraws } from '../../ports/scoring.ts'

/** The days of the audit draw, with the rights of cupel_gate; the draw itself happens in the door submit_sample. */
export function auditDraws(pool: pg.Pool): AuditDraws {
  return {
    async setDay(day, { probability, budget, seed }) {
      const { rowCount } = await pool.query(
        `insert into gate.audit_days (day, probability, budget, seed) values ($1, $2, $3, $4)
         on conflict (day) do nothing`,
        [day, probability, budget, seed],
      )
      return rowCount === 1
    },
    async recent(days) {
      const { rows } = await pool.query<{ samples: string; hunks: string }>(
        `select count(*) as samples, coalesce(sum(least(s.hunks, 8)), 0) as hunks from experiments_v1.samples s
         where s.taken_at > now() - make_interval(days => $1)`,
        [days],
      )
      return { samples: Number(rows[0]?.samples ?? 0), hunks: Number(rows[0]?.hunks ?? 0) }
    },
  }
}
