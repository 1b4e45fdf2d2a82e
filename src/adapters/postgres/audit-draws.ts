import type pg from 'pg'
import type { AuditDraws } from '../../ports/scoring.ts'

/** The days of the audit draw, with the rights of cupel_gate; the draw itself happens in the door submit_sample. */
export function auditDraws(pool: pg.Pool): AuditDraws {
  return {
    async unset(days) {
      const { rows } = await pool.query<{ day: string }>(
        `select u.day from unnest($1::text[]) as u (day)
         where not exists (select 1 from gate.audit_days d where d.day = u.day::date) order by u.day`,
        [days],
      )
      return rows.map(row => row.day)
    },
    async setDay(day, { probability, budget, seed }) {
      const { rowCount } = await pool.query(
        `insert into gate.audit_days (day, probability, budget, seed) values ($1, $2, $3, $4)
         on conflict (day) do nothing`,
        [day, probability, budget, seed],
      )
      return rowCount === 1
    },
    async recent(days) {
      const { rows } = await pool.query<{ hunks: string; days: number }>(
        `select coalesce(sum(least(s.hunks, 8)), 0) as hunks,
           coalesce(extract(epoch from now() - min(s.taken_at)) / 86400, 0)::float8 as days
         from experiments_v1.samples s where s.taken_at > now() - make_interval(days => $1)`,
        [days],
      )
      return { hunks: Number(rows[0]?.hunks ?? 0), days: rows[0]?.days ?? 0 }
    },
  }
}
