import { stringify } from 'yaml'
import type {
  AskedAgain,
  Metrics,
  PublishedExperiment,
  PublishedReplay,
  RunCount,
} from '../ports/published.ts'
import { evidenceLines, interval, table, usd } from '../core/experiment-text.ts'
import type { Evidence } from '../core/minimum-evidence.ts'
import { printable } from '../core/report/printable.ts'
import type { Figures } from '../core/score/figures.ts'

export const shortId = (id: string): string => id.slice(0, 8)

export function listLines(
  experiments: readonly PublishedExperiment[],
  metrics: ReadonlyMap<string, Metrics | null>,
): string[] {
  if (experiments.length === 0) return ['no experiments yet: `cupel experiment add FILE` proposes one']
  return table(
    ['ID', 'NAME', 'STATE', 'BY', 'LIVE RUNS', 'ERRORS', 'SPENT', 'OF', 'ACCURACY'],
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
  /** Of a re-evaluation. */
  asked: AskedAgain | null
  runs: readonly RunCount[]
  /** Over the samples whose labels are final; null before the first. */
  figures: Figures | null
  metrics: Metrics | null
  evidence: Evidence
  replays: readonly PublishedReplay[]
}

export function showLines(shown: Shown): string[] {
  const { experiment, lineage, asked, runs, figures, metrics, evidence, replays } = shown
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
      ...(asked === null ? [] : askedLines(asked)),
      ['runs on', `${Number((experiment.rate * 100).toFixed(1))} % of the samples`],
      ['budget', `${usd(experiment.spentUsd)} of ${usd(experiment.budgetUsd)} spent or reserved`],
    ]),
    '',
    'runs',
    ...(runs.length === 0 ? ['  none yet'] : runs.map(runLine)),
    '',
    'figures',
    ...(figures === null || figures.pullRequests === 0
      ? ['  none yet: no sample of it has final labels']
      : figureLines(figures, metrics)),
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

function askedLines({ by, reason, evidence }: AskedAgain): [string, string][] {
  return [
    ['asked for', `by ${by}: ${reason}`],
    ['new evidence', evidence ?? 'none was named'],
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

function figureLines(figures: Figures, metrics: Metrics | null): string[] {
  const { accuracy, muteAccuracy, baseline, audit } = figures
  const isTimid = accuracy !== null && muteAccuracy !== null && accuracy.value < muteAccuracy + 0.01
  const warning = isTimid ? '; this one is no better' : ''
  const beside = table(
    ['', 'EXPERIMENT', 'PRODUCTION, ON THE SAME'],
    [
      ['accuracy', interval(accuracy), interval(baseline.accuracy)],
      ['precision', interval(figures.precision), interval(baseline.precision)],
      ['recall', interval(figures.recall), interval(baseline.recall)],
    ],
  )
  const groups = Object.entries(figures.groups).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    ...beside.map(line => `  ${line}`),
    ...pairs([
      ['difference', `${interval(figures.accuracyDifference)} in accuracy, pull request by pull request`],
      ['silence', `${figure(muteAccuracy)}: the accuracy of a reviewer that never says anything${warning}`],
      ['F0.5, MCC', `${figure(figures.fHalf)}, ${figure(figures.mcc)}`],
      ['wrong', `${figures.falsePositives} hunks, missed ${figures.falseNegatives}`],
      [
        'labels',
        `${figures.labelledHunks} hunks of ${figures.labelledPullRequests} pull requests; ${percent(figures.labelCoverage)} of the findings are judged`,
      ],
      [
        'audit',
        audit.due === 0
          ? 'no hunk was drawn'
          : `${audit.due - audit.unanswered} of ${audit.due} drawn hunks judged: accuracy ${interval(audit.towardsPromotion)}, and ${interval(audit.towardsQuarantine)} of what was judged`,
      ],
      ['latency', `p50 ${ms(figures.latencyP50Ms)}, p95 ${ms(figures.latencyP95Ms)}`],
      ['errors', interval(figures.errorRate)],
      ['cost', figures.usdPerRun === null ? 'unknown' : `${usd(figures.usdPerRun)} a run`],
      [
        'throughput',
        metrics?.runsPerHour ? `${metrics.runsPerHour.toFixed(1)} runs an hour, newest day` : 'unknown',
      ],
      ['satisfaction', figures.satisfaction === null ? 'unknown' : `${figures.satisfaction.toFixed(1)} of 5`],
      ['as of', metrics === null ? 'unknown' : metrics.scoredAt.toISOString()],
    ]),
    '',
    ...table(
      ['BY', 'PULL REQUESTS', 'ACCURACY', 'PRECISION', 'RECALL'],
      groups.map(([name, of]) => [
        name.replace(':', ' '),
        of.pullRequests,
        name.startsWith('severity:') ? '' : interval(of.accuracy),
        interval(of.precision),
        interval(of.recall),
      ]),
    ).map(line => `  ${line}`),
  ]
}

function figure(value: number | null): string {
  return value === null ? 'unknown' : value.toFixed(3)
}

function percent(share: number | null): string {
  return share === null ? 'none' : `${Math.round(share * 100)} %`
}

/** Too many failed runs leave no end to wait for. */
function ms(value: number | null): string {
  if (value === null) return 'unknown'
  return Number.isFinite(value) ? `${Math.round(value)} ms` : 'never, as too many failed'
}
