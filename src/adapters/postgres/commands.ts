import type pg from 'pg'
import type { Commands } from '../../ports/stores.ts'
import { storable } from './pool.ts'

export function commands(pool: pg.Pool): Commands {
  return {
    async take(command) {
      const inserted = await pool.query(
        `insert into production.commands (comment_id, repository_id, number, login, text)
         values ($1, $2, $3, $4, $5) on conflict (comment_id) do nothing`,
        [
          command.commentId,
          command.repositoryId,
          command.number,
          storable(command.login),
          storable(command.text),
        ],
      )
      if (inserted.rowCount === 1) return 'new'
      const { rows } = await pool.query<{ finished: boolean }>(
        'select finished_at is not null as finished from production.commands where comment_id = $1',
        [command.commentId],
      )
      return rows[0]?.finished ? 'finished' : 'unfinished'
    },
    async finish(commentId, outcome) {
      await pool.query(
        'update production.commands set outcome = $2, finished_at = now() where comment_id = $1',
        [commentId, storable(outcome)],
      )
    },
  }
}
