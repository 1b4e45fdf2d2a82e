import { afterAll, beforeAll, expect, it } from 'vitest'
import { auditCheck } from '../../../jobs/gate/check-audit.ts'
import { archiveCounts } from '../../../src/adapters/postgres/archive-counts.ts'
import { verifyAudit } from '../../../src/adapters/postgres/audit-log.ts'
import { withClient } from '../../../src/adapters/postgres/pool.ts'
import { gateMetrics } from '../../../src/adapters/prometheus/gate-metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

it('the gate’s own role finds a tail that was cut between two looks, though the database agrees with itself', async () => {
  const owner = database.pool('owner')
  const gate = database.pool('cupel_gate', 1)
  const { metrics, render } = gateMetrics()
  const said: object[] = []
  const look = auditCheck({
    clock: systemClock,
    metrics,
    log: { info() {}, warn() {}, error: fields => void said.push(fields) },
    verifyAudit: heads => withClient(gate, client => verifyAudit(client, heads)),
  })
  await owner.query("select audit.append('ann', 'a.b', 'x:' || n, '{}') from generate_series(1, 3) n")
  await look()
  expect(await render()).toMatch(/^gate_audit_chain_intact 1$/m)
  expect(await render()).toMatch(/^gate_audit_rows 3$/m)
  await owner.query(
    `alter table audit.event_log disable trigger all;
     delete from audit.event_log where sequence = 3;
     update audit.head h set sequence = e.sequence, hash = e.hash from audit.event_log e where e.sequence = 2`,
  )
  await look()
  expect(await render()).toMatch(/^gate_audit_chain_intact 0$/m)
  expect(said).toEqual([{ row: 3, why: 'tail-cut' }])
})

it('what could not be checked is neither intact nor broken', async () => {
  const { metrics, render } = gateMetrics()
  const look = auditCheck({
    clock: systemClock,
    metrics,
    log: { info() {}, warn() {}, error() {} },
    verifyAudit: () => Promise.reject(new Error('away')),
  })
  await expect(look()).rejects.toThrow('away')
  expect(await render()).not.toMatch(/^gate_audit_(chain_intact|checked_timestamp_seconds) /m)
})

it('counts what V3 holds, by the gate’s own rights', async () => {
  const owner = database.pool('owner')
  await owner.query(
    `insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome,
       failure_reasons, metrics_at_failure, impact_analysis, re_evaluation_eligible_from)
     select 'q' || n, 'e' || n, repeat('a', 64), '{}', case n when 3 then 'dangerous' else 'failed' end,
       '[]', '{}', '{}', case n when 1 then now() when 2 then now() + interval '1 day' end
     from generate_series(1, 3) n;
     insert into quarantine.blacklist (fingerprint, kind, quarantine_record_id, reason)
     values ('f', 'part', 'q3', 'leaks')`,
  )
  expect(await archiveCounts(database.pool('cupel_gate', 1))).toEqual({
    records: { failed: 2, dangerous: 1 },
    eligible: 1,
    blacklisted: { part: 1 },
    readmissions: {},
  })
})
