import type pg from 'pg'
import type { Order, Orders, PostedReview } from '../../ports/orders.ts'
import { whileLocked } from './locks.ts'
import type { Db } from './pool.ts'
import { refOf, type PullRequestColumns } from './pull-request-ref.ts'
import { readConfiguration } from './releases.ts'

/** `lockPool`: one connection for the order in hand. */
export function orders(
  pool: pg.Pool,
  lockPool: pg.Pool,
  options: { hasPrompt(name: string): boolean },
): Orders {
  return {
    open: () => open(pool, options.hasPrompt),
    whileHeld: (id, work) => whileLocked(lockPool, `order ${id}`, 'the order’s lock', work),
    async finish(id, result) {
      const { rowCount } = await pool.query(
        `update production.orders set state = 'done', result = $2, finished_at = now() where id = $1 and state = 'open'`,
        [id, JSON.stringify(result)],
      )
      return rowCount === 1
    },
    toWithdraw: (releaseId, limit) => toWithdraw(pool, releaseId, limit),
    async markWithdrawn(reviewId, comments) {
      await pool.query(
        `update production.code_reviews set withdrawn_at = now(), withdrawn_comments = $2 where id = $1 and withdrawn_at is null`,
        [reviewId, comments],
      )
    },
    withdrawn: releaseId => withdrawn(pool, releaseId),
  }
}

async function open(db: Db, hasPrompt: (name: string) => boolean): Promise<Order[]> {
  const { rows } = await db.query<{
    id: string
    kind: Order['kind']
    release_id: string
    configuration: string
    ordered_at: Date
  }>(
    `select o.id, o.kind, o.release_id, r.configuration, o.ordered_at
     from production.orders o join production.releases r on r.id = o.release_id
     where o.state = 'open' order by o.ordered_at`,
  )
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    releaseId: row.release_id,
    configuration: readConfiguration(row.configuration, hasPrompt),
    orderedAt: row.ordered_at,
  }))
}

async function toWithdraw(db: Db, releaseId: string, limit: number): Promise<PostedReview[]> {
  const { rows } = await db.query<PullRequestColumns & { id: string; marker: string }>(
    `select id, marker, installation_id, repository_id, owner, repo, number from production.code_reviews
     where release_id = $1 and review_id is not null and finished_at is not null and withdrawn_at is null
     order by created_at limit $2`,
    [releaseId, limit],
  )
  return rows.map(({ id, marker, ...row }) => ({ id, marker, ref: refOf(row) }))
}

async function withdrawn(
  db: Db,
  releaseId: string,
): Promise<{ reviews: number; comments: number; underway: number }> {
  const { rows } = await db.query<Record<'reviews' | 'comments' | 'underway', string>>(
    `select count(*) filter (where withdrawn_at is not null) as reviews, coalesce(sum(withdrawn_comments), 0) as comments,
       count(*) filter (where finished_at is null and created_at > now() - interval '1 hour') as underway
     from production.code_reviews where release_id = $1`,
    [releaseId],
  )
  const [row] = rows
  return {
    reviews: Number(row?.reviews ?? 0),
    comments: Number(row?.comments ?? 0),
    underway: Number(row?.underway ?? 0),
  }
}
