import { settle, type Capitals } from './capital.ts'

/** Shares of the capital that are staked on "more than the floor": low ones serve a reviewer that is little above it. */
const stakes = [0.05, 0.1, 0.2, 0.35, 0.6, 0.9] as const

/** Bets on "of the issues that are known in a pull request it finds more than the floor", which tells the timid from the good. */
export interface Pool {
  /** Pull requests with a known issue on an audited hunk. */
  n: number
  /** Sum of the shares found. */
  sum: number
  above: Capitals
}

export const noPool: Pool = { n: 0, sum: 0, above: stakes.map(() => 0) }

/** One pull request's share of known issues that were found, 0 to 1, RangeError outside of it; 0 < floor < 1. */
export function addShare(pool: Pool, share: number, floor: number): Pool {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`a share is 0 to 1, this is ${share}`)
  return {
    n: pool.n + 1,
    sum: pool.sum + share,
    above: settle(pool.above, stakes, (share - floor) / floor),
  }
}
