import type { GateAction } from '../../ports/gate.ts'
import type { PublishedAction } from '../../ports/published.ts'
import { storable, type Db } from './pool.ts'

/** `evidence`: what is new since a configuration failed, as far as it was said. */
type Requested = Omit<GateAction, 'requestedAt'> & { evidence?: string | null | undefined }

/** Door `request_action`: whoever asks twice under one id asks once. */
export async function requestAction(
  db: Db,
  { id, kind, subject, reason, actor, source, evidence }: Requested,
): Promise<void> {
  await db.query('select doors.request_action($1, $2, $3, $4, $5, $6, $7)', [
    id,
    kind,
    subject === null ? null : storable(subject),
    storable(reason),
    storable(actor),
    source,
    evidence === undefined || evidence === null ? null : storable(evidence),
  ])
}

const columns =
  'id, kind, subject, reason, actor, source, requested_at as "requestedAt", state, outcome, finished_at as "finishedAt", evidence'

/** Newest first; with the rights of cupel_operator. */
export async function publishedActions(db: Db, limit: number): Promise<PublishedAction[]> {
  const { rows } = await db.query<PublishedAction>(
    `select ${columns} from gate.published_actions order by requested_at desc, id limit $1`,
    [limit],
  )
  return rows
}

export async function publishedAction(db: Db, id: string): Promise<PublishedAction | null> {
  const { rows } = await db.query<PublishedAction>(
    `select ${columns} from gate.published_actions where id = $1`,
    [id],
  )
  return rows[0] ?? null
}
