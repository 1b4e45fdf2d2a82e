import type { Dashboard } from './panel.ts'

const rate = '$__rate_interval'
const three = 'le=~"3|3[.]0"'

const compliance: Dashboard = {
  uid: 'cupel-v2',
  title: 'V2 Production SLO Compliance',
  help: 'What users meet: is every promise kept, and what is behind it if one is not.',
  panels: [
    {
      title: 'Reviews within 3 s, 30 days',
      as: 'number',
      unit: 'percentunit',
      width: 6,
      help: 'Promised: 95 %.',
      limit: { at: 0.95, below: true },
      queries: {
        share: `sum(increase(v2_request_duration_seconds_bucket{outcome="done", ${three}}[30d])) / sum(increase(v2_request_duration_seconds_count{outcome="done"}[30d]))`,
      },
    },
    {
      title: 'Reviews that failed, 30 days',
      as: 'number',
      unit: 'percentunit',
      width: 6,
      help: 'Promised: at most 2 %.',
      limit: { at: 0.02 },
      queries: {
        share:
          'sum(increase(v2_requests_total{kind="review", outcome="failed"}[30d])) / sum(increase(v2_requests_total{kind="review", outcome=~"done|failed"}[30d]))',
      },
    },
    {
      title: 'Webhooks answered within 50 ms, 30 days',
      as: 'number',
      unit: 'percentunit',
      width: 6,
      help: 'Promised: 99 %.',
      limit: { at: 0.99, below: true },
      queries: {
        share:
          '1 - sum(increase(v2_slo_violations_total{objective="intake"}[30d])) / sum(increase(v2_requests_total{kind="webhook"}[30d]))',
      },
    },
    {
      title: 'Release in force',
      as: 'table',
      unit: 'short',
      width: 6,
      queries: { '{{release}}': 'max by (release, kind) (v2_release_in_force)' },
    },
    {
      title: 'From the event to the review',
      as: 'lines',
      unit: 's',
      limit: { at: 3 },
      queries: {
        median: `histogram_quantile(0.5, sum by (le) (rate(v2_request_duration_seconds_bucket{outcome="done"}[${rate}])))`,
        p95: `histogram_quantile(0.95, sum by (le) (rate(v2_request_duration_seconds_bucket{outcome="done"}[${rate}])))`,
      },
    },
    {
      title: 'How fast the month is used up',
      as: 'lines',
      unit: 'short',
      help: '1 uses up exactly what is allowed; 14.4 over an hour wakes somebody.',
      limit: { at: 14.4 },
      queries: {
        slow: 'cupel:reviews_slow:ratio1h / 0.05',
        failed: 'cupel:reviews_failed:ratio1h / 0.02',
        webhooks: 'cupel:webhooks_late:ratio1h / 0.01',
      },
    },
    {
      title: 'Objectives missed',
      as: 'bars',
      unit: 'short',
      queries: { '{{objective}}': `sum by (objective) (increase(v2_slo_violations_total[${rate}]))` },
    },
    {
      title: 'Webhooks and reviews',
      as: 'bars',
      unit: 'short',
      queries: {
        '{{kind}} {{outcome}}': `sum by (kind, outcome) (increase(v2_requests_total[${rate}]))`,
      },
    },
    {
      title: 'Errors, and webhooks being answered',
      as: 'lines',
      unit: 'short',
      queries: {
        '{{kind}} errors': `sum by (kind) (increase(v2_errors_total[${rate}]))`,
        'being answered': 'sum(v2_active_requests)',
      },
    },
    {
      title: 'Oldest work that is due',
      as: 'lines',
      unit: 's',
      limit: { at: 120 },
      queries: { '{{queue}}': 'max by (queue) (v2_queue_age_seconds)' },
    },
    {
      title: 'Jobs',
      as: 'lines',
      unit: 'short',
      queries: { '{{queue}} {{state}}': 'max by (queue, state) (v2_queue_jobs)' },
    },
    {
      title: 'Reviews that lost a step',
      as: 'bars',
      unit: 'short',
      queries: { degraded: `sum(increase(v2_degraded_reviews_total[${rate}]))` },
    },
    {
      title: 'Models and analysers, p95',
      as: 'lines',
      unit: 's',
      queries: {
        '{{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v2_step_duration_seconds_bucket[${rate}])))`,
      },
    },
    {
      title: 'GitHub, p95 by call',
      as: 'lines',
      unit: 's',
      queries: {
        '{{kind}}': `histogram_quantile(0.95, sum by (le, kind) (rate(v2_code_host_duration_seconds_bucket[${rate}])))`,
      },
    },
    {
      title: 'Findings',
      as: 'bars',
      unit: 'short',
      queries: {
        '{{where}}': `sum by (where) (increase(v2_findings_total[${rate}]))`,
        'after the deadline': `sum(increase(v2_late_findings_total[${rate}]))`,
        'no line to stand on': `sum(increase(v2_anchor_failures_total[${rate}]))`,
      },
    },
    {
      title: 'Not said twice',
      as: 'bars',
      unit: 'short',
      queries: {
        comments: `sum(increase(v2_duplicate_comments_avoided_total[${rate}]))`,
        reviews: `sum(increase(v2_duplicates_avoided_total[${rate}]))`,
      },
    },
    {
      title: 'Money of the day and the month',
      as: 'lines',
      unit: 'percentunit',
      limit: { at: 0.8 },
      queries: { '{{scope}} {{period}}': 'max by (scope, period) (v2_budget_spent_ratio)' },
    },
    {
      title: 'Spent an hour',
      as: 'bars',
      unit: 'currencyUSD',
      queries: { '{{model}}': 'sum by (model) (increase(v2_model_usd_total[1h]))' },
    },
  ],
}

const experiments: Dashboard = {
  uid: 'cupel-v1',
  title: 'V1 Experiment Progress',
  help: 'What is on trial, how far it is, and what it costs. No user meets any of it.',
  panels: [
    {
      title: 'Experiments',
      as: 'number',
      unit: 'short',
      width: 12,
      queries: { '{{state}}': 'max by (state) (v1_experiments)', waiting: 'max(v1_experiments_waiting)' },
    },
    {
      title: 'Nearest to promotion',
      as: 'number',
      unit: 'percentunit',
      width: 6,
      help: 'Of the trial that is nearest, the share of the way.',
      queries: { share: 'max(gate_nearest_promotion)' },
    },
    {
      title: 'Promoted and quarantined, 30 days',
      as: 'number',
      unit: 'short',
      width: 6,
      queries: {
        promoted: 'sum(increase(v1_promotions_total[30d]))',
        quarantined: 'sum(increase(v1_quarantines_total[30d]))',
      },
    },
    {
      title: 'Runs',
      as: 'bars',
      unit: 'short',
      queries: { '{{kind}} {{state}}': `sum by (kind, state) (increase(v1_experiments_total[${rate}]))` },
    },
    {
      title: 'Runs that failed, by error',
      as: 'bars',
      unit: 'short',
      queries: { '{{code}}': `sum by (code) (increase(v1_run_errors_total[${rate}]))` },
    },
    {
      title: 'How long a run takes, p95',
      as: 'lines',
      unit: 's',
      limit: { at: 3 },
      queries: {
        '{{kind}}': `histogram_quantile(0.95, sum by (le, kind) (rate(v1_run_duration_seconds_bucket[${rate}])))`,
      },
    },
    {
      title: 'Samples',
      as: 'bars',
      unit: 'short',
      queries: { '{{outcome}}': `sum by (outcome) (increase(v2_samples_total[${rate}]))` },
    },
    {
      title: 'Signals by people',
      as: 'bars',
      unit: 'short',
      queries: { '{{kind}}': `sum by (kind) (increase(v2_feedback_total[${rate}]))` },
    },
    {
      title: 'Label coverage',
      as: 'lines',
      unit: 'percentunit',
      help: 'Share of hunks that count, and of findings that somebody judged.',
      queries: {
        hunks: 'sum(gate_hunks{labelled="yes"}) / sum(gate_hunks)',
        findings: 'sum(gate_findings{judged="yes"}) / sum(gate_findings)',
      },
    },
    {
      title: 'Distance of the nearest trial',
      as: 'lines',
      unit: 'percentunit',
      queries: { 'still to go': '1 - max(gate_nearest_promotion)' },
    },
    {
      title: 'Runs that wait',
      as: 'lines',
      unit: 'short',
      queries: { '{{state}}': 'max by (state) (v1_queue_jobs)' },
    },
    {
      title: 'Oldest run that waits',
      as: 'lines',
      unit: 's',
      queries: { '{{queue}}': 'max by (queue) (v1_queue_age_seconds)' },
    },
    {
      title: 'The day’s money',
      as: 'lines',
      unit: 'percentunit',
      queries: { spent: 'max(v1_budget_spent_ratio)' },
    },
    {
      title: 'Spent an hour',
      as: 'bars',
      unit: 'currencyUSD',
      queries: { '{{model}}': 'sum by (model) (increase(v1_model_usd_total[1h]))' },
    },
    {
      title: 'Tokens an hour',
      as: 'bars',
      unit: 'short',
      queries: { '{{model}} {{kind}}': 'sum by (model, kind) (increase(v1_model_tokens_total[1h]))' },
    },
    {
      title: 'Scoring',
      as: 'bars',
      unit: 'short',
      queries: {
        'samples {{outcome}}': `sum by (outcome) (increase(gate_samples_scored_total[${rate}]))`,
        'final outcomes': `sum(increase(gate_final_outcomes_total[${rate}]))`,
      },
    },
    {
      title: 'Out of V1, and refused',
      as: 'bars',
      unit: 'short',
      queries: {
        '{{host}}': `sum by (host) (increase(v1_egress_tunnels_total[${rate}]))`,
        'refused: {{reason}}': `sum by (reason) (increase(v1_egress_refused_total[${rate}]))`,
      },
    },
  ],
}

const quarantine: Dashboard = {
  uid: 'cupel-v3',
  title: 'V3 Quarantine Statistics',
  help: 'What failed, why it came there, and what may be tried again.',
  panels: [
    {
      title: 'In quarantine',
      as: 'number',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'max by (outcome) (v3_records)' },
    },
    {
      title: 'May be tried again',
      as: 'number',
      unit: 'short',
      width: 6,
      queries: { eligible: 'max(v3_records_eligible)' },
    },
    {
      title: 'Refused for good',
      as: 'number',
      unit: 'short',
      width: 6,
      queries: { '{{kind}}': 'max by (kind) (v3_blacklisted)' },
    },
    {
      title: 'Records over time',
      as: 'bars',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'max by (outcome) (v3_records)' },
    },
    {
      title: 'Quarantined a day',
      as: 'bars',
      unit: 'short',
      width: 12,
      queries: { '{{outcome}}': 'sum by (outcome) (increase(v1_quarantines_total[1d]))' },
    },
    {
      title: 'Requests for re-evaluation',
      as: 'lines',
      unit: 'short',
      queries: { '{{state}}': 'max by (state) (v3_readmission_requests)' },
    },
    {
      title: 'Releases that were rolled back',
      as: 'bars',
      unit: 'short',
      queries: {
        'rolled back': 'sum(increase(v2_rollbacks_total[1d]))',
        'promises found broken': 'sum(increase(v2_release_violations_total[1d]))',
      },
    },
    {
      title: 'Share of ended trials that failed, 30 days',
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
      as: 'lines',
      unit: 'short',
      queries: { rows: 'max(gate_audit_rows)' },
    },
    {
      title: 'Newest backup',
      as: 'number',
      unit: 'dateTimeFromNow',
      queries: { backup: 'max(cupel_backup_last_success_timestamp_seconds) * 1000' },
    },
  ],
}

const comparison: Dashboard = {
  uid: 'cupel-versions',
  title: 'Cross-version Comparison',
  help: 'V1 beside V2 on the same days, and what went from one to the other. Whether one is better is the gate’s to say: it compares on the same pull requests.',
  panels: [
    {
      title: 'Latency, p95',
      as: 'lines',
      unit: 's',
      help: 'V2 from the event to the review, V1 from the job to its result.',
      limit: { at: 3 },
      queries: {
        V2: `histogram_quantile(0.95, sum by (le) (rate(v2_request_duration_seconds_bucket{outcome="done"}[${rate}])))`,
        V1: `histogram_quantile(0.95, sum by (le) (rate(v1_run_duration_seconds_bucket{kind="live"}[${rate}])))`,
      },
    },
    {
      title: 'Failed or degraded',
      as: 'lines',
      unit: 'percentunit',
      limit: { at: 0.02 },
      queries: {
        V2: '(sum(increase(v2_requests_total{kind="review", outcome="failed"}[1h])) + sum(increase(v2_degraded_reviews_total[1h]))) / sum(increase(v2_requests_total{kind="review", outcome=~"done|failed"}[1h]))',
        V1: 'sum(increase(v1_experiments_total{kind="live", state=~"failed|degraded"}[1h])) / sum(increase(v1_experiments_total{kind="live"}[1h]))',
      },
    },
    {
      title: 'Done an hour',
      as: 'bars',
      unit: 'short',
      queries: {
        'V2 reviews': 'sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        'V1 runs': 'sum(increase(v1_experiments_total{kind="live", state="done"}[1h]))',
      },
    },
    {
      title: 'Findings each',
      as: 'lines',
      unit: 'short',
      queries: {
        V2: 'sum(increase(v2_findings_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_findings_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'US dollars each',
      as: 'lines',
      unit: 'currencyUSD',
      queries: {
        V2: 'sum(increase(v2_model_usd_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_model_usd_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'Tokens each',
      as: 'lines',
      unit: 'short',
      queries: {
        V2: 'sum(increase(v2_model_tokens_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_model_tokens_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'One model call, p95',
      as: 'lines',
      unit: 's',
      queries: {
        'V2 {{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v2_step_duration_seconds_bucket{kind="model"}[${rate}])))`,
        'V1 {{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v1_step_duration_seconds_bucket{kind="model"}[${rate}])))`,
      },
    },
    {
      title: 'From V1 to V2, to V3, and back, 30 days',
      as: 'number',
      unit: 'short',
      queries: {
        promoted: 'sum(increase(v1_promotions_total[30d]))',
        quarantined: 'sum(increase(v1_quarantines_total[30d]))',
        'rolled back': 'sum(increase(v2_rollbacks_total[30d]))',
        'readmitted since ever': 'max(v3_readmission_requests{state="granted"})',
      },
    },
    {
      title: 'Turns of the gate, p95',
      as: 'lines',
      unit: 's',
      queries: {
        p95: `histogram_quantile(0.95, sum by (le) (rate(gate_turn_duration_seconds_bucket{outcome="done"}[${rate}])))`,
      },
    },
  ],
}

/** By the name of each file. */
export const dashboards: Record<string, Dashboard> = {
  'v2-production-slo-compliance': compliance,
  'v1-experiment-progress': experiments,
  'v3-quarantine-statistics': quarantine,
  'cross-version-comparison': comparison,
}
