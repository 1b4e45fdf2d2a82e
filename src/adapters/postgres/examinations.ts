import type { Finding, Unanchored } from '../../core/review/finding.ts'
import type { LeftOutReason, Receipt } from '../../core/review/receipt.ts'
import type { StoredExamination } from '../../ports/stores.ts'
import { storable, type Db } from './pool.ts'

type Stored =
  | { state: 'inline' | 'late'; finding: Finding; reason?: undefined }
  | { state: 'left-out'; finding: Finding; reason: LeftOutReason }
  | { state: 'unanchored'; finding: Unanchored; reason?: undefined }

/** Replaces what was stored before, so that a second try leaves one set of rows. Call inside a transaction. */
export async function saveExamination(db: Db, id: string, examination: StoredExamination): Promise<void> {
  await db.query(
    `update production.code_reviews set base_sha = $2, receipt = $3, line_digests = $4, examined_at = now(),
       state = case when state = 'started' then 'examined' else state end
     where id = $1`,
    [id, examination.baseSha, JSON.stringify(examination.receipt), JSON.stringify(examination.lineDigests)],
  )
  await db.query('delete from production.review_findings where code_review_id = $1', [id])
  const all: Stored[] = [
    ...examination.findings.map(finding => ({ state: 'inline' as const, finding })),
    ...examination.late.map(finding => ({ state: 'late' as const, finding })),
    ...examination.leftOut.map(({ finding, reason }) => ({ state: 'left-out' as const, finding, reason })),
    ...examination.unanchored.map(finding => ({ state: 'unanchored' as const, finding })),
  ]
  await db.query(
    `insert into production.review_findings (code_review_id, state, position, fingerprint, path, severity, category,
       source, left_out_reason, finding)
     select $1, u.* from unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::json[]) as u`,
    [
      id,
      all.map(row => row.state),
      all.map((_, position) => position),
      all.map(row => (row.state === 'unanchored' ? null : storable(row.finding.fingerprint))),
      all.map(row => storable(row.finding.path)),
      all.map(row => row.finding.severity),
      all.map(row => row.finding.category),
      all.map(row => storable(row.finding.source)),
      all.map(row => row.reason ?? null),
      all.map(row => JSON.stringify(row.finding)),
    ],
  )
}

export async function readExamination(db: Db, id: string): Promise<StoredExamination | null> {
  const review = await db.query<{
    base_sha: string
    receipt: Receipt
    line_digests: StoredExamination['lineDigests']
  }>(
    'select base_sha, receipt, line_digests from production.code_reviews where id = $1 and base_sha is not null',
    [id],
  )
  const row = review.rows[0]
  if (!row) return null
  const findings = await db.query<{
    state: Stored['state']
    left_out_reason: LeftOutReason
    finding: unknown
  }>(
    `select state, left_out_reason, finding from production.review_findings
     where code_review_id = $1 order by position`,
    [id],
  )
  const of = (state: Stored['state']) => findings.rows.filter(found => found.state === state)
  return {
    baseSha: row.base_sha,
    findings: of('inline').map(found => found.finding as Finding),
    late: of('late').map(found => found.finding as Finding),
    leftOut: of('left-out').map(found => ({
      finding: found.finding as Finding,
      reason: found.left_out_reason,
    })),
    unanchored: of('unanchored').map(found => found.finding as Unanchored),
    receipt: row.receipt,
    lineDigests: row.line_digests,
  }
}
