import { bernsteinBounds, robbins, type Bounds } from './confidence.ts'
import { logMean } from './capital.ts'
import type { GateEvidence } from './evidence.ts'
import type { Fractions } from './fraction.ts'
import { logAbove, logBelow, type Tally } from './mixture.ts'
import { logCertain, type Harm, type Pairs } from './paired.ts'
import type { Thresholds } from './thresholds.ts'

export const criterionNames = ['accuracy', 'latency', 'errors', 'recall', 'precision'] as const
export type CriterionName = (typeof criterionNames)[number]

/** One thing that must be proven, and what is known of it. */
export interface Criterion {
  name: CriterionName
  /** Observations: pull requests, for latency and errors runs. */
  n: number
  /** What was observed: a share, for recall and precision the difference to production's. Null: nothing yet. */
  value: number | null
  /** What the value must be above. */
  required: number
  /** Where the true value lies, at all times at once with probability 1 - level; null where none is shown. */
  bounds: Bounds | null
  /** ln of the e-value that it is above what is required, and that it is below. */
  logFor: number
  logAgainst: number
  state: 'proven' | 'disproven' | 'open' | 'unmeasured'
}

/** A criterion without what is only shown, and logFor after `times` as many observations of the kind so far. */
export type Assessed = Omit<Criterion, 'bounds'> & { project: (times: number) => number }

/**
 * The five criteria. `proof` and `disproof` are levels: e-values of 1 / proof promote, of 1 / disproof quarantine. An e-value
 * that is no number proves and disproves nothing.
 */
export function assess(
  evidence: GateEvidence,
  thresholds: Thresholds,
  levels: { proof: number; disproof: number },
): Record<CriterionName, Assessed> {
  const { latencyShare, errorRate, margin } = thresholds
  const settled = (criterion: Omit<Assessed, 'state'>): Assessed => ({
    ...criterion,
    state: stateOf(criterion, levels),
  })
  return {
    accuracy: settled(accuracy(evidence, thresholds.accuracy)),
    latency: settled({ name: 'latency', ...trials(evidence.within, latencyShare) }),
    errors: settled({ name: 'errors', ...trials(evidence.healthy, 1 - errorRate) }),
    recall: settled({ name: 'recall', ...paired(evidence.recall, margin) }),
    precision: settled({ name: 'precision', ...paired(evidence.precision, margin) }),
  }
}

function stateOf(
  { n, logFor, logAgainst }: Pick<Criterion, 'n' | 'logFor' | 'logAgainst'>,
  { proof, disproof }: { proof: number; disproof: number },
): Criterion['state'] {
  if (n === 0 || Number.isNaN(logFor) || Number.isNaN(logAgainst)) return 'unmeasured'
  if (logAgainst >= -Math.log(disproof)) return 'disproven'
  return logFor >= -Math.log(proof) ? 'proven' : 'open'
}

/** Only what was audited can disprove. */
function accuracy(evidence: GateEvidence, required: number): Omit<Assessed, 'state'> {
  const { accuracy: audited } = evidence
  return {
    name: 'accuracy',
    n: audited.n,
    value: audited.n === 0 ? null : audited.sum / audited.n,
    required,
    logFor: logAccurate(evidence),
    logAgainst: logMean(audited.below),
    project: times => logAccurate(evidence, times),
  }
}

/**
 * ln of the e-value that accuracy is above what is required: the mean of that of audited hunks and that of what was
 * volunteered, half each from the beginning, so that it is an e-value. With `times` as many of both, at the same rate.
 */
export function logAccurate(
  { accuracy: audited, volunteered }: Pick<GateEvidence, 'accuracy' | 'volunteered'>,
  times = 1,
): number {
  return logMean([grown(audited, times), grown(volunteered, times)])
}

function grown(fractions: Fractions, times: number): number {
  return logMean(fractions.above.map(capital => capital * times))
}

function trials(tally: Tally, required: number): Omit<Assessed, 'name' | 'state'> {
  return {
    n: tally.n,
    value: tally.n === 0 ? null : tally.successes / tally.n,
    required,
    logFor: logAbove(required, tally),
    logAgainst: logBelow(required, tally),
    project: times => logAbove(required, { n: tally.n * times, successes: tally.successes * times }),
  }
}

/** Evidence never changes, and most pull requests add nothing to pairs: what was worked out once is kept. */
const worth = new WeakMap<Pairs, { logFor: number; logAgainst: number }>()

function paired(pairs: Pairs, margin: number): Omit<Assessed, 'name' | 'state'> {
  const { n, unharmed, harmed, apart } = pairs
  const known = worth.get(pairs) ?? {
    logFor: logCertain(unharmed, apart),
    logAgainst: logCertain(harmed, apart),
  }
  worth.set(pairs, known)
  return {
    n,
    value: differenceOf(pairs),
    required: -margin,
    ...known,
    project: times => logCertain(unharmed, apart, times),
  }
}

/** Bounds to show: see confidence.ts. Null before anything was observed, and for differences to production. */
export function boundsOf(name: CriterionName, evidence: GateEvidence, level: number): Bounds | null {
  const of = (tally: Tally): Bounds | null => (tally.n === 0 ? null : robbins(tally, level))
  switch (name) {
    case 'accuracy':
      return evidence.accuracy.n === 0 ? null : bernsteinBounds(evidence.accuracyBounds, level)
    case 'latency':
      return of(evidence.within)
    case 'errors':
      return of(evidence.healthy)
    case 'recall':
    case 'precision':
      return null
  }
}

/** Own ratio less production's; null while one of them has tried nothing. */
export function differenceOf({ own, production }: Harm): number | null {
  if (own.tried === 0 || production.tried === 0) return null
  return own.right / own.tried - production.right / production.tried
}
