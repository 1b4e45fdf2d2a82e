import type pg from 'pg'
import type { ReviewRequest, ReviewRequests } from '../../ports/stores.ts'
import { storable } from './pool.ts'
import { refOf, type PullRequestColumns } from './pull-request-ref.ts'

export function reviewRequests(pool: pg.Pool): ReviewRequests {
  return {
    put: request => put(pool, request),
    get: id => get(pool, id),
    finish: (id, outcome) => finish(pool, id, outcome),
    unfinished: (olderThanMs, limit) => unfinished(pool, olderThanMs, limit),
  }
}

/** One that had ended is open again: a draft that was skipped is reviewed once it is ready. */
async function put(pool: pg.Pool, request: ReviewRequest): Promise<void> {
  await pool.query(
    `insert into production.review_requests as known
       (id, installation_id, repository_id, owner, repo, number, head_sha, occasion, label, asked, whole, due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (id) do update set due_at = excluded.due_at, finished_at = null, outcome = null
     where known.finished_at is not null`,
    [
      request.id,
      request.installationId,
      request.repositoryId,
      storable(request.owner),
      storable(request.repo),
      request.number,
      request.headSha,
      request.occasion,
      request.label === null ? null : storable(request.label),
      request.asked,
      request.full,
      request.dueAt,
    ],
  )
}

interface Row extends PullRequestColumns {
  id: string
  head_sha: string
  occasion: string
  label: string | null
  asked: boolean
  whole: boolean
  due_at: Date
}

/** Null when it has ended, or was forgotten with its repository. */
async function get(pool: pg.Pool, id: string): Promise<ReviewRequest | null> {
  const { rows } = await pool.query<Row>(
    `select id, installation_id, repository_id, owner, repo, number, head_sha, occasion, label, asked, whole, due_at
     from production.review_requests where id = $1 and finished_at is null`,
    [id],
  )
  const row = rows[0]
  if (!row) return null
  return {
    id: row.id,
    ...refOf(row),
    headSha: row.head_sha,
    occasion: row.occasion,
    label: row.label,
    asked: row.asked,
    full: row.whole,
    dueAt: row.due_at,
  }
}

async function finish(pool: pg.Pool, id: string, outcome: string): Promise<void> {
  await pool.query(
    'update production.review_requests set finished_at = now(), outcome = $2 where id = $1 and finished_at is null',
    [id, storable(outcome)],
  )
}

async function unfinished(pool: pg.Pool, olderThanMs: number, limit: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id from production.review_requests
     where finished_at is null and due_at < now() - $1 * interval '1 ms' order by due_at limit $2`,
    [olderThanMs, limit],
  )
  return rows.map(row => row.id)
}
