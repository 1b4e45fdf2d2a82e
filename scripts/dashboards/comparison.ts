import type { Dashboard } from './panel.ts'
import { rate } from './queries.ts'

export const comparison: Dashboard = {
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
      help: 'Share of an hour’s reviews and live runs; the line is what production may fail.',
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
      help: 'How much each of the other panels rests on.',
      as: 'bars',
      unit: 'short',
      queries: {
        'V2 reviews': 'sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        'V1 runs': 'sum(increase(v1_experiments_total{kind="live", state="done"}[1h]))',
      },
    },
    {
      title: 'Findings each',
      help: 'Found by a review and by a run, shown to anybody or not.',
      as: 'lines',
      unit: 'short',
      queries: {
        V2: 'sum(increase(v2_findings_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_findings_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'US dollars each',
      help: 'What one review and one run cost.',
      as: 'lines',
      unit: 'currencyUSD',
      queries: {
        V2: 'sum(increase(v2_model_usd_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_model_usd_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'Tokens each',
      help: 'Input, cached and output together.',
      as: 'lines',
      unit: 'short',
      queries: {
        V2: 'sum(increase(v2_model_tokens_total[1h])) / sum(increase(v2_requests_total{kind="review", outcome="done"}[1h]))',
        V1: 'sum(increase(v1_model_tokens_total[1h])) / sum(increase(v1_experiments_total[1h]))',
      },
    },
    {
      title: 'One model call, p95',
      help: 'The same model in both, if both ask it.',
      as: 'lines',
      unit: 's',
      queries: {
        'V2 {{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v2_step_duration_seconds_bucket{kind="model"}[${rate}])))`,
        'V1 {{name}}': `histogram_quantile(0.95, sum by (le, name) (rate(v1_step_duration_seconds_bucket{kind="model"}[${rate}])))`,
      },
    },
    {
      title: 'From V1 to V2, to V3, and back, 30 days',
      help: 'How configurations moved between the versions.',
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
      help: 'How long scoring and deciding take; half an hour without one makes a ticket.',
      as: 'lines',
      unit: 's',
      queries: {
        p95: `histogram_quantile(0.95, sum by (le) (rate(gate_turn_duration_seconds_bucket{outcome="done"}[${rate}])))`,
      },
    },
  ],
}
