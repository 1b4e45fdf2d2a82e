import type pg from 'pg'
import type { Followed, FollowedPullRequests } from '../../ports/feedback.ts'
import { storable, type Db } from './pool.ts'
import { refOf, type PullRequestColumns } from './pull-request-ref.ts'

export function followed(pool: pg.Pool): FollowedPullRequests {
  return {
    async follow(ref, authorId, nextAt) {
      await pool.query(
        `insert into production.followed as known
           (repository_id, number, installation_id, owner, repo, author_id, next_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (repository_id, number) do update set installation_id = excluded.installation_id,
           owner = excluded.owner, repo = excluded.repo, polls = 0, next_at = least(known.next_at, excluded.next_at)`,
        [
          ref.repositoryId,
          ref.number,
          ref.installationId,
          storable(ref.owner),
          storable(ref.repo),
          authorId,
          nextAt,
        ],
      )
    },
    take: (now, retryAt, limit) => take(pool, now, retryAt, limit),
    async polled({ repositoryId, number }, rollups, polls, nextAt) {
      await pool.query(
        `update production.followed set rollups = $3, polls = $4, next_at = $5
         where repository_id = $1 and number = $2`,
        [repositoryId, number, JSON.stringify(rollups), polls, nextAt],
      )
    },
    async putOff({ repositoryId, number }, until) {
      await pool.query(
        'update production.followed set next_at = $3 where repository_id = $1 and number = $2',
        [repositoryId, number, until],
      )
    },
    async unfollow({ repositoryId, number }) {
      await pool.query('delete from production.followed where repository_id = $1 and number = $2', [
        repositoryId,
        number,
      ])
    },
    async closed({ repositoryId, number }, at) {
      await pool.query(
        'update production.followed set closed_at = $3 where repository_id = $1 and number = $2',
        [repositoryId, number, at],
      )
    },
  }
}

async function take(db: Db, now: Date, retryAt: Date, limit: number): Promise<Followed[]> {
  const { rows } = await db.query<
    {
      author_id: string
      rollups: Record<string, string>
      polls: number
      closed_at: Date | null
    } & PullRequestColumns
  >(
    `update production.followed f set next_at = $2
     from (
       select repository_id, number from production.followed
       where next_at <= $1 order by next_at limit $3 for update skip locked
     ) as due
     where f.repository_id = due.repository_id and f.number = due.number
     returning f.installation_id, f.repository_id, f.owner, f.repo, f.number, f.author_id, f.rollups, f.polls, f.closed_at`,
    [now, retryAt, limit],
  )
  return rows.map(row => ({
    ref: refOf(row),
    authorId: Number(row.author_id),
    rollups: row.rollups,
    polls: row.polls,
    closedAt: row.closed_at,
  }))
}
