/** Two-sided 95 % quantile of the normal distribution. */
export const z95 = 1.959963984540054

export interface Interval {
  value: number
  low: number
  high: number
}

/**
 * Wilson's score interval for a proportion, 95 %: fit for few and for extreme counts (Wilson 1927; Brown, Cai and
 * DasGupta 2001). Null without observations.
 */
export function wilson(successes: number, observations: number, z = z95): Interval | null {
  if (observations === 0) return null
  const value = successes / observations
  const square = (z * z) / observations
  const centre = (value + square / 2) / (1 + square)
  const half =
    (z / (1 + square)) * Math.sqrt((value * (1 - value)) / observations + square / (4 * observations))
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** Sums of a variable over clusters (pull requests). */
export interface Moments {
  n: number
  sum: number
  squares: number
}

export const noMoments: Moments = { n: 0, sum: 0, squares: 0 }

export function addTo(moments: Moments, value: number): Moments {
  return { n: moments.n + 1, sum: moments.sum + value, squares: moments.squares + value * value }
}

/**
 * Mean over clusters with a 95 % interval from Student's t with n - 1 degrees of freedom: clusters are independent,
 * what is inside of one is not. Null below two clusters, where nothing is known of the spread.
 */
export function meanOf(
  { n, sum, squares }: Moments,
  within?: { low: number; high: number },
): Interval | null {
  if (n < 2) return null
  const value = sum / n
  const variance = Math.max(0, (squares - (sum * sum) / n) / (n - 1))
  const half = student95(n - 1) * Math.sqrt(variance / n)
  const clip = (x: number) => (within ? Math.min(within.high, Math.max(within.low, x)) : x)
  return { value, low: clip(value - half), high: clip(value + half) }
}

/** Sums of two variables over clusters, for their ratio. */
export interface RatioMoments {
  n: number
  top: number
  bottom: number
  topSquares: number
  bottomSquares: number
  products: number
}

export const noRatio: RatioMoments = { n: 0, top: 0, bottom: 0, topSquares: 0, bottomSquares: 0, products: 0 }

export function addRatio(moments: RatioMoments, top: number, bottom: number): RatioMoments {
  return {
    n: moments.n + 1,
    top: moments.top + top,
    bottom: moments.bottom + bottom,
    topSquares: moments.topSquares + top * top,
    bottomSquares: moments.bottomSquares + bottom * bottom,
    products: moments.products + top * bottom,
  }
}

/**
 * Ratio of two sums over clusters, with the 95 % interval of the ratio estimator (Cochran 1977, section 6.3): its
 * variance is that of the residuals top - ratio x bottom. Null when the bottom is empty or there are less than two clusters.
 */
export function ratioOf(m: RatioMoments, within?: { low: number; high: number }): Interval | null {
  if (m.n < 2 || m.bottom === 0) return null
  const value = m.top / m.bottom
  const residuals = m.topSquares - 2 * value * m.products + value * value * m.bottomSquares
  const variance = Math.max(0, residuals / (m.n - 1))
  const half = (student95(m.n - 1) * Math.sqrt(m.n * variance)) / m.bottom
  const clip = (x: number) => (within ? Math.min(within.high, Math.max(within.low, x)) : x)
  return { value, low: clip(value - half), high: clip(value + half) }
}

/**
 * 97.5 % quantile of Student's t: exact for one and two degrees of freedom, else the Cornish-Fisher expansion about the
 * normal quantile (Abramowitz and Stegun 26.7.5), right to 1 % at three and to four digits from ten on.
 */
export function student95(freedom: number): number {
  if (freedom <= 1) return 12.706204736174694
  if (freedom === 2) return 4.302652729749464
  const z = z95
  const n = freedom
  const g1 = (z ** 3 + z) / 4
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160
  return z + g1 / n + g2 / n ** 2 + g3 / n ** 3 + g4 / n ** 4
}

/** Counts by logarithmic bucket: bucket k holds values in [1.05^k, 1.05^(k+1)), so a quantile is right to 5 %. */
export type Histogram = Record<string, number>
const bucketBase = 1.05

export function addToHistogram(histogram: Histogram, value: number): Histogram {
  const bucket = String(Math.floor(Math.log(Math.max(1, value)) / Math.log(bucketBase)))
  return { ...histogram, [bucket]: (histogram[bucket] ?? 0) + 1 }
}

/** How many values it holds. */
export function countOf(histogram: Histogram): number {
  return Object.values(histogram).reduce((sum, count) => sum + count, 0)
}

/** Upper end of the bucket that holds the quantile, so at most 5 % too high. Null when empty. `share` 0 to 1. */
export function quantile(histogram: Histogram, share: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .toSorted((a, b) => a.bucket - b.bucket)
  const total = countOf(histogram)
  let below = 0
  for (const { bucket, count } of buckets) {
    below += count
    if (below >= share * total) return bucketBase ** (bucket + 1)
  }
  return null
}
