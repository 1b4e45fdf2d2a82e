import type pg from 'pg'
import type { Delivery, DeliveryLog } from '../../ports/stores.ts'
import { unpackPayload } from './delivery-payload.ts'
import { storable, type Db } from './pool.ts'

/** Deliveries for the production worker. */
export function deliveryLog(pool: pg.Pool): DeliveryLog {
  return {
    get: id => getDelivery(pool, id),
    finish: (id, state, outcome) => finishDelivery(pool, id, state, outcome),
    purgePayloads: days => purgePayloads(pool, days),
  }
}

async function getDelivery(db: Db, id: string): Promise<Delivery | null> {
  const { rows } = await db.query<{
    id: string
    event: string
    action: string | null
    installation_id: string | null
    repository_id: string | null
    payload: Buffer
    received_at: Date
    state: Delivery['state']
  }>(
    `select id, event, action, installation_id, repository_id, payload, received_at, state
     from production.deliveries where id = $1 and payload is not null`,
    [id],
  )
  const row = rows[0]
  if (!row) return null
  return {
    id: row.id,
    event: row.event,
    action: row.action,
    installationId: row.installation_id === null ? null : Number(row.installation_id),
    repositoryId: row.repository_id === null ? null : Number(row.repository_id),
    payload: unpackPayload(row.payload),
    receivedAt: row.received_at,
    state: row.state,
  }
}

async function finishDelivery(db: Db, id: string, state: 'done' | 'failed', outcome: string): Promise<void> {
  await db.query(
    'update production.deliveries set state = $2, outcome = $3, finished_at = now() where id = $1',
    [id, state, storable(outcome)],
  )
}

async function purgePayloads(db: Db, olderThanDays: number): Promise<number> {
  const { rowCount } = await db.query(
    `update production.deliveries set payload = null
     where payload is not null and finished_at < now() - make_interval(days => $1)`,
    [olderThanDays],
  )
  return rowCount ?? 0
}

/** Those of these deliveries that have a row, whatever became of it. */
export async function arrivedDeliveries(db: Db, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await db.query<{ id: string }>('select id from production.deliveries where id = any($1)', [
    ids,
  ])
  return new Set(rows.map(row => row.id))
}
