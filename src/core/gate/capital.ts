/**
 * Logarithms of what each of some bets has become, beginning with 0 (capital 1). What bets win is settled by betting
 * on one outcome at a time, so the capitals are products, and do not depend on the order where the bets do not.
 */
export type Capitals = readonly number[]

/** ln of the mean of the capitals: a mixture of e-processes is one. */
export function logMean(capitals: Capitals): number {
  let highest = -Infinity
  for (const each of capitals) if (each > highest) highest = each
  if (highest === -Infinity) return -Infinity
  let sum = 0
  for (const each of capitals) sum += Math.exp(each - highest)
  return highest + Math.log(sum / capitals.length)
}

/** Each bet stakes its share of `gain`: capital x (1 + stake x gain), where stake x gain > -1. */
export function settle(capitals: Capitals, stakes: readonly number[], gain: number): Capitals {
  return capitals.map((capital, k) => capital + Math.log1p((stakes[k] ?? 0) * gain))
}
