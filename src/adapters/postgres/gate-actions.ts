import type pg from 'pg'
import type { GateAction, GateActions } from '../../ports/gate.ts'
import { storable } from './pool.ts'

/** What administrators asked for, with the rights of cupel_gate. */
export function gateActions(pool: pg.Pool): GateActions {
  return {
    async open() {
      const { rows } = await pool.query<{
        id: string
        kind: GateAction['kind']
        subject: string | null
        reason: string
        actor: string
        source: GateAction['source']
        requested_at: Date
      }>(
        `select id, kind, subject, reason, actor, source, requested_at from gate.actions
         where state = 'open' order by requested_at, id`,
      )
      return rows.map(({ requested_at: requestedAt, ...row }) => ({ ...row, requestedAt }))
    },
    async finish(id, state, outcome) {
      await pool.query(
        `update gate.actions set state = $2, outcome = $3, finished_at = now() where id = $1 and state = 'open'`,
        [id, state, storable(outcome)],
      )
    },
  }
}
