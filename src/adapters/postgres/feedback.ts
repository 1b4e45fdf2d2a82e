import type pg from 'pg'
import type { FeedbackPlace, SignalKind, Standing } from '../../core/feedback.ts'
import type { Signal } from '../../core/feedback.ts'
import type { Finding } from '../../core/review/finding.ts'
import type { FeedbackStore, NewSignal, PostedFinding } from '../../ports/feedback.ts'
import { storable, type Db } from './pool.ts'

export function feedback(pool: pg.Pool): FeedbackStore {
  return {
    record: signals => record(pool, signals),
    of: (repositoryId, number) => signalsOf(pool, repositoryId, number),
    posted: (repositoryId, number) => posted(pool, repositoryId, number),
    tie: (repositoryId, number, comments) => tie(pool, repositoryId, number, comments),
  }
}

async function record(db: Db, signals: readonly NewSignal[]): Promise<NewSignal[]> {
  const added: NewSignal[] = []
  for (const signal of signals) {
    const { rowCount } = await db.query(
      `insert into production.feedback (repository_id, number, comment_id, fingerprint, kind, author_id, author_login,
         standing, content, place, removed, given_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
      [
        signal.repositoryId,
        signal.number,
        signal.commentId,
        signal.fingerprint,
        signal.kind,
        signal.authorId,
        storable(signal.authorLogin),
        signal.standing,
        storable(signal.content),
        signal.place === null ? null : JSON.stringify(signal.place),
        signal.removed,
        signal.givenAt,
      ],
    )
    if (rowCount === 1) added.push(signal)
  }
  return added
}

interface Row {
  id: string
  comment_id: string
  fingerprint: string | null
  kind: SignalKind
  author_id: string
  author_login: string
  standing: Standing
  content: string
  place: FeedbackPlace | null
  removed: boolean
  given_at: Date
}

const columns = `id, comment_id, fingerprint, kind, author_id, author_login, standing, content, place, removed, given_at`

async function signalsOf(db: Db, repositoryId: number, number: number): Promise<Signal[]> {
  const { rows } = await db.query<Row>(
    `select ${columns} from production.feedback where repository_id = $1 and number = $2 order by id`,
    [repositoryId, number],
  )
  return rows.map(signalOf)
}

/** What is published to the operator of the same rows. */
export async function publishedSignals(db: Db, repositoryId: number, number: number): Promise<Signal[]> {
  const { rows } = await db.query<Row>(
    `select ${columns} from production.published_feedback where repository_id = $1 and number = $2 order by id`,
    [repositoryId, number],
  )
  return rows.map(signalOf)
}

function signalOf(row: Row): Signal {
  return {
    id: Number(row.id),
    commentId: Number(row.comment_id),
    fingerprint: row.fingerprint,
    kind: row.kind,
    authorId: Number(row.author_id),
    authorLogin: row.author_login,
    standing: row.standing,
    content: row.content,
    place: row.place,
    removed: row.removed,
    givenAt: row.given_at,
  }
}

async function posted(db: Db, repositoryId: number, number: number): Promise<PostedFinding[]> {
  const { rows } = await db.query<{
    finding: Finding
    head_sha: string
    comment_id: string | null
    posted_at: Date
  }>(
    `select f.finding, r.head_sha, f.comment_id, coalesce(r.posted_at, r.created_at) as posted_at
     from production.review_findings f join production.code_reviews r on r.id = f.code_review_id
     where r.repository_id = $1 and r.number = $2 and f.state = 'inline' and r.review_id is not null
     order by r.created_at, f.position`,
    [repositoryId, number],
  )
  return rows.map(row => ({
    finding: row.finding,
    headSha: row.head_sha,
    commentId: row.comment_id === null ? null : Number(row.comment_id),
    postedAt: row.posted_at,
  }))
}

async function tie(
  db: Db,
  repositoryId: number,
  number: number,
  comments: readonly { commentId: number; fingerprint: string }[],
): Promise<void> {
  await db.query(
    `update production.review_findings f set comment_id = c.comment_id
     from unnest($3::bigint[], $4::text[]) as c (comment_id, fingerprint), production.code_reviews r
     where r.id = f.code_review_id and r.repository_id = $1 and r.number = $2
       and f.state = 'inline' and f.fingerprint = c.fingerprint and f.comment_id is null`,
    [repositoryId, number, comments.map(each => each.commentId), comments.map(each => each.fingerprint)],
  )
}
