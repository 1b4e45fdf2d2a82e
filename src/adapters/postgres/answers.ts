import type pg from 'pg'
import type { ActionForm } from '../../core/administrator-text.ts'
import type { Answers, AskedByComment, DueAnswer } from '../../ports/administrators.ts'
import { storable, type Db } from './pool.ts'
import { refOf, type PullRequestColumns } from './pull-request-ref.ts'

export function answers(pool: pg.Pool): Answers {
  return {
    expect: (asked, dueAt) => expectAnswer(pool, asked, dueAt),
    async acknowledged(actionId, commentId, now) {
      await pool.query(
        'update production.answers set comment_id = $2, next_at = $3 where action_id = $1 and finished_at is null',
        [actionId, commentId, now],
      )
    },
    take: (now, retryAt, limit) => take(pool, now, retryAt, limit),
    async putOff(actionId, until) {
      await pool.query('update production.answers set next_at = $2 where action_id = $1', [actionId, until])
    },
    async finish(actionId, outcome) {
      await pool.query(
        `update production.answers set outcome = $2, finished_at = now() where action_id = $1 and finished_at is null`,
        [actionId, storable(outcome)],
      )
    },
  }
}

async function expectAnswer(
  db: Db,
  { actionId, ref, threadId, form, subject }: AskedByComment,
  dueAt: Date,
): ReturnType<Answers['expect']> {
  await db.query(
    `insert into production.answers
       (action_id, installation_id, repository_id, owner, repo, number, thread_id, form, subject, next_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (action_id) do nothing`,
    [
      actionId,
      ref.installationId,
      ref.repositoryId,
      storable(ref.owner),
      storable(ref.repo),
      ref.number,
      threadId,
      form,
      subject === null ? null : storable(subject),
      dueAt,
    ],
  )
  const { rows } = await db.query<{ acknowledged: boolean; ended: boolean }>(
    `select comment_id is not null as acknowledged, finished_at is not null as ended
     from production.answers where action_id = $1`,
    [actionId],
  )
  return rows[0]?.ended ? 'ended' : rows[0]?.acknowledged ? 'acknowledged' : 'new'
}

async function take(db: Db, now: Date, retryAt: Date, limit: number): Promise<DueAnswer[]> {
  const { rows } = await db.query<
    {
      action_id: string
      thread_id: string | null
      form: ActionForm
      subject: string | null
      comment_id: string | null
      state: DueAnswer['state']
      outcome: string
      answered_at: Date
    } & PullRequestColumns
  >(
    `update production.answers a set next_at = $2
     from (
       select w.action_id, g.state, g.outcome, g.answered_at
       from production.answers w join production.gate_answers g on g.action_id = w.action_id
       where w.finished_at is null and w.next_at <= $1 order by w.next_at limit $3 for update of w skip locked
     ) as due
     where a.action_id = due.action_id
     returning a.action_id, a.installation_id, a.repository_id, a.owner, a.repo, a.number, a.thread_id, a.form, a.subject,
       a.comment_id, due.state, due.outcome, due.answered_at`,
    [now, retryAt, limit],
  )
  return rows.map(row => ({
    actionId: row.action_id,
    ref: refOf(row),
    threadId: row.thread_id === null ? null : Number(row.thread_id),
    form: row.form,
    subject: row.subject,
    commentId: row.comment_id === null ? null : Number(row.comment_id),
    state: row.state,
    outcome: row.outcome,
    answeredAt: row.answered_at,
  }))
}
