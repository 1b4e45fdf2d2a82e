import { sha256 } from './ids.ts'

export interface AuditRow {
  sequence: number
  previousHash: string
  hash: string
  /** The stored text, exactly: it is what was hashed. */
  event: string
}

/** An exported end of the chain. Kept elsewhere, it shows what the chain alone cannot: that its tail was cut. */
export interface AuditHead {
  sequence: number
  hash: string
}

export type ChainVerdict =
  | { outcome: 'intact'; head: AuditHead }
  /** `sequence` is the first row that is not as it was written, or that is missing. */
  | {
      outcome: 'broken'
      sequence: number
      why: 'row-missing' | 'link' | 'hash' | 'not-the-exported-row' | 'tail-cut'
    }

/** What the first row follows. */
export const chainStart = '0'.repeat(64)

/** SHA-256(previous hash ‖ sequence ‖ event): 64 digits, decimal digits, then `{`, so no two inputs join alike. */
export function auditHash(previousHash: string, sequence: number, event: string): string {
  return sha256(`${previousHash}${sequence}${event}`)
}

/** Reads rows in order of sequence and stops at the first that is wrong. `heads` in any order. */
export async function verifyChain(
  rows: AsyncIterable<AuditRow> | Iterable<AuditRow>,
  heads: readonly AuditHead[],
): Promise<ChainVerdict> {
  const exported = Map.groupBy(heads, head => head.sequence)
  let last: AuditHead = { sequence: 0, hash: chainStart }
  for await (const row of rows) {
    const expected = last.sequence + 1
    if (row.sequence !== expected)
      return { outcome: 'broken', sequence: Math.min(expected, row.sequence), why: 'row-missing' }
    if (row.previousHash !== last.hash) return { outcome: 'broken', sequence: row.sequence, why: 'link' }
    if (auditHash(row.previousHash, row.sequence, row.event) !== row.hash) {
      return { outcome: 'broken', sequence: row.sequence, why: 'hash' }
    }
    if (exported.get(row.sequence)?.some(head => head.hash !== row.hash)) {
      return { outcome: 'broken', sequence: row.sequence, why: 'not-the-exported-row' }
    }
    last = { sequence: row.sequence, hash: row.hash }
  }
  const furthest = Math.max(0, ...exported.keys())
  if (furthest > last.sequence) return { outcome: 'broken', sequence: last.sequence + 1, why: 'tail-cut' }
  return { outcome: 'intact', head: last }
}
