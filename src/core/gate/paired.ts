import { logMean, settle, type Capitals } from './capital.ts'

/**
 * Shares of what may be staked at most. The low ones serve pairs that often differ by chance, the high ones pairs that
 * hardly ever differ.
 */
const shares = [0.05, 0.1, 0.2, 0.35, 0.6, 0.9] as const
/** Production's own ratio is not known: every bet is kept for each of these. */
const ratios = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const
/** Stakes that production's ratio is another one, upwards and downwards. */
const apartStakes = [0.1, 0.3, 0.7, -0.1, -0.3, -0.7] as const
/** What part of the evidence is about production's ratio alone. */
const apartPart = 0.1

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

/** Bets at each of some ratios that production may have, from the lowest to the highest. */
type AtRatios = readonly Capitals[]

/** Bets that an experiment's ratio right / tried is below production's less a margin; at the ratios 0 and 1 only. */
export interface Harm extends Both {
  harmed: AtRatios
}

/** Both ways, and bets that production's ratio is another one, none where it does not matter. */
export interface Pairs extends Harm {
  unharmed: AtRatios
  apart: AtRatios
}

const ends = [0, 1] as const
const flat = (at: readonly number[], bets: readonly number[]): AtRatios => at.map(() => bets.map(() => 0))
const nothing: Both = { n: 0, own: { tried: 0, right: 0 }, production: { tried: 0, right: 0 } }
export const noHarm: Harm = { ...nothing, harmed: flat(ends, shares) }
/** For sides that always try the same, as with recall: production's ratio drops out, and the ends are enough. */
export const noEqualPairs: Pairs = { ...noHarm, unharmed: flat(ends, shares), apart: [] }
export const noPairs: Pairs = {
  ...nothing,
  harmed: flat(ratios, shares),
  unharmed: flat(ratios, shares),
  apart: flat(ratios, apartStakes),
}

/** One pull request more: 0 <= right <= tried <= 1 on both sides, else a RangeError; 0 < margin < 1. */
export function addPair(pairs: Pairs, own: Attempt, production: Attempt, margin: number): Pairs {
  const gain = gains(pairs, own, production, margin)
  const up = shares.map(share => share / (1 - margin))
  const down = shares.map(share => share / (1 + margin))
  const at = pairs.apart.length === 0 ? ends : ratios
  return {
    ...together(pairs, own, production),
    // No own ratio is below 0, so for this hypothesis production's is at least the margin.
    unharmed: pairs.unharmed.map((capitals, j) => settle(capitals, up, gain(Math.max(margin, at[j] ?? 1)))),
    harmed: pairs.harmed.map((capitals, j) => settle(capitals, down, -gain(at[j] ?? 1))),
    apart: pairs.apart.map((capitals, j) =>
      settle(capitals, apartStakes, production.right - (ratios[j] ?? 1) * production.tried),
    ),
  }
}

export function addHarm(harm: Harm, own: Attempt, production: Attempt, margin: number): Harm {
  const gain = gains(harm, own, production, margin)
  const stakes = shares.map(share => share / (1 + margin))
  return {
    ...together(harm, own, production),
    harmed: harm.harmed.map((capitals, j) => settle(capitals, stakes, -gain(ends[j] ?? 1))),
  }
}

/**
 * Hypothesis "own ratio <= r - margin", where r is production's: for the true r,
 *   gain(r) = a (own.right - (r - margin) own.tried) - b (production.right - r production.tried)
 * is at most 0 in expectation, for all weights a, b >= 0 that are chosen before the pull request is looked at. The weights even
 * out who tries more often, as far as earlier pull requests tell. The opposite hypothesis has the opposite gain.
 * -(1 - margin) <= gain <= 1 + margin for margin <= r <= 1 bounds the stakes. Recall is the case where both tried the same:
 * r drops out.
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

/**
 * ln of the e-value that is certain whichever ratio production has. A bet's gain is linear in the ratio, so its ln capital is
 * concave, and between two ratios at least the smaller of the capitals there. At a ratio that production's own results rule
 * out, the bets that it is `apart` hold the sum up, so that only ratios near production's decide. With
 * `times` as many pull requests of the same kind.
 */
export function logCertain(bets: AtRatios, apart: AtRatios = [], times = 1): number {
  let least = Infinity
  for (let j = 0; j + 1 < bets.length; j++) {
    const own = logLeast(bets, j, times)
    const cell =
      apart.length === 0
        ? own
        : logSum(Math.log(1 - apartPart) + own, Math.log(apartPart) + logLeast(apart, j, times))
    least = Math.min(least, cell)
  }
  return least
}

function logLeast(bets: AtRatios, j: number, times: number): number {
  const above = bets[j + 1] ?? []
  return logMean((bets[j] ?? []).map((capital, k) => Math.min(capital, above[k] ?? -Infinity) * times))
}

function logSum(a: number, b: number): number {
  return logMean([a, b]) + Math.LN2
}

function together({ n, ...before }: Both, own: Attempt, production: Attempt): Both {
  return { n: n + 1, own: sum(before.own, own), production: sum(before.production, production) }
}

function sum(a: Attempt, b: Attempt): Attempt {
  return { tried: a.tried + b.tried, right: a.right + b.right }
}
