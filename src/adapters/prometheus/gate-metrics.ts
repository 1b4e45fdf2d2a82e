import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { GateMetrics } from '../../ports/metrics.ts'
import type { PrometheusMetrics } from './metrics.ts'

const turnBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300]

/** The metrics of the gate, in a registry of its own. No label names an experiment, a repository or a person. */
export function gateMetrics(): Omit<PrometheusMetrics, 'metrics'> & { metrics: GateMetrics } {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers })

  const turns = new Histogram({
    name: 'gate_turn_duration_seconds',
    help: 'One turn: the day’s draw, and everything that was due.',
    buckets: turnBuckets,
    labelNames: ['outcome'],
    registers,
  })
  const looks = new Histogram({
    name: 'gate_reconcile_duration_seconds',
    help: 'One look at what was asked for, experiments and releases; busy: another gate had it.',
    buckets: turnBuckets,
    labelNames: ['outcome'],
    registers,
  })
  const samples = new Counter({
    name: 'gate_samples_scored_total',
    help: 'Samples by whether their outcomes could be written.',
    labelNames: ['outcome'],
    registers,
  })
  const outcomes = new Counter({
    name: 'gate_final_outcomes_total',
    help: 'Final outcomes that figures took up.',
    registers,
  })
  const hunks = gauge('gate_hunks', 'Hunks in the figures of live trials by whether they count.', 'labelled')
  const findings = gauge(
    'gate_findings',
    'Findings in the figures of live trials by whether anybody judged them.',
    'judged',
  )

  const nearest = gauge(
    'gate_nearest_promotion',
    'Of the trial nearest to it, the share of the way to promotion.',
  )
  const offRate = gauge(
    'v1_samplers_off_rate',
    'Trials whose samples were not drawn at the rate that was told: all verdicts on them wait.',
  )
  const promotions = new Counter({
    name: 'v1_promotions_total',
    help: 'Experiments that became a release.',
    registers,
  })
  const quarantines = new Counter({
    name: 'v1_quarantines_total',
    help: 'Experiments and releases that were archived, by why.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['failed', 'dangerous', 'inconclusive', 'rolled-back'])
    quarantines.inc({ outcome }, 0)
  const rollbacks = new Counter({
    name: 'v2_rollbacks_total',
    help: 'Releases that were rolled back.',
    registers,
  })
  const violations = new Counter({
    name: 'v2_release_violations_total',
    help: 'Looks at the release in force that found a promise broken.',
    registers,
  })
  const down = gauge(
    'v2_downtime_ratio',
    'Share of the minutes in which no worker of production was alive, as the gate saw it.',
    'window',
  )
  const intact = gauge('gate_audit_chain_intact', '1 when every row of the audit chain is as it was written.')
  const checked = gauge('gate_audit_checked_timestamp_seconds', 'When the audit chain was recomputed last.')
  const auditRows = gauge('gate_audit_rows', 'Rows of the audit chain that were found intact.')
  const records = gauge('v3_records', 'Configurations in quarantine, by how they came there.', 'outcome')
  const eligible = gauge('v3_records_eligible', 'Of them, those that may be asked to be tried again.')
  const blacklisted = gauge('v3_blacklisted', 'Configurations and parts that are refused for good.', 'kind')
  const readmissions = gauge('v3_readmission_requests', 'Requests for re-evaluation by state.', 'state')
  const backup = gauge(
    'cupel_backup_last_success_timestamp_seconds',
    'The moment that the newest backup shows, which was read back whole.',
  )
  for (const outcome of ['done', 'failed']) samples.inc({ outcome }, 0)
  for (const outcome of ['done', 'busy', 'failed']) turns.zero({ outcome })
  // Not 0, which would say broken, before anybody looked.
  for (const unknown of [intact, checked, auditRows, backup]) unknown.remove()

  const metrics: GateMetrics = {
    turn: (outcome, seconds) => turns.observe({ outcome }, seconds),
    reconciled: (outcome, seconds) => looks.observe({ outcome }, seconds),
    scored(done, failed) {
      samples.inc({ outcome: 'done' }, done)
      samples.inc({ outcome: 'failed' }, failed)
    },
    counted: count => outcomes.inc(count),
    coverage(of) {
      hunks.set({ labelled: 'yes' }, of.labelledHunks)
      hunks.set({ labelled: 'no' }, of.hunks - of.labelledHunks)
      findings.set({ judged: 'yes' }, of.judgedFindings)
      findings.set({ judged: 'no' }, of.findings - of.judgedFindings)
    },
    distances: shares => nearest.set(Math.max(0, ...shares)),
    samplersOffRate: trials => offRate.set(trials),
    promoted: () => promotions.inc(),
    quarantined: outcome => quarantines.inc({ outcome }),
    rolledBack: () => rollbacks.inc(),
    sloViolated: () => violations.inc(),
    auditChecked(outcome, rows, at) {
      intact.set(outcome === 'intact' ? 1 : 0)
      auditRows.set(rows)
      checked.set(at.getTime() / 1_000)
    },
    backedUp: at => backup.set(at.getTime() / 1_000),
    downtime(of) {
      for (const { window, share } of of) down.set({ window }, share)
    },
    archive(of) {
      for (const outcome of ['failed', 'dangerous', 'inconclusive', 'rolled-back'])
        records.set({ outcome }, of.records[outcome] ?? 0)
      eligible.set(of.eligible)
      for (const kind of ['configuration', 'part']) blacklisted.set({ kind }, of.blacklisted[kind] ?? 0)
      for (const state of ['open', 'granted', 'refused'])
        readmissions.set({ state }, of.readmissions[state] ?? 0)
    },
  }
  return { metrics, render: () => registry.metrics(), contentType: registry.contentType }
}
