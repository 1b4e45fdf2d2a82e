import type pg from 'pg'
import type { Finding, Severity } from '../../core/review/finding.ts'
import type {
  ReviewKey,
  ReviewRow,
  Reviews,
  ReviewState,
  Rounds,
  StoredExamination,
} from '../../ports/stores.ts'
import { readExamination, saveExamination } from './examinations.ts'
import { inTransaction, storable, type Db } from './pool.ts'
import { refOf, type PullRequestColumns } from './pull-request-ref.ts'

export function reviews(pool: pg.Pool): Reviews {
  return {
    open: (key, now, dueAt) => open(pool, key, now, dueAt),
    rounds: (repositoryId, number, exceptReviewId) => rounds(pool, repositoryId, number, exceptReviewId),
    saveCheck: (id, checkId) => saveCheck(pool, id, checkId),
    saveExamination: (id, examination) => inTransaction(pool, db => saveExamination(db, id, examination)),
    savePosted: (id, posted) => inTransaction(pool, db => savePosted(db, id, posted)),
    finish: (id, state, outcome) => finish(pool, id, state, outcome),
    get: id => get(pool, id),
    unfinished: (repositoryId, number, occasion) => unfinished(pool, repositoryId, number, occasion),
    findingByFingerprint: (repositoryId, number, fingerprint) =>
      findingByFingerprint(pool, repositoryId, number, fingerprint),
  }
}

interface Row extends PullRequestColumns {
  head_sha: string
  release_id: string
  occasion: string
  id: string
  state: ReviewState
  marker: string
  check_id: string | null
  review_id: string | null
  created_at: Date
  base_sha: string | null
}

const columns = `installation_id, repository_id, owner, repo, number, head_sha, release_id, occasion,
  id, state, marker, check_id, review_id, created_at, base_sha`

async function open(db: Db, key: ReviewKey, now: Date, dueAt = now): Promise<ReviewRow> {
  const unique = [key.repositoryId, key.number, key.headSha, key.releaseId, key.occasion]
  const inserted = await db.query<Row>(
    `insert into production.code_reviews as known
       (repository_id, number, head_sha, release_id, occasion, installation_id, owner, repo, created_at, due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (repository_id, number, head_sha, release_id, occasion) do update
       set state = 'started', conclusion = null, detail = null, finished_at = null, due_at = excluded.due_at,
         begun_at = null, healthy = null, attributable = null
       where known.state in ('skipped', 'superseded', 'failed')
     returning ${columns}`,
    [...unique, key.installationId, key.owner, key.repo, now, dueAt],
  )
  let row = inserted.rows[0]
  if (!row) {
    const known = await db.query<Row>(
      `select ${columns} from production.code_reviews
       where repository_id = $1 and number = $2 and head_sha = $3 and release_id = $4 and occasion = $5`,
      unique,
    )
    row = known.rows[0]
  }
  // Deleted between the two statements (the App was removed): begin again.
  return row ? reviewOf(db, row) : open(db, key, now, dueAt)
}

async function get(db: Db, id: string): Promise<ReviewRow | null> {
  const { rows } = await db.query<Row>(`select ${columns} from production.code_reviews where id = $1`, [
    storable(id),
  ])
  return rows[0] ? reviewOf(db, rows[0]) : null
}

async function unfinished(
  db: Db,
  repositoryId: number,
  number: number,
  occasion: string,
): Promise<ReviewRow[]> {
  const { rows } = await db.query<Row>(
    `select ${columns} from production.code_reviews
     where repository_id = $1 and number = $2 and occasion = $3 and finished_at is null order by created_at`,
    [repositoryId, number, occasion],
  )
  return Promise.all(rows.map(row => reviewOf(db, row)))
}

async function reviewOf(db: Db, row: Row): Promise<ReviewRow> {
  return {
    ...refOf(row),
    headSha: row.head_sha,
    releaseId: row.release_id,
    occasion: row.occasion,
    id: row.id,
    state: row.state,
    marker: row.marker,
    checkId: row.check_id === null ? null : Number(row.check_id),
    reviewId: row.review_id === null ? null : Number(row.review_id),
    createdAt: row.created_at,
    examination: row.base_sha === null ? null : await readExamination(db, row.id),
  }
}

async function rounds(db: Db, repositoryId: number, number: number, exceptId: string): Promise<Rounds> {
  const finished = await db.query<{ count: string }>(
    `select count(*) from production.code_reviews
     where repository_id = $1 and number = $2 and id <> $3 and state = 'done' and withdrawn_at is null`,
    [repositoryId, number, exceptId],
  )
  const last = await db.query<{ release_id: string; line_digests: StoredExamination['lineDigests'] | null }>(
    `select release_id, line_digests from production.code_reviews
     where repository_id = $1 and number = $2 and id <> $3 and state = 'done' and base_sha is not null and withdrawn_at is null
     order by created_at desc, finished_at desc limit 1`,
    [repositoryId, number, exceptId],
  )
  const posted = await db.query<{
    fingerprint: string
    path: string
    severity: Severity
    comment_id: string | null
  }>(
    `select f.fingerprint, f.path, f.severity, f.comment_id
     from production.review_findings f join production.code_reviews r on r.id = f.code_review_id
     where r.repository_id = $1 and r.number = $2 and r.id <> $3 and f.state = 'inline' and r.review_id is not null
       and r.withdrawn_at is null
     order by r.created_at, f.position`,
    [repositoryId, number, exceptId],
  )
  return {
    count: Number(finished.rows[0]?.count ?? 0),
    lastReleaseId: last.rows[0]?.release_id ?? null,
    lineDigests: last.rows[0]?.line_digests ?? {},
    posted: posted.rows.map(row => ({
      fingerprint: row.fingerprint,
      path: row.path,
      severity: row.severity,
      commentId: row.comment_id === null ? null : Number(row.comment_id),
    })),
  }
}

async function saveCheck(db: Db, id: string, checkId: number): Promise<void> {
  await db.query(
    'update production.code_reviews set check_id = $2, begun_at = coalesce(begun_at, now()) where id = $1',
    [id, checkId],
  )
}

async function savePosted(db: Db, id: string, posted: Parameters<Reviews['savePosted']>[1]): Promise<void> {
  await db.query(
    `update production.code_reviews set review_id = $2, posted_at = coalesce(posted_at, now()),
       state = case when state in ('started', 'examined') then 'posted' else state end
     where id = $1`,
    [id, posted.reviewId],
  )
  await db.query(
    `update production.review_findings f set comment_id = c.comment_id
     from unnest($2::text[], $3::bigint[]) as c (fingerprint, comment_id)
     where f.code_review_id = $1 and f.state = 'inline' and f.fingerprint = c.fingerprint`,
    [id, posted.comments.map(c => c.fingerprint), posted.comments.map(c => c.commentId)],
  )
}

async function finish(
  db: Db,
  id: string,
  state: 'done' | 'skipped' | 'superseded' | 'failed',
  outcome: Parameters<Reviews['finish']>[2],
): Promise<void> {
  await db.query(
    `update production.code_reviews set state = $2, conclusion = $3, detail = $4, finished_at = now(), healthy = $5,
       attributable = $6 where id = $1`,
    [
      id,
      state,
      storable(outcome.conclusion),
      storable(outcome.detail),
      outcome.health?.healthy ?? null,
      outcome.health?.attributable ?? null,
    ],
  )
}

async function findingByFingerprint(
  db: Db,
  repositoryId: number,
  number: number,
  fingerprint: string,
): ReturnType<Reviews['findingByFingerprint']> {
  const { rows } = await db.query<{ finding: Finding; release_id: string; created_at: Date }>(
    `select f.finding, r.release_id, r.created_at
     from production.review_findings f join production.code_reviews r on r.id = f.code_review_id
     where r.repository_id = $1 and r.number = $2 and f.fingerprint = $3
     order by (f.state = 'inline') desc, r.created_at desc limit 1`,
    [repositoryId, number, storable(fingerprint)],
  )
  const row = rows[0]
  return row ? { finding: row.finding, releaseId: row.release_id, createdAt: row.created_at } : null
}
