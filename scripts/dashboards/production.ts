import type { Dashboard } from './panel.ts'
import { rate, three } from './queries.ts'

export const compliance: Dashboard = {
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
      help: 'What reviews now, but for the pull requests of a canary.',
      as: 'table',
      unit: 'short',
      width: 6,
      queries: { '{{release}}': 'max by (release, kind) (v2_release_in_force)' },
    },
    {
      title: 'Minutes without a worker',
      help: 'Promised: at most 0.1 %. From heartbeats, as the gate sees them.',
      as: 'lines',
      unit: 'percentunit',
      limit: { at: 0.001 },
      queries: { '{{window}}': 'max by (window) (v2_downtime_ratio)' },
    },
    {
      title: 'From the event to the review',
      help: 'The median and the slowest twentieth; the line is the 3 s that are promised.',
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
      help: 'Webhooks and minutes of reviews that were slower than promised, or failed.',
      as: 'bars',
      unit: 'short',
      queries: { '{{objective}}': `sum by (objective) (increase(v2_slo_violations_total[${rate}]))` },
    },
    {
      title: 'Webhooks and reviews',
      help: 'What came in and how it ended; a webhook that is refused was not signed by our secret.',
      as: 'bars',
      unit: 'short',
      queries: {
        '{{kind}} {{outcome}}': `sum by (kind, outcome) (increase(v2_requests_total[${rate}]))`,
      },
    },
    {
      title: 'Errors, and webhooks being answered',
      help: 'Webhooks and reviews that ended in an error; many being answered at once means a slow database.',
      as: 'lines',
      unit: 'short',
      queries: {
        '{{kind}} errors': `sum by (kind) (increase(v2_errors_total[${rate}]))`,
        'being answered': 'sum(v2_active_requests)',
      },
    },
    {
      title: 'Oldest work that is due',
      help: 'Rows that are due and not finished, queue or no queue; 120 s wakes somebody.',
      as: 'lines',
      unit: 's',
      limit: { at: 120 },
      queries: { '{{queue}}': 'max by (queue) (v2_queue_age_seconds)' },
    },
    {
      title: 'Jobs',
      help: 'What stands in the queue; a gap is a queue that is away.',
      as: 'lines',
      unit: 'short',
      queries: { '{{queue}} {{state}}': 'max by (queue, state) (v2_queue_jobs)' },
    },
    {
      title: 'Reviews that lost a step',
      help: 'An analyser or a model was late or failed, and the review went out without it.',
      as: 'bars',
      unit: 'short',
      queries: { degraded: `sum(increase(v2_degraded_reviews_total[${rate}]))` },
    },
    {
      title: 'Models and analysers, p95',
      help: 'Which step is slow when reviews are.',
      as: 'lines',
      unit: 's',
      queries: {
        '{{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v2_step_duration_seconds_bucket[${rate}])))`,
      },
    },
    {
      title: 'GitHub, p95 by call',
      help: 'Whether GitHub is slow when reviews are.',
      as: 'lines',
      unit: 's',
      queries: {
        '{{kind}}': `histogram_quantile(0.95, sum by (le, kind) (rate(v2_code_host_duration_seconds_bucket[${rate}])))`,
      },
    },
    {
      title: 'Findings',
      help: 'Where findings were posted, and what was left out and why.',
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
      help: 'What a repeated job or a later round would have posted again.',
      as: 'bars',
      unit: 'short',
      queries: {
        comments: `sum(increase(v2_duplicate_comments_avoided_total[${rate}]))`,
        reviews: `sum(increase(v2_duplicates_avoided_total[${rate}]))`,
      },
    },
    {
      title: 'Money of the day and the month',
      help: 'Of whoever has used most of theirs; from the line on reviews ask cheaper models.',
      as: 'lines',
      unit: 'percentunit',
      limit: { at: 0.8 },
      queries: { '{{scope}} {{period}}': 'max by (scope, period) (v2_budget_spent_ratio)' },
    },
    {
      title: 'Spent an hour',
      help: 'US dollars of all reviews by model.',
      as: 'bars',
      unit: 'currencyUSD',
      queries: { '{{model}}': 'sum by (model) (increase(v2_model_usd_total[1h]))' },
    },
  ],
}
