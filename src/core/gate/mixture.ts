import { logBeta, logBetaTails } from './beta.ts'

/** Outcomes of yes-or-no trials: how many, and how many of them went right. */
export interface Tally {
  n: number
  successes: number
}

export const noTally: Tally = { n: 0, successes: 0 }

export function addTrial(tally: Tally, success: boolean): Tally {
  return { n: tally.n + 1, successes: tally.successes + (success ? 1 : 0) }
}

/** Prior of what is worse than a bound: a mean of 0.9, as heavy as twenty trials. It decides at what size harm shows first. */
const doubt = { a: 18, b: 2 }

/**
 * ln of the e-value against "the chance of success is at most `p0`": the likelihood ratio to p0, averaged over the uniform
 * distribution on (p0, 1]. Under that hypothesis it exceeds 1/a at any time with probability at most a (Ville 1939;
 * Robbins 1970; for truncated mixtures Howard and Ramdas 2022). 0 < p0 < 1.
 */
export function logAbove(p0: number, { n, successes }: Tally): number {
  const a = 1 + successes
  const b = 1 + n - successes
  return (
    logBeta(a, b) +
    logBetaTails(p0, a, b).above -
    Math.log1p(-p0) -
    successes * Math.log(p0) -
    (n - successes) * Math.log1p(-p0)
  )
}

/** The same against "at least `p0`", averaged over Beta(18, 2) on [0, p0). */
export function logBelow(p0: number, { n, successes }: Tally): number {
  const a = doubt.a + successes
  const b = doubt.b + n - successes
  return (
    logBeta(a, b) +
    logBetaTails(p0, a, b).below -
    logBeta(doubt.a, doubt.b) -
    logBetaTails(p0, doubt.a, doubt.b).below -
    successes * Math.log(p0) -
    (n - successes) * Math.log1p(-p0)
  )
}
