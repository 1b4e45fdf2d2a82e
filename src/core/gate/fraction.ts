import { settle, type Capitals } from './capital.ts'

/**
 * Shares of the capital that are staked on "more than p0": high ones, since what is worth promoting is nearly always right.
 * Waudby-Smith and Ramdas (2024), grid; this set decides in fewer pull requests than a uniform one, see docs/gate.md.
 */
const shares = [0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98] as const
/** Shares staked on "less than p0". Each is best where about (1 + 19 share) / 20 of the outcomes are wrong at p0 = 0.95. */
const doubts = [0.01, 0.02, 0.04, 0.07, 0.11, 0.16, 0.25, 0.45] as const

/** Bets for and against "the mean of these fractions is above p0". Their order does not matter. */
export interface Fractions {
  n: number
  sum: number
  above: Capitals
  below: Capitals
}

export const noFractions: Fractions = {
  n: 0,
  sum: 0,
  above: shares.map(() => 0),
  below: doubts.map(() => 0),
}

/**
 * One pull request's fraction, and what it is at the least where a part of it is not known: that is what is bet on
 * upwards. 0 <= least <= x <= 1, else a RangeError; 0 < p0 < 1.
 */
export function addFraction(fractions: Fractions, x: number, p0: number, least = x): Fractions {
  if (!(least >= 0 && least <= x && x <= 1))
    throw new RangeError(`a fraction is 0 to 1, this is ${least} to ${x}`)
  return {
    n: fractions.n + 1,
    sum: fractions.sum + x,
    above: settle(fractions.above, shares, (least - p0) / p0),
    below: settle(fractions.below, doubts, (p0 - x) / (1 - p0)),
  }
}

/** A pull request of which nothing became known: it proves nothing, and disproves nothing either. */
export function addUnknown(fractions: Fractions): Fractions {
  return { ...fractions, above: settle(fractions.above, shares, -1) }
}
