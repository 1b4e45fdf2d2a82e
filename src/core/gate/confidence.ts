import { logBeta } from './beta.ts'
import type { Tally } from './mixture.ts'

export interface Bounds {
  low: number
  high: number
}

/**
 * Robbins' confidence sequence for a chance: all p with (n+1) C(n,S) p^S (1-p)^(n-S) >= level, the uniform mixture (Robbins 1970).
 * It covers the truth at all times at once with probability 1 - level.
 */
export function robbins(tally: Tally, level: number): Bounds {
  return crossings(tally, level, (a, b, p) => logEvidence(a, b, p, 1, 1))
}

/**
 * The beta-binomial confidence sequence of Howard, Ramdas, McAuliffe and Sekhon (2021), tightest near `tightest` trials:
 * narrower than Robbins' there.
 */
export function betaBinomial(tally: Tally, level: number, tightest: number): Bounds {
  const odds = 2 * Math.log(1 / level)
  return crossings(tally, level, (successes, failures, p) => {
    const variance = p * (1 - p)
    const spread = (variance * tightest) / (odds + Math.log1p(odds))
    const weight = Math.max(spread - variance, 1e-3 * variance)
    return logEvidence(successes, failures, p, weight / (1 - p), weight / p)
  })
}

/** ln of the likelihood ratio to p averaged over Beta(a, b). */
function logEvidence(successes: number, failures: number, p: number, a: number, b: number): number {
  return (
    logBeta(a + successes, b + failures) - logBeta(a, b) - successes * Math.log(p) - failures * Math.log1p(-p)
  )
}

/**
 * Whether a sampler that took these at `rate` is broken, wrong in one of 1 / level samplers at most, over all time: its
 * rate is outside of the confidence sequence. So is one that took what is no number.
 */
export function isOffRate({ rate, ...tally }: Tally & { rate: number }, level: number): boolean {
  if (!(tally.successes <= tally.n)) return true
  const { low, high } = robbins(tally, level)
  return !(rate >= low && rate <= high)
}

/** The two p on both sides of the mean at which the evidence against p reaches 1 / level; 0 or 1 where it never does. */
function crossings(
  { n, successes }: Tally,
  level: number,
  evidence: (successes: number, failures: number, p: number) => number,
): Bounds {
  if (n === 0) return { low: 0, high: 1 }
  const against = (p: number): boolean => evidence(successes, n - successes, p) >= Math.log(1 / level)
  const between = (outside: number, inside: number): number => {
    let [out, within] = [outside, inside]
    for (let step = 0; step < 60; step++) {
      const middle = (out + within) / 2
      if (against(middle)) out = middle
      else within = middle
    }
    return out
  }
  const mean = successes / n
  return {
    low: successes === 0 ? 0 : between(0, mean),
    high: successes === n ? 1 : between(1, mean),
  }
}

/** Running sums of the empirical Bernstein sequence. */
export interface Bernstein {
  n: number
  sum: number
  squares: number
  weights: number
  weighted: number
  spread: number
}

export const noBernstein: Bernstein = { n: 0, sum: 0, squares: 0, weights: 0, weighted: 0, spread: 0 }

/** One fraction more, 0 to 1: predictable plug-in weights, Waudby-Smith and Ramdas (2024), theorem 2. */
export function addBernstein(state: Bernstein, x: number, level: number): Bernstein {
  const t = state.n + 1
  const meanBefore = (0.5 + state.sum) / t
  const varianceBefore = (0.25 + state.squares) / t
  const weight = Math.min(0.5, Math.sqrt((2 * Math.log(2 / level)) / (varianceBefore * t * Math.log(1 + t))))
  const mean = (0.5 + state.sum + x) / (t + 1)
  const psi = (-Math.log1p(-weight) - weight) / 4
  return {
    n: t,
    sum: state.sum + x,
    squares: state.squares + (x - mean) ** 2,
    weights: state.weights + weight,
    weighted: state.weighted + weight * x,
    spread: state.spread + 4 * (x - meanBefore) ** 2 * psi,
  }
}

/** Bounds on the mean of the fractions that hold at all times at once with probability 1 - level. */
export function bernsteinBounds({ n, weights, weighted, spread }: Bernstein, level: number): Bounds {
  if (n === 0) return { low: 0, high: 1 }
  const centre = weighted / weights
  const half = (Math.log(2 / level) + spread) / weights
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}
