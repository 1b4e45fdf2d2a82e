import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { experimentStates, runKinds } from '../../core/experiment.ts'
import { storedAnswerOutcomes, type ExperimentMetrics } from '../../ports/metrics.ts'
import { boundedLabel } from './bounded-label.ts'
import type { PrometheusMetrics } from './metrics.ts'
import { queueMetrics } from './queue-metrics.ts'

const callBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120]

/** The metrics of the experiments worker, in a registry of its own. Experiments are counted, never named in a label. */
export function experimentMetrics(): Omit<PrometheusMetrics, 'metrics'> & { metrics: ExperimentMetrics } {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers })

  const runs = counter('v1_experiments_total', 'Runs of experiments by how they ended.', 'state', 'kind')
  const errors = counter('v1_run_errors_total', 'Failed runs by class of error.', 'code')
  const durations = new Histogram({
    name: 'v1_run_duration_seconds',
    help: 'From a job to the result at the deadline.',
    buckets: callBuckets,
    labelNames: ['kind'],
    registers,
  })
  const steps = new Histogram({
    name: 'v1_step_duration_seconds',
    help: 'One model call.',
    buckets: callBuckets,
    labelNames: ['kind', 'name', 'outcome'],
    registers,
  })
  const tokens = counter('v1_model_tokens_total', 'Tokens by model.', 'model', 'kind')
  const usd = counter('v1_model_usd_total', 'US dollars by model.', 'model')
  const findings = counter('v1_findings_total', 'Findings of experiments; nobody is shown them.')
  const states = gauge('v1_experiments', 'Experiments by state.', 'state')
  const budget = gauge(
    'v1_budget_spent_ratio',
    'Share of the day’s or month’s money that is spent or reserved, of all experiments and of the one that has used most.',
    'scope',
    'period',
  )
  const waiting = gauge('v1_experiments_waiting', 'Active experiments that wait for a key or for money.')

  const stored = counter(
    'v1_stored_answers_total',
    'Questions looked up among stored answers, and answers stored.',
    'outcome',
  )

  const stepName = boundedLabel(50)
  const stepOutcome = boundedLabel(20)
  const model = boundedLabel(50)
  const code = boundedLabel(30)

  // Series that begin at 1 have never risen: what is alerted on exists from the start.
  for (const kind of runKinds) {
    durations.zero({ kind })
    for (const state of ['done', 'degraded', 'failed']) runs.inc({ state, kind }, 0)
  }
  for (const outcome of storedAnswerOutcomes) stored.inc({ outcome }, 0)

  const metrics: ExperimentMetrics = {
    ...queueMetrics('v1', registry),
    runFinished(kind, state, errorCode, seconds) {
      runs.inc({ state, kind })
      if (seconds !== null) durations.observe({ kind }, seconds)
      if (errorCode !== null) errors.inc({ code: code(errorCode) })
    },
    findings: count => findings.inc(count),
    experiments(byState, count) {
      for (const state of experimentStates) states.set({ state }, byState[state] ?? 0)
      waiting.set(count)
    },
    budget: (scope, period, share) => budget.set({ scope, period }, share),
    step: (kind, name, outcome, seconds) =>
      steps.observe({ kind, name: stepName(name), outcome: stepOutcome(outcome) }, seconds),
    tokens: (name, kind, count) => tokens.inc({ model: model(name), kind }, count),
    usd: (name, amount) => usd.inc({ model: model(name) }, amount),
    storedAnswer: outcome => stored.inc({ outcome }),
  }
  return { metrics, render: () => registry.metrics(), contentType: registry.contentType }
}
