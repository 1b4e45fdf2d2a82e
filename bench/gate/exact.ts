/** When a rule stops: `above` from a number of successes on, `below` up to one; both monotone in the successes. */
export interface StoppingRule {
  side: 'above' | 'below'
  stops: (n: number, successes: number) => boolean
}

/**
 * Chance that a rule has stopped by each n from 0 to `to`, when every trial succeeds with chance `p` and the rule is looked
 * at whenever `looks` says so: by dynamic programming over the successes of those that have not stopped, so exact
 * up to rounding.
 */
export function stoppedBy(
  rule: StoppingRule,
  p: number,
  looks: (n: number) => boolean,
  to: number,
): Float64Array {
  const stopped = new Float64Array(to + 1)
  const alive = new Float64Array(to + 2)
  alive[0] = 1
  for (let n = 1; n <= to; n++) {
    for (let k = n; k >= 1; k--) alive[k] = (alive[k] ?? 0) * (1 - p) + (alive[k - 1] ?? 0) * p
    alive[0] = (alive[0] ?? 0) * (1 - p)
    stopped[n] = stopped[n - 1] ?? 0
    if (!looks(n)) continue
    for (let step = 0; step <= n; step++) {
      const k = rule.side === 'above' ? n - step : step
      if (!rule.stops(n, k)) break
      stopped[n] = (stopped[n] ?? 0) + (alive[k] ?? 0)
      alive[k] = 0
    }
  }
  return stopped
}

/** First n by which at least `share` have stopped; null: not by the end. */
export function reached(stopped: Float64Array, share: number): number | null {
  const n = stopped.findIndex(each => each >= share)
  return n === -1 ? null : n
}

/** The rule with its boundary worked out once: the least (above) or most (below) successes that stop, for each n. */
export function tabulated({ side, stops }: StoppingRule, to: number): StoppingRule {
  const edges = [side === 'above' ? 0 : -1]
  for (let n = 1; n <= to; n++) {
    let edge = edges[n - 1] ?? 0
    if (side === 'above') {
      while (edge <= n && !stops(n, edge)) edge++
    } else {
      while (edge < n && stops(n, edge + 1)) edge++
    }
    edges.push(edge)
  }
  return {
    side,
    stops: (n, k) => (side === 'above' ? k >= (edges[n] ?? Infinity) : k <= (edges[n] ?? -1)),
  }
}
