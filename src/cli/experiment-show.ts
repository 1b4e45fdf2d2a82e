import { stringify } from 'yaml'
import type {
  Metrics,
  PublishedExperiment,
  PublishedReplay,
  RunCount,
} from '../adapters/postgres/published-experiments.ts'
import { evidenceLines, table, usd } from '../core/experiment-text.ts'
import type { Evidence } from '../core/minimum-evidence.ts'
import { printable } from '../core/report/printable.ts'

export const shortId = (id: string): string => id.slice(0, 8)

export function listLines(
  experiments: readonly PublishedExperiment[],
  metrics: ReadonlyMap<string, Metrics | null>,
): string[] {
  if (experiments.length === 0) return ['no experiments yet: `cupel experiment add FILE` proposes one']
  return table(
    ['ID', 'NAME', 'STATE', 'BY', 'RUNS', 'ERRORS', 'SPENT', 'OF', 'ACCURACY'],
    experiments.map(each => [
      shortId(each.id),
      each.name,
      stateWords(each),
      each.author,
      each.runs,
      each.errorRuns,
      usd(each.spentUsd),
      usd(each.budgetUsd),
      figure(metrics.get(each.id)?.accuracy ?? null),
    ]),
  )
}

/** An active experiment with a reason waits for something. */
function stateWords({ state, stateReason }: PublishedExperiment): string {
  return state === 'active' && stateReason !== null ? 'waits' : state
}

export interface Shown {
  experiment: PublishedExperiment
  lineage: readonly PublishedExperiment[]
  runs: readonly RunCount[]
  metrics: Metrics | null
  evidence: Evidence
  replays: readonly PublishedReplay[]
}

export function showLines(shown: Shown): string[] {
  const { experiment, lineage, runs, metrics, evidence, replays } = shown
  const ancestors = lineage.slice(1)
  return [
    `${experiment.id}  ${printable(experiment.name)}`,
    ...pairs([
      ['state', `${stateWords(experiment)}${experiment.stateReason ? `: ${experiment.stateReason}` : ''}`],
      ['by', `${experiment.author} (${experiment.authorKind}), ${experiment.createdAt.toISOString()}`],
      [
        'grew out of',
        ancestors.length === 0
          ? 'nothing'
          : ancestors.map(each => `${shortId(each.id)} ${each.name}`).join(' <- '),
      ],
      ['runs on', `${Number((experiment.rate * 100).toFixed(1))} % of the samples`],
      ['budget', `${usd(experiment.spentUsd)} of ${usd(experiment.budgetUsd)} spent or reserved`],
    ]),
    '',
    'runs',
    ...(runs.length === 0 ? ['  none yet'] : runs.map(runLine)),
    '',
    metrics === null ? 'figures\n  none yet: no sample of it has final labels' : 'figures',
    ...(metrics === null ? [] : metricLines(metrics)),
    '',
    ...evidenceLines(evidence),
    '',
    'replays',
    ...(replays.length === 0 ? ['  none'] : replays.map(replayLine)),
    '',
    'configuration',
    ...stringify(experiment.configuration)
      .trimEnd()
      .split('\n')
      .map(line => `  ${printable(line)}`),
  ]
}

function pairs(rows: readonly [string, string][]): string[] {
  return rows.map(([name, value]) => `  ${name.padEnd(13)}${printable(value)}`)
}

function runLine({ kind, state, errorCode, runs }: RunCount): string {
  return `  ${String(runs).padStart(6)}  ${kind} ${state}${errorCode === null ? '' : `: ${printable(errorCode)}`}`
}

function replayLine({ outcome, samples, finishedRuns, requestedAt, summary }: PublishedReplay): string {
  const accuracy = summary?.figures.accuracy
  const found = accuracy ? `, accuracy ${accuracy.value.toFixed(3)}` : ''
  return `  ${requestedAt.toISOString()}  ${finishedRuns}/${samples} samples, ${printable(outcome ?? 'under way')}${found}`
}

function metricLines(metrics: Metrics): string[] {
  const { accuracyLow, accuracyHigh } = metrics
  const within =
    accuracyLow === null || accuracyHigh === null
      ? ''
      : ` (95 %: ${accuracyLow.toFixed(3)} to ${accuracyHigh.toFixed(3)})`
  return pairs([
    ['accuracy', `${figure(metrics.accuracy)}${within}, silence ${figure(metrics.muteAccuracy)}`],
    ['precision', figure(metrics.precision)],
    ['recall', figure(metrics.recall)],
    ['wrong', `${metrics.falsePositives} hunks, missed ${metrics.falseNegatives}`],
    [
      'labels',
      `${metrics.labelledHunks} hunks of ${metrics.pullRequests} pull requests, coverage ${figure(metrics.labelCoverage)}`,
    ],
    ['latency', `p50 ${ms(metrics.latencyP50Ms)}, p95 ${ms(metrics.latencyP95Ms)}`],
    ['errors', figure(metrics.errorRate)],
    ['cost', metrics.usdPerRun === null ? 'unknown' : `${usd(metrics.usdPerRun)} a run`],
    [
      'throughput',
      metrics.runsPerHour === null ? 'unknown' : `${metrics.runsPerHour.toFixed(1)} runs an hour`,
    ],
    ['satisfaction', metrics.satisfaction === null ? 'unknown' : `${metrics.satisfaction.toFixed(1)} of 5`],
    ['as of', metrics.scoredAt.toISOString()],
  ])
}

function figure(value: number | null): string {
  return value === null ? 'unknown' : value.toFixed(3)
}

function ms(value: number | null): string {
  if (value === null) return 'unknown'
  return Number.isFinite(value) ? `${Math.round(value)} ms` : 'never (so many failed)'
}
