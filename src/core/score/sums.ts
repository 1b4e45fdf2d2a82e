import {
  addRatio,
  addTo,
  addToHistogram,
  noMoments,
  noRatio,
  type Histogram,
  type Moments,
  type RatioMoments,
} from '../statistics.ts'
import { auditedAccuracy } from './audit.ts'
import type { Counts } from './hunks.ts'

/** One final outcome: a run on one sample, and production's own run on it. */
export interface Outcome {
  counts: Counts
  baseline: Counts
  /** No result, or a degraded one. */
  failed: boolean
  /** Null: not measured, as in a replay that took answers from the store. */
  latencyMs: number | null
  usd: number
  language: string
  changedLines: number
  /** When its sample was taken; absent in a replay, where it says nothing. */
  takenAt?: Date
}

/** Running sums of one group of outcomes. One outcome is one pull request. */
export interface Group {
  outcomes: number
  accuracy: Moments
  precision: RatioMoments
  recall: RatioMoments
}

export interface Sums extends Group {
  mute: Moments
  baselineAccuracy: Moments
  baselinePrecision: RatioMoments
  baselineRecall: RatioMoments
  /** Accuracy of the run less that of production, on the same pull request. */
  accuracyDifference: Moments
  /** Pull requests with a real issue. */
  withIssue: number
  /** When the oldest and the newest of the samples were taken, in ms. */
  taken: { first: number; last: number } | null
  failed: number
  latency: Histogram
  usd: number
  tp: number
  fp: number
  fn: number
  tn: number
  hunks: number
  labelled: number
  /** Accuracy on the drawn hunks of each pull request: unanswered ones wrong, and left out. */
  audit: { due: number; unanswered: number; towardsPromotion: Moments; towardsQuarantine: Moments }
  unknown: number
  unjudged: number
  findings: number
  satisfaction: { weight: number; pleased: number }
  baselineSatisfaction: { weight: number; pleased: number }
  authors: Record<string, number>
  groups: Record<string, Group>
}

const emptyGroup: Group = { outcomes: 0, accuracy: noMoments, precision: noRatio, recall: noRatio }

export const emptySums: Sums = {
  ...emptyGroup,
  mute: noMoments,
  baselineAccuracy: noMoments,
  baselinePrecision: noRatio,
  baselineRecall: noRatio,
  accuracyDifference: noMoments,
  withIssue: 0,
  taken: null,
  failed: 0,
  latency: {},
  usd: 0,
  tp: 0,
  fp: 0,
  fn: 0,
  tn: 0,
  hunks: 0,
  labelled: 0,
  audit: { due: 0, unanswered: 0, towardsPromotion: noMoments, towardsQuarantine: noMoments },
  unknown: 0,
  unjudged: 0,
  findings: 0,
  satisfaction: { weight: 0, pleased: 0 },
  baselineSatisfaction: { weight: 0, pleased: 0 },
  authors: {},
  groups: {},
}

/** Share of the labelled hunks that the run got right. Null when no hunk is labelled. */
export function accuracyOf(counts: Pick<Counts, 'labelled' | 'tp' | 'tn'>): number | null {
  return counts.labelled === 0 ? null : (counts.tp + counts.tn) / counts.labelled
}

/** The sums with one outcome more: what scoring costs per new outcome does not depend on how many there were. */
export function addOutcome(sums: Sums, outcome: Outcome): Sums {
  const { counts, baseline } = outcome
  const accuracy = accuracyOf(counts)
  const base = accuracyOf(baseline)
  // What failed never came: no time is long enough for it.
  const latencyMs = outcome.failed ? Infinity : outcome.latencyMs
  const groups = { ...sums.groups }
  for (const name of [`language:${outcome.language}`, `size:${sizeOf(outcome.changedLines)}`])
    groups[name] = addToGroup(groups[name] ?? emptyGroup, counts)
  for (const [severity, of] of Object.entries(counts.severity)) {
    const name = `severity:${severity}`
    const group = groups[name] ?? emptyGroup
    groups[name] = {
      ...group,
      outcomes: group.outcomes + 1,
      precision: addRatio(group.precision, of.right, of.right + of.wrong),
      recall: addRatio(group.recall, of.found, of.issues),
    }
  }
  return {
    ...addToGroup(sums, counts),
    mute: counts.labelled === 0 ? sums.mute : addTo(sums.mute, counts.mute / counts.labelled),
    baselineAccuracy: addKnown(sums.baselineAccuracy, base),
    baselinePrecision: addRatio(sums.baselinePrecision, baseline.right, baseline.right + baseline.wrong),
    baselineRecall: addRatio(sums.baselineRecall, baseline.found, baseline.issues),
    accuracyDifference:
      accuracy === null || base === null
        ? sums.accuracyDifference
        : addTo(sums.accuracyDifference, accuracy - base),
    withIssue: sums.withIssue + (counts.issues > 0 ? 1 : 0),
    taken: outcome.takenAt ? addTime(sums.taken, outcome.takenAt.getTime()) : sums.taken,
    failed: sums.failed + (outcome.failed ? 1 : 0),
    latency: latencyMs === null ? sums.latency : addToHistogram(sums.latency, latencyMs),
    usd: sums.usd + outcome.usd,
    tp: sums.tp + counts.tp,
    fp: sums.fp + counts.fp,
    fn: sums.fn + counts.fn,
    tn: sums.tn + counts.tn,
    hunks: sums.hunks + counts.hunks,
    labelled: sums.labelled + counts.labelled,
    audit: {
      due: sums.audit.due + counts.audited.due,
      unanswered: sums.audit.unanswered + counts.audited.unanswered,
      towardsPromotion: addKnown(sums.audit.towardsPromotion, auditedAccuracy(counts, 'promotion')),
      towardsQuarantine: addKnown(sums.audit.towardsQuarantine, auditedAccuracy(counts, 'quarantine')),
    },
    unknown: sums.unknown + counts.unknown,
    unjudged: sums.unjudged + counts.unjudged,
    findings: sums.findings + counts.findings,
    satisfaction: addSignals(sums.satisfaction, counts.satisfaction),
    baselineSatisfaction: addSignals(sums.baselineSatisfaction, baseline.satisfaction),
    authors: merge(sums.authors, counts.authors),
    groups,
  }
}

function addToGroup<G extends Group>(group: G, counts: Counts): G {
  return {
    ...group,
    outcomes: group.outcomes + 1,
    accuracy: addKnown(group.accuracy, accuracyOf(counts)),
    precision: addRatio(group.precision, counts.right, counts.right + counts.wrong),
    recall: addRatio(group.recall, counts.found, counts.issues),
  }
}

function addTime(taken: Sums['taken'], at: number): Sums['taken'] {
  return { first: Math.min(taken?.first ?? at, at), last: Math.max(taken?.last ?? at, at) }
}

function addKnown(moments: Moments, value: number | null): Moments {
  return value === null ? moments : addTo(moments, value)
}

/** People see these as small, medium and large: the bounds are changed lines. */
/** Pull requests by their changed lines. */
export function sizeOf(changedLines: number): 'small' | 'medium' | 'large' {
  if (changedLines <= 50) return 'small'
  return changedLines <= 400 ? 'medium' : 'large'
}

function addSignals(a: Sums['satisfaction'], b: Sums['satisfaction']): Sums['satisfaction'] {
  return { weight: a.weight + b.weight, pleased: a.pleased + b.pleased }
}

function merge(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [key, value] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + value
  return sum
}
