import type pg from 'pg'
import type { Archive, ArchivedRecord, BlacklistEntry } from '../../ports/archive.ts'
import type { Db } from './pool.ts'

/** V3 for whoever shows it: works with the rights of cupel_archive, whose transactions are read-only. */
export function archive(pool: pg.Pool): Archive {
  return {
    records: (limit, before) => records(pool, limit, before),
    record: async id => (await select(pool, 'r.id = $1', [id]))[0] ?? null,
    configuration: id => configuration(pool, id),
    blacklist: () => blacklist(pool),
  }
}

function records(db: Db, limit: number, before: string | null): Promise<ArchivedRecord[]> {
  return select(
    db,
    `$2::text is null or (r.quarantined_at, r.id) <
       (select b.quarantined_at, b.id from quarantine.quarantine_records b where b.id = $2)
     order by r.quarantined_at desc, r.id desc limit $1`,
    [limit, before],
  )
}

async function select(db: Db, rest: string, values: unknown[]): Promise<ArchivedRecord[]> {
  const { rows } = await db.query<ArchivedRecord>(
    `select r.id, r.experiment_id as "experimentId", r.release_id as "releaseId",
       r.configuration_id as "configurationId", r.outcome, r.failure_reasons as "failureReasons",
       r.metrics_at_failure as "metricsAtFailure", r.impact_analysis as "impactAnalysis",
       r.re_evaluation_eligible_from as "eligibleFrom", r.quarantined_at as "quarantinedAt",
       (select b.reason from quarantine.blacklist b
         where b.kind = 'configuration' and b.fingerprint = r.configuration_id) as blacklisted
     from quarantine.quarantine_records r where ${rest}`,
    values,
  )
  return rows
}

async function configuration(db: Db, configurationId: string): Promise<string | null> {
  const { rows } = await db.query<{ configuration: string }>(
    'select r.configuration from quarantine.quarantine_records r where r.configuration_id = $1 limit 1',
    [configurationId],
  )
  return rows[0]?.configuration ?? null
}

async function blacklist(db: Db): Promise<BlacklistEntry[]> {
  const { rows } = await db.query<BlacklistEntry>(
    `select b.fingerprint, b.kind, b.quarantine_record_id as "recordId", b.reason, b.listed_at as "listedAt"
     from quarantine.blacklist b order by b.listed_at desc, b.fingerprint`,
  )
  return rows
}
