import type pg from 'pg'
import type { Quarantine, QuarantineRecord } from '../../ports/gate.ts'
import { askDoor } from './door-answer.ts'
import { storable, type Db } from './pool.ts'

/** Quarantine as the gate fills it, through doors, with the rights of cupel_gate. */
export function quarantine(pool: pg.Pool): Quarantine {
  return {
    archive: record =>
      askDoor(pool, 'select doors.archive($1, $2, $3, $4, $5, $6, $7) as answer', [
        record.experimentId,
        record.releaseId,
        record.outcome,
        JSON.stringify(record.failureReasons),
        JSON.stringify(record.metrics),
        JSON.stringify(record.impact),
        record.eligibleFrom,
      ]),
    blacklist: ({ fingerprint, kind, recordId, reason, actor }) =>
      askDoor(pool, 'select doors.blacklist($1, $2, $3, $4, $5) as answer', [
        fingerprint,
        kind,
        recordId,
        storable(reason),
        actor,
      ]),
    async blacklisted(configurationId, parts) {
      const { rows } = await pool.query<{ why: string | null }>('select doors.blacklisted($1, $2) as why', [
        configurationId,
        parts,
      ])
      return rows[0]?.why ?? null
    },
    async publishPrompts(prompts) {
      await pool.query(
        `insert into gate.prompt_texts (name, fingerprint)
         select p.name, p.fingerprint from json_to_recordset($1) as p (name text, fingerprint text) on conflict do nothing`,
        [JSON.stringify(prompts)],
      )
    },
    readmit: actionId => askDoor(pool, 'select doors.readmit($1) as answer', [actionId]),
    records: of =>
      records(pool, '$1::text is null or r.configuration_id = $1', [of?.configurationId ?? null]),
    async configuration(recordId) {
      const { rows } = await pool.query<{ configuration: string }>(
        'select configuration from quarantine.quarantine_records where id = $1',
        [recordId],
      )
      return rows[0]?.configuration ?? null
    },
    record: async id => (await records(pool, 'r.id = $1', [id]))[0] ?? null,
  }
}

async function records(db: Db, where: string, values: unknown[]): Promise<QuarantineRecord[]> {
  const { rows } = await db.query<{
    id: string
    experiment_id: string | null
    release_id: string | null
    configuration_id: string
    outcome: QuarantineRecord['outcome']
    failure_reasons: unknown
    metrics_at_failure: unknown
    impact_analysis: unknown
    re_evaluation_eligible_from: Date | null
    quarantined_at: Date
  }>(
    `select r.id, r.experiment_id, r.release_id, r.configuration_id, r.outcome, r.failure_reasons, r.metrics_at_failure,
       r.impact_analysis, r.re_evaluation_eligible_from, r.quarantined_at
     from quarantine.quarantine_records r where ${where} order by r.quarantined_at desc, r.id`,
    values,
  )
  return rows.map(row => ({
    id: row.id,
    experimentId: row.experiment_id,
    releaseId: row.release_id,
    configurationId: row.configuration_id,
    outcome: row.outcome,
    failureReasons: row.failure_reasons,
    metrics: row.metrics_at_failure,
    impact: row.impact_analysis,
    eligibleFrom: row.re_evaluation_eligible_from,
    quarantinedAt: row.quarantined_at,
  }))
}
