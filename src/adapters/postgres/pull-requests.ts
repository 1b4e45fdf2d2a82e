import type pg from 'pg'
import type { PullRequests, PullRequestState } from '../../ports/stores.ts'
import { inTransaction, storable, type Db } from './pool.ts'

type Event = Parameters<PullRequests['observe']>[0]
type Scope = Parameters<PullRequests['forget']>[0]

export function pullRequests(pool: pg.Pool): PullRequests {
  return {
    observe: event => observe(pool, event),
    get: (repositoryId, number) => get(pool, repositoryId, number),
    markAsked: (repositoryId, number, at) => markAsked(pool, repositoryId, number, at),
    setPaused: (repositoryId, number, paused) => setPaused(pool, repositoryId, number, paused),
    forget: scope => inTransaction(pool, db => forget(db, scope)),
  }
}

interface Row {
  repository_id: string
  number: number
  head_sha: string
  previous_head_sha: string | null
  head_updated_at: Date
  open: boolean
  paused: boolean
  last_asked_at: Date | null
}

const columns =
  'repository_id, number, head_sha, previous_head_sha, head_updated_at, open, paused, last_asked_at'

/**
 * The code host's times have whole seconds, so two pushes may carry the same one. Then a head not seen before
 * at that time is taken as the newer (if it was not, a review was asked for and reads the true head anyway),
 * and one that another head has already replaced is the old event come again.
 */
async function observe(db: Db, event: Event): ReturnType<PullRequests['observe']> {
  const { rows } = await db.query<Row>(
    `insert into production.pull_requests as known
       (installation_id, repository_id, owner, repo, number, head_sha, head_updated_at, open, heads_at_that_time)
     values ($1, $2, $3, $4, $5, $6, $7, $8, array[$6::text])
     on conflict (repository_id, number) do update set
       installation_id = excluded.installation_id,
       owner = excluded.owner,
       repo = excluded.repo,
       previous_head_sha = known.head_sha,
       head_sha = excluded.head_sha,
       head_updated_at = excluded.head_updated_at,
       open = excluded.open,
       heads_at_that_time = case
         when known.head_updated_at < excluded.head_updated_at then excluded.heads_at_that_time
         when known.head_sha = excluded.head_sha then known.heads_at_that_time
         else known.heads_at_that_time || excluded.head_sha end
     where known.head_updated_at < excluded.head_updated_at
        or (known.head_updated_at = excluded.head_updated_at
            and (known.head_sha = excluded.head_sha or excluded.head_sha <> all (known.heads_at_that_time)))
     returning ${columns}`,
    [
      event.installationId,
      event.repositoryId,
      storable(event.owner),
      storable(event.repo),
      event.number,
      event.headSha,
      event.updatedAt,
      event.open,
    ],
  )
  const row = rows[0]
  if (row) return { state: stateOf(row), newHead: row.previous_head_sha !== row.head_sha, stale: false }
  const state = await get(db, event.repositoryId, event.number)
  // Forgotten between the two statements: nothing is kept, so the event is news.
  return state ? { state, newHead: false, stale: true } : observe(db, event)
}

async function get(db: Db, repositoryId: number, number: number): Promise<PullRequestState | null> {
  const { rows } = await db.query<Row>(
    `select ${columns} from production.pull_requests where repository_id = $1 and number = $2`,
    [repositoryId, number],
  )
  return rows[0] ? stateOf(rows[0]) : null
}

function stateOf(row: Row): PullRequestState {
  return {
    repositoryId: Number(row.repository_id),
    number: row.number,
    headSha: row.head_sha,
    headUpdatedAt: row.head_updated_at,
    open: row.open,
    paused: row.paused,
    lastAskedAt: row.last_asked_at,
  }
}

async function markAsked(db: Db, repositoryId: number, number: number, at: Date): Promise<void> {
  await db.query(
    `update production.pull_requests set last_asked_at = greatest(last_asked_at, $3)
     where repository_id = $1 and number = $2`,
    [repositoryId, number, at],
  )
}

async function setPaused(db: Db, repositoryId: number, number: number, paused: boolean): Promise<void> {
  await db.query('update production.pull_requests set paused = $3 where repository_id = $1 and number = $2', [
    repositoryId,
    number,
    paused,
  ])
}

/**
 * Feedback, commands and models' answers have no installation: they go with the repositories that the scope's rows name. So do the
 * texts of samples, which lie behind a door.
 */
async function forget(db: Db, scope: Scope): Promise<number> {
  const only = scope.repositoryIds ? [...scope.repositoryIds] : null
  const sampled = await db.query<{ repository_id: string }>(
    `select distinct repository_id from production.sampled
     where installation_id = $1 and ($2::bigint[] is null or repository_id = any($2))`,
    [scope.installationId, only],
  )
  if (sampled.rows.length > 0)
    await db.query('select doors.forget_samples($1, null)', [sampled.rows.map(row => row.repository_id)])
  const { rows } = await db.query<{ repository_id: string }>(
    `select repository_id from production.pull_requests
       where installation_id = $1 and ($2::bigint[] is null or repository_id = any($2))
     union select repository_id from production.code_reviews
       where installation_id = $1 and ($2::bigint[] is null or repository_id = any($2))
     union select repository_id from production.deliveries
       where installation_id = $1 and ($2::bigint[] is null or repository_id = any($2))`,
    [scope.installationId, only],
  )
  const repositories = rows.map(row => row.repository_id)
  const installation = [
    `delete from production.review_findings f using production.code_reviews r where f.code_review_id = r.id
       and r.installation_id = $1 and ($2::bigint[] is null or r.repository_id = any($2))`,
    ...[
      'code_reviews',
      'review_requests',
      'pull_requests',
      'deliveries',
      'followed',
      'sampled',
      'answers',
    ].map(
      table => `delete from production.${table}
        where installation_id = $1 and ($2::bigint[] is null or repository_id = any($2))`,
    ),
  ]
  const byRepository = ['feedback', 'commands', 'model_answers'].map(
    table => `delete from production.${table} where repository_id = any($1)`,
  )
  let deleted = 0
  for (const text of installation)
    deleted += (await db.query(text, [scope.installationId, only])).rowCount ?? 0
  for (const text of byRepository) deleted += (await db.query(text, [repositories])).rowCount ?? 0
  return deleted
}
