import type { Dashboard } from './panel.ts'

export const quarantine: Dashboard = {
  uid: 'cupel-v3',
  title: 'V3 Quarantine Statistics',
  help: 'What failed, why it came there, and what may be tried again.',
  panels: [
    {
      title: 'In quarantine',
      help: 'Configurations that failed, by how.',
      as: 'number',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'max by (outcome) (v3_records)' },
    },
    {
      title: 'May be tried again',
      help: 'Records whose time is over, so that a request for re-evaluation may be granted.',
      as: 'number',
      unit: 'short',
      width: 6,
      queries: { eligible: 'max(v3_records_eligible)' },
    },
    {
      title: 'Refused for good',
      help: 'Configurations and parts that no experiment may have again.',
      as: 'number',
      unit: 'short',
      width: 6,
      queries: { '{{kind}}': 'max by (kind) (v3_blacklisted)' },
    },
    {
      title: 'Records over time',
      help: 'Records are never taken away: a fall means a database that was restored.',
      as: 'bars',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'max by (outcome) (v3_records)' },
    },
    {
      title: 'Quarantined a day',
      help: 'Trials and releases that were archived in the 24 hours before.',
      as: 'bars',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'sum by (outcome) (increase(v1_quarantines_total[1d]))' },
    },
    {
      title: 'Requests for re-evaluation',
      help: 'Those that wait for an administrator, and those that were decided.',
      as: 'lines',
      unit: 'short',
      queries: { '{{state}}': 'max by (state) (v3_readmission_requests)' },
    },
    {
      title: 'Releases that were rolled back',
      help: 'In the 24 hours before, and how often a release was found to break a promise.',
      as: 'bars',
      unit: 'short',
      queries: {
        'rolled back': 'sum(increase(v2_rollbacks_total[1d]))',
        'promises found broken': 'sum(increase(v2_release_violations_total[1d]))',
      },
    },
    {
      title: 'Share of ended trials that failed, 30 days',
      help: 'The rest was promoted or could not be decided.',
      as: 'lines',
      unit: 'percentunit',
      queries: {
        share:
          'sum(increase(v1_quarantines_total{outcome=~"failed|dangerous"}[30d])) / (sum(increase(v1_quarantines_total[30d])) + sum(increase(v1_promotions_total[30d])))',
      },
    },
    {
      title: 'Audit chain',
      as: 'number',
      unit: 'short',
      help: '1: intact when it was looked at last.',
      limit: { at: 1, below: true },
      queries: { intact: 'min(gate_audit_chain_intact)' },
    },
    {
      title: 'Rows of the audit log',
      help: 'Rows found intact at the last look; they never become fewer.',
      as: 'lines',
      unit: 'short',
      queries: { rows: 'max(gate_audit_rows)' },
    },
    {
      title: 'Newest backup',
      help: 'Made every hour; two hours wake somebody.',
      as: 'number',
      unit: 'dateTimeFromNow',
      queries: { backup: 'max(cupel_backup_last_success_timestamp_seconds) * 1000' },
    },
  ],
}
