import { countOf, meanOf, quantile, ratioOf, wilson, type Interval } from '../statistics.ts'
import type { Group, Sums } from './sums.ts'

/** An experiment's figures over its final outcomes. Null: too little to say. docs/scoring.md has each formula. */
export interface Figures {
  pullRequests: number
  labelledPullRequests: number
  labelledHunks: number
  accuracy: Interval | null
  /** On hunks drawn for the audit: what nobody answered in time counts as wrong, or is left out. */
  audit: {
    due: number
    unanswered: number
    towardsPromotion: Interval | null
    towardsQuarantine: Interval | null
  }
  /** What a reviewer that says nothing would have reached. */
  muteAccuracy: number | null
  precision: Interval | null
  /** Relative to the issues anybody named: an upper bound. */
  recall: Interval | null
  /** Of hunks, summed. */
  fHalf: number | null
  /** Matthews' correlation, -1 to 1; null where a whole row or column of the table is empty. */
  mcc: number | null
  falsePositives: number
  falseNegatives: number
  /** Share of findings that anybody judged. */
  labelCoverage: number | null
  /**
   * Infinity where so large a share failed; a failed run is slower than any. Latency, errors and cost are null where
   * answers of some run came from the store.
   */
  latencyP50Ms: number | null
  latencyP95Ms: number | null
  /** Share of runs that failed or were degraded. */
  errorRate: Interval | null
  usdPerRun: number | null
  /** 0 to 5. */
  satisfaction: number | null
  /** Largest share of labelled hunks that one person decided. */
  largestAuthorShare: number | null
  labelAuthors: number
  baseline: { accuracy: Interval | null; precision: Interval | null; recall: Interval | null }
  /** Accuracy less that of production on the same pull requests. */
  accuracyDifference: Interval | null
  groups: Record<string, Pick<Figures, 'accuracy' | 'precision' | 'recall'> & { pullRequests: number }>
}

const share = { low: 0, high: 1 }
/** Prior weight of the satisfaction: ten signals' worth at production's own level, so that one 👍 is no 5.0. */
const priorWeight = 10

export function figuresOf(sums: Sums): Figures {
  const judged = sums.findings - sums.unjudged
  const measured = countOf(sums.latency) === sums.outcomes
  const authors = Object.values(sums.authors)
  const decided = authors.reduce((sum, count) => sum + count, 0)
  return {
    pullRequests: sums.outcomes,
    labelledPullRequests: sums.accuracy.n,
    labelledHunks: sums.labelled,
    ...groupFigures(sums),
    audit: {
      due: sums.audit.due,
      unanswered: sums.audit.unanswered,
      towardsPromotion: meanOf(sums.audit.towardsPromotion, share),
      towardsQuarantine: meanOf(sums.audit.towardsQuarantine, share),
    },
    muteAccuracy: sums.mute.n === 0 ? null : sums.mute.sum / sums.mute.n,
    fHalf: fHalfOf(sums),
    mcc: mccOf(sums),
    falsePositives: sums.fp,
    falseNegatives: sums.fn,
    labelCoverage: sums.findings === 0 ? null : judged / sums.findings,
    latencyP50Ms: measured ? quantile(sums.latency, 0.5) : null,
    latencyP95Ms: measured ? quantile(sums.latency, 0.95) : null,
    errorRate: measured ? wilson(sums.failed, sums.outcomes) : null,
    usdPerRun: !measured || sums.outcomes === 0 ? null : sums.usd / sums.outcomes,
    satisfaction: satisfactionOf(sums),
    largestAuthorShare: decided === 0 ? null : Math.max(...authors) / decided,
    labelAuthors: authors.length,
    baseline: {
      accuracy: meanOf(sums.baselineAccuracy, share),
      precision: ratioOf(sums.baselinePrecision, share),
      recall: ratioOf(sums.baselineRecall, share),
    },
    accuracyDifference: meanOf(sums.accuracyDifference, { low: -1, high: 1 }),
    groups: Object.fromEntries(
      Object.entries(sums.groups).map(([name, group]) => [
        name,
        { pullRequests: group.outcomes, ...groupFigures(group) },
      ]),
    ),
  }
}

/**
 * 5 x (pleased + m s0) / (weight + m), with m = 10 and s0 = production's own share of pleased signals (one half when
 * there are none). Null without a signal.
 */
function satisfactionOf({ satisfaction, baselineSatisfaction }: Sums): number | null {
  const { weight, pleased } = satisfaction
  if (weight === 0) return null
  const prior =
    baselineSatisfaction.weight === 0 ? 0.5 : baselineSatisfaction.pleased / baselineSatisfaction.weight
  // Of thousands of weights that were added up, the last digits differ.
  return Math.min(5, (5 * (pleased + priorWeight * prior)) / (weight + priorWeight))
}

type Table = Pick<Sums, 'tp' | 'fp' | 'fn' | 'tn'>

function fHalfOf({ tp, fp, fn }: Table): number | null {
  const of = 1.25 * tp + 0.25 * fn + fp
  return of === 0 ? null : (1.25 * tp) / of
}

function mccOf({ tp, fp, fn, tn }: Table): number | null {
  const of = Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
  return of === 0 ? null : (tp * tn - fp * fn) / of
}

function groupFigures(group: Group): Pick<Figures, 'accuracy' | 'precision' | 'recall'> {
  return {
    accuracy: meanOf(group.accuracy, share),
    precision: ratioOf(group.precision, share),
    recall: ratioOf(group.recall, share),
  }
}
