import type pg from 'pg'
import type { Readmissions } from '../../ports/experiments.ts'

/** Granted re-evaluations as V1 takes them up, with the rights of cupel_experiments. */
export function readmissions(pool: pg.Pool): Readmissions {
  return {
    async open() {
      const { rows } = await pool.query<{ id: string; configuration_id: string }>(
        `select r.id, r.configuration_id from experiments_v1.readmissions r
         where not exists (select 1 from experiments_v1.experiments e where e.id = r.id) order by r.granted_at, r.id`,
      )
      return rows.map(row => ({ id: row.id, configurationId: row.configuration_id }))
    },
    async begin(grantId, canonical) {
      const { rowCount } = await pool.query(
        `insert into experiments_v1.experiments
           (id, name, parent_id, author, author_kind, rate, budget_usd, configuration_id, configuration)
         select r.id, p.name, p.id, r.actor, 're-evaluation', p.rate, p.budget_usd, r.configuration_id, $2
         from experiments_v1.readmissions r join experiments_v1.experiments p on p.id = r.parent_id where r.id = $1
         on conflict (id) do nothing`,
        [grantId, canonical],
      )
      return rowCount === 1
    },
  }
}
