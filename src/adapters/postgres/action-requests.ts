import type pg from 'pg'
import type { ListedExperiment } from '../../core/administrator-text.ts'
import type { Subject } from '../../core/meant.ts'
import type { ActionRequests } from '../../ports/administrators.ts'
import { storable, type Db } from './pool.ts'

export function actionRequests(pool: pg.Pool): ActionRequests {
  return {
    async request({ key, kind, subject, reason, actor }) {
      await pool.query('select doors.request_action($1, $2, $3, $4, $5, $6)', [
        key,
        kind,
        subject === null ? null : storable(subject),
        storable(reason),
        actor,
        'comment',
      ])
    },
    async experiments() {
      const { rows } = await pool.query<ListedExperiment>(
        'select id, name, state from doors.list_experiments()',
      )
      return rows
    },
    subjects: () => subjects(pool),
  }
}

/** With the rights of cupel_production or cupel_operator. */
export async function subjects(db: Db): Promise<Subject[]> {
  const { rows } = await db.query<Subject>('select kind, id from doors.list_subjects()')
  return rows
}
