import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { signalKinds } from '../../core/feedback.ts'
import { budgetScopes, storedAnswerOutcomes, type Metrics } from '../../ports/metrics.ts'
import { boundedLabel } from './bounded-label.ts'
import { queueMetrics } from './queue-metrics.ts'

/** Service level objectives, in seconds: a webhook's answer and a review from event to posting. */
export const objectives = { intake: 0.05, review: 3 } as const

const intakeBuckets = [0.005, 0.01, 0.02, 0.03, objectives.intake, 0.075, 0.1, 0.25, 0.5, 1, 5, 9]
const reviewBuckets = [0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, objectives.review, 4, 5, 10, 30, 60, 120, 300]
const callBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120]

export interface PrometheusMetrics {
  metrics: Metrics
  /** The text exposition format. */
  render(): Promise<string>
  contentType: string
}

/** One process's metrics, in a registry of its own: two instances never share a count. */
export function prometheusMetrics(): PrometheusMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[], ...labelNames: string[]) =>
    new Histogram({ name, help, buckets, labelNames, registers })

  const requests = counter('v2_requests_total', 'Webhooks answered and reviews finished.', 'kind', 'outcome')
  const intake = histogram(
    'v2_intake_duration_seconds',
    'From a webhook to its answer.',
    intakeBuckets,
    'outcome',
  )
  const reviews = histogram(
    'v2_request_duration_seconds',
    'From the event to the review posted.',
    reviewBuckets,
    'outcome',
  )
  const begun = histogram(
    'v2_begin_duration_seconds',
    'From the event to the check run in progress.',
    reviewBuckets,
  )
  const active = new Gauge({ name: 'v2_active_requests', help: 'Webhooks being answered now.', registers })
  const errors = counter('v2_errors_total', 'Requests that ended in an error.', 'kind')
  const violations = counter(
    'v2_slo_violations_total',
    'Requests slower than their objective or failed, and minutes of reviews that missed theirs.',
    'objective',
  )
  const steps = histogram(
    'v2_step_duration_seconds',
    'One analyser or model call.',
    callBuckets,
    'kind',
    'name',
    'outcome',
  )
  const tokens = counter('v2_model_tokens_total', 'Tokens by model.', 'model', 'kind')
  const usd = counter('v2_model_usd_total', 'US dollars by model.', 'model')
  const findings = counter('v2_findings_total', 'Findings by where they were put.', 'where')
  const duplicates = counter('v2_duplicates_avoided_total', 'Reviews adopted instead of posted twice.')
  const comments = counter(
    'v2_duplicate_comments_avoided_total',
    'Findings that an earlier round had posted already.',
  )
  const degraded = counter('v2_degraded_reviews_total', 'Reviews of which some step was lost.')
  const anchors = counter('v2_anchor_failures_total', 'Findings that no line of the diff could carry.')
  const late = counter('v2_late_findings_total', 'Findings that came after the deadline.')
  const samples = counter(
    'v2_samples_total',
    'Pull requests by what the draw for experiments made of them.',
    'outcome',
  )
  const feedback = counter('v2_feedback_total', 'Signals by people, by kind.', 'kind')
  const calls = histogram(
    'v2_code_host_duration_seconds',
    'One call to the code host.',
    callBuckets,
    'kind',
    'outcome',
  )
  const release = new Gauge({
    name: 'v2_release_in_force',
    help: '1 for the release that reviews.',
    labelNames: ['release', 'kind'],
    registers,
  })
  const budget = new Gauge({
    name: 'v2_budget_spent_ratio',
    help: 'Share of the money of this day or month that is spent or reserved, of whoever has used most of theirs.',
    labelNames: ['scope', 'period'],
    registers,
  })
  const refusals = counter('v2_budget_refusals_total', 'Model calls not made for want of money.', 'scope')

  const stored = counter(
    'v2_stored_answers_total',
    'Questions looked up among stored answers, and answers stored.',
    'outcome',
  )

  const stepName = boundedLabel(50)
  const stepOutcome = boundedLabel(20)
  const model = boundedLabel(50)
  const callKind = boundedLabel(50)
  const callOutcome = boundedLabel(30)

  // Series that begin at 1 have never risen: what is alerted on exists from the start.
  for (const outcome of ['accepted', 'duplicate', 'refused', 'error']) {
    requests.inc({ kind: 'webhook', outcome }, 0)
    intake.zero({ outcome })
  }
  for (const outcome of ['done', 'skipped', 'superseded', 'failed']) {
    requests.inc({ kind: 'review', outcome }, 0)
    reviews.zero({ outcome })
  }
  for (const kind of ['webhook', 'review']) errors.inc({ kind }, 0)
  for (const objective of ['intake', 'review']) violations.inc({ objective }, 0)
  for (const where of ['inline', 'summary', 'left-out']) findings.inc({ where }, 0)
  for (const kind of signalKinds) feedback.inc({ kind }, 0)
  for (const scope of budgetScopes) refusals.inc({ scope }, 0)
  for (const outcome of storedAnswerOutcomes) stored.inc({ outcome }, 0)

  const metrics: Metrics = {
    ...queueMetrics('v2', registry),
    requestStarted: () => active.inc(),
    requestFinished(seconds, outcome) {
      active.dec()
      requests.inc({ kind: 'webhook', outcome })
      intake.observe({ outcome }, seconds)
      if (outcome === 'error') errors.inc({ kind: 'webhook' })
      if (outcome === 'error' || seconds > objectives.intake) violations.inc({ objective: 'intake' })
    },
    reviewBegun: seconds => begun.observe(seconds),
    sloViolated: objective => violations.inc({ objective }),
    reviewFinished(seconds, outcome) {
      requests.inc({ kind: 'review', outcome })
      reviews.observe({ outcome }, seconds)
      if (outcome === 'failed') errors.inc({ kind: 'review' })
      // Skipped and superseded reviews promised nobody anything.
      if (outcome === 'failed' || (outcome === 'done' && seconds > objectives.review)) {
        violations.inc({ objective: 'review' })
      }
    },
    step: (kind, name, outcome, seconds) =>
      steps.observe({ kind, name: stepName(name), outcome: stepOutcome(outcome) }, seconds),
    tokens: (name, kind, count) => tokens.inc({ model: model(name), kind }, count),
    usd: (name, amount) => usd.inc({ model: model(name) }, amount),
    findings: (where, count) => findings.inc({ where }, count),
    duplicateAvoided: () => duplicates.inc(),
    duplicateComments: count => comments.inc(count),
    reviewDegraded: () => degraded.inc(),
    anchorFailed: count => anchors.inc(count),
    lateFindings: count => late.inc(count),
    sampled: outcome => samples.inc({ outcome }),
    feedback: kind => feedback.inc({ kind }),
    codeHostCall: (kind, outcome, seconds) =>
      calls.observe({ kind: callKind(kind), outcome: callOutcome(outcome) }, seconds),
    releaseInForce(id, kind) {
      release.reset()
      release.set({ release: id.slice(0, 100), kind }, 1)
    },
    budget: (scope, period, share) => budget.set({ scope, period }, share),
    budgetRefused: scope => refusals.inc({ scope }),
    storedAnswer: outcome => stored.inc({ outcome }),
  }
  return { metrics, render: () => registry.metrics(), contentType: registry.contentType }
}
