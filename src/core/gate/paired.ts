import { logMean, settle, type Capitals } from './capital.ts'

/**
 * Shares of what may be staked at most. The low ones serve pairs that often differ by chance, the high ones pairs that
 * hardly ever differ.
 */
const shares = [0.05, 0.1, 0.2, 0.35, 0.6, 0.9] as const

/** What one side did on one pull request, in parts of 1: how much it could have got right there, and how much it did. */
export interface Attempt {
  tried: number
  right: number
}

/** Sums of both sides' attempts on the same pull requests. */
interface Both {
  n: number
  own: Attempt
  production: Attempt
}

/** What a bet has become if production's true ratio is the highest there is, and if it is the lowest. */
interface Ends {
  high: Capitals
  low: Capitals
}

/** Bets that an experiment's ratio right / tried is below production's less a margin. */
export interface Harm extends Both {
  harmed: Ends
}

/** Beside them the bets that it is above. */
export interface Pairs extends Harm {
  unharmed: Ends
}

const none: Capitals = shares.map(() => 0)
export const noHarm: Harm = {
  n: 0,
  own: { tried: 0, right: 0 },
  production: { tried: 0, right: 0 },
  harmed: { high: none, low: none },
}
export const noPairs: Pairs = { ...noHarm, unharmed: { high: none, low: none } }

/** One pull request more: 0 <= right <= tried <= 1 on both sides, else a RangeError; 0 < margin < 1. */
export function addPair(pairs: Pairs, own: Attempt, production: Attempt, margin: number): Pairs {
  const gain = gains(pairs, own, production, margin)
  const stakes = shares.map(share => share / (1 - margin))
  return {
    ...addHarm(pairs, own, production, margin),
    unharmed: {
      high: settle(pairs.unharmed.high, stakes, gain(1)),
      low: settle(pairs.unharmed.low, stakes, gain(margin)),
    },
  }
}

export function addHarm(harm: Harm, own: Attempt, production: Attempt, margin: number): Harm {
  const gain = gains(harm, own, production, margin)
  const stakes = shares.map(share => share / (1 + margin))
  return {
    n: harm.n + 1,
    own: sum(harm.own, own),
    production: sum(harm.production, production),
    harmed: {
      high: settle(harm.harmed.high, stakes, -gain(1)),
      low: settle(harm.harmed.low, stakes, -gain(0)),
    },
  }
}

/**
 * Hypothesis "own ratio <= r - margin", where r is production's: for the true r,
 *   gain(r) = a (own.right - (r - margin) own.tried) - b (production.right - r production.tried)
 * is at most 0 in expectation, for all weights a, b >= 0 that are chosen before the pull request is looked at. r is unknown,
 * but gain is linear in r, so the ln capital of a bet is concave in r and least at an end: the smaller of the capitals at
 * both ends is certain. The ends are margin and 1, since no own ratio is below 0. The weights even out who tries more often,
 * as far as earlier pull requests tell, so that r hardly matters; recall is the case where both tried the same and r drops out.
 * The opposite hypothesis has the opposite gain and the ends 0 and 1. -(1 - margin) <= gain <= 1 + margin bounds the stakes.
 */
function gains(before: Both, own: Attempt, production: Attempt, margin: number): (ratio: number) => number {
  for (const { tried, right } of [own, production])
    if (!(right >= 0 && right <= tried && tried <= 1))
      throw new RangeError(`right ${right} of ${tried} is not 0 <= right <= tried <= 1`)
  const more = (0.5 + before.own.tried) / (0.5 + before.production.tried)
  const a = Math.min(1, 1 / more)
  const b = Math.min(1, more)
  return ratio =>
    a * (own.right - (ratio - margin) * own.tried) - b * (production.right - ratio * production.tried)
}

/** ln of the e-value that is certain whichever ratio production has: see gains. */
export function logCertain({ high, low }: Ends): number {
  return logMean(high.map((capital, k) => Math.min(capital, low[k] ?? -Infinity)))
}

function sum(a: Attempt, b: Attempt): Attempt {
  return { tried: a.tried + b.tried, right: a.right + b.right }
}
