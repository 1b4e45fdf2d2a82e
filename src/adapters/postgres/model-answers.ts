import type { ModelAnswers, StoredAnswer } from '../../ports/model-answers.ts'
import { deleteInBatches } from './delete-in-batches.ts'
import type { Db } from './pool.ts'

/** A pool for look-ups beside a zone's own, in milliseconds: what is slower than this is asked of a model. */
export const answerPoolOptions = {
  max: 2,
  statementTimeoutMs: 2_000,
  queryTimeoutMs: 4_000,
  applicationName: 'cupel answers',
} as const

const places = {
  production: {
    table: 'production.model_answers',
    subject: 'repository_id',
    // Gone once the App is removed from the repository.
    known: 'select from production.pull_requests p where p.repository_id = $1',
  },
  experiments: {
    table: 'experiments_v1.model_answers',
    subject: 'sample_id',
    known: 'select from experiments_v1.samples s where s.id = $1 and s.snapshot is not null',
  },
} as const
type Place = (typeof places)[keyof typeof places]

/** Stored answers of a zone, with the rights of its worker. */
export function modelAnswers(db: Db, zone: keyof typeof places): ModelAnswers {
  const place = places[zone]
  return {
    find: (subject, keys, since) => find(db, place, subject, keys, since),
    put: (subject, key, answer, at) => put(db, place, subject, key, answer, at),
    purge: before =>
      deleteInBatches(
        db,
        place.table,
        [place.subject, 'key'],
        { where: 'answered_at < $1', oldest: 'answered_at' },
        [before],
      ),
  }
}

async function find(
  db: Db,
  { table, subject: column }: Place,
  subject: string,
  keys: readonly string[],
  since: Date,
): Promise<Map<string, StoredAnswer>> {
  const { rows } = await db.query<{
    key: string
    answer: string
    repaired: boolean
    input_tokens: string
    output_tokens: string
    usd: string | null
  }>(
    `select key, answer, repaired, input_tokens, output_tokens, usd from ${table}
     where ${column} = $1 and key = any ($2) and answered_at >= $3`,
    [subject, keys, since],
  )
  return new Map(
    rows.map(row => {
      const cost = {
        inputTokens: Number(row.input_tokens),
        outputTokens: Number(row.output_tokens),
        ...(row.usd !== null && { usd: Number(row.usd) }),
      }
      return [row.key, { text: row.answer, repaired: row.repaired, cost }]
    }),
  )
}

async function put(
  db: Db,
  { table, subject: column, known }: Place,
  subject: string,
  key: string,
  { text, repaired, cost }: StoredAnswer,
  at: Date,
): Promise<void> {
  await db.query(
    // What a crash of the server forgets is asked again; waiting for the disk slows the reviews beside it.
    `with fast as (select set_config('synchronous_commit', 'off', true))
     insert into ${table} as known (${column}, key, answer, repaired, input_tokens, output_tokens, usd, answered_at)
     select $1, $2, $3, $4, $5, $6, $7, $8 from fast where exists (${known})
     on conflict (${column}, key) do update set answer = excluded.answer, repaired = excluded.repaired,
       input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, usd = excluded.usd,
       answered_at = excluded.answered_at
     where known.answered_at < excluded.answered_at`,
    [
      subject,
      key,
      text,
      repaired,
      cost.inputTokens,
      cost.outputTokens,
      cost.usd === undefined ? null : cost.usd.toFixed(6),
      at,
    ],
  )
}
