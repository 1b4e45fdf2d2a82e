import type { Assessed, CriterionName } from './criteria.ts'
import type { VerdictBasis } from './decide.ts'
import type { GateEvidence } from './evidence.ts'

/** What is still missing for one criterion. */
export interface Outlook {
  criterion: CriterionName
  /** More observations of its kind, at the present rate; null: never, at that. */
  more: number | null
  /** How many samples bring so many of them; null as above, or when none came yet. */
  samples: number | null
  words: string
}

/** The criterion that is furthest from its proof, and the share of the way that it has come, 0 to 1. */
export function furthestOf({ criteria, needed }: Pick<VerdictBasis, 'criteria' | 'needed'>): {
  criterion: CriterionName
  share: number
} {
  const shares = Object.values(criteria).map(({ name, state, logFor }) => ({
    criterion: name,
    share: state === 'unmeasured' ? 0 : Math.min(1, Math.max(0, logFor / needed.promote)),
  }))
  return shares.reduce((least, each) => (each.share < least.share ? each : least))
}

/** Nobody waits longer than that. */
const most = 1_000_000

/**
 * How many more observations prove a criterion if they come out as those so far: ln capitals grow in proportion, tallies keep
 * their share, and the number is found by bisection. It is an expectation, no promise.
 */
export function outlookOf(criterion: Assessed, evidence: GateEvidence, proof: number): Outlook {
  const { name, n } = criterion
  if (n === 0) return { criterion: name, more: null, samples: null, words: `${name}: no ${units[name]} yet` }
  const needed = -Math.log(proof)
  const more = fewest(m => criterion.project((n + m) / n) >= needed)
  const seen = Math.max(evidence.pullRequests, evidence.healthy.n + evidence.unmeasured)
  if (more === null) {
    const words = `${name}: not at the present rate (${said(criterion)})`
    return { criterion: name, more, samples: null, words }
  }
  const samples = Math.ceil((more * seen) / n)
  const shown =
    name === 'accuracy'
      ? [Math.ceil((more * evidence.audited.hunks) / n), 'audited findings']
      : [more, units[name]]
  const words = `${name}: ${shown.join(' more ')}, or ${samples} more samples, at the present rate (${said(criterion)})`
  return { criterion: name, more, samples, words }
}

const units: Record<CriterionName, string> = {
  accuracy: 'audited pull requests',
  latency: 'runs',
  errors: 'runs',
  recall: 'audited pull requests with an issue',
  precision: 'audited pull requests with a finding',
}

function said({ value, required }: Assessed): string {
  return `${value === null ? 'not measured' : value.toFixed(3)}, must be shown above ${required.toFixed(3)}`
}

/** Smallest whole m >= 1 at which it holds, where it holds for all above; null: not up to a million. */
function fewest(holds: (m: number) => boolean): number | null {
  let high = 1
  while (!holds(high)) {
    high *= 2
    if (high > most) return null
  }
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}
