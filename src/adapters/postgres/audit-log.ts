import type pg from 'pg'
import { verifyChain, type AuditHead, type ChainVerdict } from '../../core/audit.ts'
import { canonicalJson } from '../../core/ids.ts'
import type { AuditLog } from '../../ports/stores.ts'
import { storable, type Db } from './pool.ts'

export function auditLog(pool: Db): AuditLog {
  return {
    async append(event) {
      const { rows } = await pool.query<{ sequence: string }>(
        'select doors.append_audit($1, $2, $3, $4) as sequence',
        [storable(event.actor), storable(event.action), storable(event.subject), storableJson(event.data)],
      )
      return Number(rows[0]?.sequence)
    },
  }
}

/** PostgreSQL reads no JSON in which a string holds NUL or half a surrogate pair, not even beside the key it looks for. */
function storableJson(value: unknown): string {
  const text = JSON.stringify(value).replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f]..)/g, '$1\\ufffd')
  return canonicalJson(JSON.parse(text))
}

export interface StoredEvent {
  sequence: number
  previousHash: string
  hash: string
  event: string
}

/** Every row in order of sequence, a thousand at a time, in one snapshot of the database. */
export async function* auditRows(client: pg.ClientBase): AsyncGenerator<StoredEvent> {
  await client.query('begin isolation level repeatable read read only')
  try {
    let after = '-1'
    for (;;) {
      const { rows } = await client.query<{
        sequence: string
        previous_hash: string
        hash: string
        event: string
      }>(
        `select sequence, previous_hash, hash, event from audit.event_log
         where sequence > $1 order by sequence limit 1000`,
        [after],
      )
      for (const row of rows) {
        yield {
          sequence: Number(row.sequence),
          previousHash: row.previous_hash,
          hash: row.hash,
          event: row.event,
        }
        after = row.sequence
      }
      if (rows.length < 1000) return
    }
  } finally {
    await client.query('rollback').catch(() => {})
  }
}

/**
 * Recomputes the chain on one connection. The database's own head is one more witness beside those kept elsewhere:
 * whoever cuts the tail must change it too.
 */
export async function verifyAudit(
  client: pg.ClientBase,
  exported: readonly AuditHead[],
): Promise<ChainVerdict> {
  const own = await auditHead(client)
  return verifyChain(auditRows(client), own.sequence > 0 ? [own, ...exported] : exported)
}

export async function auditHead(db: Pick<pg.ClientBase, 'query'>): Promise<AuditHead> {
  const { rows } = await db.query<{ sequence: string; hash: string }>('select sequence, hash from audit.head')
  return { sequence: Number(rows[0]?.sequence ?? 0), hash: rows[0]?.hash ?? '' }
}

/** Newest first: at most `limit` of those before a sequence, or of all. */
export async function newestEvents(db: Db, limit: number, before: number | null): Promise<StoredEvent[]> {
  const { rows } = await db.query<Omit<StoredEvent, 'sequence'> & { sequence: string }>(
    `select sequence, previous_hash as "previousHash", hash, event from audit.event_log
     where $2::bigint is null or sequence < $2 order by sequence desc limit $1`,
    [limit, before],
  )
  return rows.map(row => ({ ...row, sequence: Number(row.sequence) }))
}
