import { logMean, settle, type Capitals } from '../../src/core/gate/capital.ts'
import { addFraction, noFractions } from '../../src/core/gate/fraction.ts'
import { logAbove } from '../../src/core/gate/mixture.ts'
import { wilson } from '../../src/core/statistics.ts'
import { tabulated, type StoppingRule } from './exact.ts'

/** The simpler rules that the gate is compared with; p0 is the bar, 0.95 or 0.98. */
export function meanAfter30(p0: number): StoppingRule {
  return { side: 'above', stops: (n, k) => n >= 30 && k >= p0 * n }
}

/** One-sided 95 % Wilson bound, looked at after every trial from the 30th on. */
export function wilsonPeeked(p0: number, to: number): StoppingRule {
  const stops = (n: number, k: number): boolean => n >= 30 && (wilson(k, n, 1.645)?.low ?? 0) >= p0
  return tabulated({ side: 'above', stops }, to)
}

/** The beta mixture over single trials, right where trials are independent. */
export function mixtureRule(p0: number, level: number, to: number): StoppingRule {
  const stops = (n: number, successes: number): boolean => logAbove(p0, { n, successes }) >= -Math.log(level)
  return tabulated({ side: 'above', stops }, to)
}

const [right, wrong] = [1, 0].map(x => addFraction(noFractions, x, 0.95).above)

/** The gate's own bets where every pull request is right or wrong: their capitals depend on the counts only. */
export function ownRule(level: number, to: number): StoppingRule {
  const stops = (n: number, k: number): boolean =>
    logMean((right ?? []).map((win, i) => win * k + (wrong?.[i] ?? 0) * (n - k))) >= -Math.log(level)
  return tabulated({ side: 'above', stops }, to)
}

const uniformShares = Array.from({ length: 20 }, (_, k) => (k + 1) / 21)
export const uniformStart: Capitals = uniformShares.map(() => 0)

/** Twenty bets at evenly spaced shares, by pull request. */
export function addUniform(capitals: Capitals, x: number, p0: number): Capitals {
  return settle(capitals, uniformShares, (x - p0) / p0)
}
