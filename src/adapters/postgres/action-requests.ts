import type pg from 'pg'
import type { ListedExperiment } from '../../core/administrator-text.ts'
import type { Subject } from '../../core/meant.ts'
import type { ActionRequests } from '../../ports/administrators.ts'
import type { Db } from './pool.ts'
import { requestAction } from './published-actions.ts'

export function actionRequests(pool: pg.Pool): ActionRequests {
  return {
    request: ({ key, ...action }) => requestAction(pool, { ...action, id: key, source: 'comment' }),
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
