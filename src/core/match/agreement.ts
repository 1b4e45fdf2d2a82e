/** How two judges of the same pairs agree. */
export interface Agreement {
  /** Both say yes. */
  both: number
  /** Only the judged one says yes. */
  onlyMatcher: number
  /** Only the reference says yes. */
  onlyReference: number
  neither: number
}

/**
 * Cohen 1960: (observed - expected) / (1 - expected), the expected agreement from each judge's own share of yes.
 * Undefined when chance explains everything: no pair, or both always say the same one word.
 */
export function cohenKappa({ both, onlyMatcher, onlyReference, neither }: Agreement): number | undefined {
  const pairs = both + onlyMatcher + onlyReference + neither
  if (pairs === 0) return undefined
  const observed = (both + neither) / pairs
  const expected =
    ((both + onlyMatcher) * (both + onlyReference) + (onlyReference + neither) * (onlyMatcher + neither)) /
    pairs ** 2
  return expected === 1 ? undefined : (observed - expected) / (1 - expected)
}

export interface Accuracy {
  precision: number | undefined
  recall: number | undefined
  /** Harmonic mean: 2 × hits / (claimed + real). */
  f1: number | undefined
}

/** `hits` of `claimed` are among the `real`; undefined where nothing was claimed or nothing was real. */
export function accuracyOf(hits: number, claimed: number, real: number): Accuracy {
  const share = (whole: number, part = hits): number | undefined => (whole === 0 ? undefined : part / whole)
  return { precision: share(claimed), recall: share(real), f1: share(claimed + real, 2 * hits) }
}

/** Ranks from 1; equal values share the mean of the ranks they span. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] as number) - (values[b] as number))
  const ranks = Array.from({ length: values.length }, () => 0)
  for (let from = 0; from < order.length;) {
    let to = from
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++
    for (const index of order.slice(from, to)) ranks[index] = (from + to + 1) / 2
    from = to
  }
  return ranks
}

/**
 * Spearman's rank correlation: Pearson's over mid-ranks, which is right with ties too. Undefined when either list has
 * fewer than two different values. Throws RangeError when the lists differ in length.
 */
export function spearman(left: readonly number[], right: readonly number[]): number | undefined {
  if (left.length !== right.length) throw new RangeError('the lists differ in length')
  const [a, b] = [ranksOf(left), ranksOf(right)]
  const mean = (left.length + 1) / 2
  let [product, squareA, squareB] = [0, 0, 0]
  for (const [index, rank] of a.entries()) {
    const [x, y] = [rank - mean, (b[index] as number) - mean]
    product += x * y
    squareA += x * x
    squareB += y * y
  }
  return squareA === 0 || squareB === 0 ? undefined : product / Math.sqrt(squareA * squareB)
}
