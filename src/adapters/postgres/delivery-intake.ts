import type pg from 'pg'
import type { DeliveryIntake, NewDelivery } from '../../ports/stores.ts'
import { packPayload } from './delivery-payload.ts'
import { storable, type Db } from './pool.ts'

/** Deliveries for the web process: works with the rights of cupel_web. */
export function deliveryIntake(pool: pg.Pool): DeliveryIntake {
  return {
    insert: deliveries => insertDeliveries(pool, deliveries),
    markQueued: ids => markQueued(pool, ids),
    unqueued: (olderThanMs, limit) => unqueued(pool, olderThanMs, limit),
  }
}

/**
 * One statement however many rows, so one commit (one fsync) for a batch. In order of id: two processes that
 * were sent the same deliveries would otherwise wait for each other.
 */
async function insertDeliveries(db: Db, deliveries: readonly NewDelivery[]): Promise<Set<string>> {
  if (deliveries.length === 0) return new Set()
  const { rows } = await db.query<{ id: string }>(
    `insert into production.deliveries (id, event, action, installation_id, repository_id, payload)
     select d.id, d.event, d.action, d.installation_id, d.repository_id, d.payload
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[])
       as d (id, event, action, installation_id, repository_id, payload) order by d.id
     on conflict (id) do nothing
     returning id`,
    [
      deliveries.map(d => d.id),
      deliveries.map(d => storable(d.event)),
      deliveries.map(d => (d.action === null ? null : storable(d.action))),
      deliveries.map(d => d.installationId),
      deliveries.map(d => d.repositoryId),
      deliveries.map(d => packPayload(d.payload)),
    ],
  )
  return new Set(rows.map(row => row.id))
}

/** Its commit waits for no disk: a mark that is lost makes the sweeper add a job that exists, which changes nothing. */
async function markQueued(db: Db, ids: readonly string[]): Promise<void> {
  await db.query(
    `update production.deliveries set state = 'queued', queued_at = now()
     from (select set_config('synchronous_commit', 'off', true) as value) as commit
     where id = any($1) and state in ('received', 'queued') and commit.value = 'off'`,
    [ids],
  )
}

/**
 * Also the rows that were queued more than ten minutes ago (or `olderThanMs`, if longer) and are still not finished:
 * a queue that lost its memory has no job for them. Adding the job again changes nothing where it still exists.
 */
async function unqueued(db: Db, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from production.deliveries
     where finished_at is null and (
           (state = 'received' and received_at <= now() - make_interval(secs => $1::float8 / 1000))
        or (state = 'queued' and queued_at <= now() - make_interval(secs => greatest($1::float8 / 1000, 600))))
     order by received_at limit $2`,
    [olderThanMs, limit],
  )
  return rows.map(row => row.id)
}
