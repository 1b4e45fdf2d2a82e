import type { PublishedRecord } from '../../ports/published.ts'
import type { Db } from './pool.ts'

/** Quarantine records whose id begins so, newest first; with the rights of cupel_operator. */
export async function publishedRecords(db: Db, prefix: string): Promise<PublishedRecord[]> {
  const { rows } = await db.query<PublishedRecord>(
    `select id, experiment_id as "experimentId", release_id as "releaseId", configuration_id as "configurationId",
       configuration, outcome, failure_reasons as "failureReasons", metrics_at_failure as "metricsAtFailure",
       impact_analysis as "impactAnalysis", re_evaluation_eligible_from as "eligibleFrom",
       quarantined_at as "quarantinedAt", blacklisted
     from quarantine.published_records where starts_with(id, $1) order by quarantined_at desc, id`,
    [prefix],
  )
  return rows
}
