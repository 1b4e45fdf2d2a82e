import type { ArchiveCounts } from '../../ports/metrics.ts'
import type { Db } from './pool.ts'

/** What V3 holds, for those who watch it; with the gate's rights. */
export async function archiveCounts(db: Db): Promise<ArchiveCounts> {
  const { rows } = await db.query<{ what: string; name: string; count: string }>(
    `select 'record' as what, outcome as name, count(*) from quarantine.quarantine_records group by outcome
     union all
     select 'eligible', '', count(*) from quarantine.quarantine_records where re_evaluation_eligible_from <= now()
     union all
     select 'blacklisted', kind, count(*) from quarantine.blacklist group by kind
     union all
     select 'readmission', state, count(*) from gate.readmission_requests group by state`,
  )
  const of = (what: string): Record<string, number> =>
    Object.fromEntries(rows.filter(row => row.what === what).map(row => [row.name, Number(row.count)]))
  return {
    records: of('record'),
    eligible: of('eligible')[''] ?? 0,
    blacklisted: of('blacklisted'),
    readmissions: of('readmission'),
  }
}
