import type pg from 'pg'
import type { ListedExperiment } from '../../core/administrator-text.ts'
import type { ActionRequests } from '../../ports/administrators.ts'
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
  }
}
