import { isAlarm, quietDetector, watchOutcome } from './detector.ts'

/** One review by the release, as production publishes it. */
export interface WatchedReview {
  /** ms since 1970. */
  at: number
  /** From the webhook's receipt to the posted review, ms; null when none was posted. */
  responseMs: number | null
  healthy: boolean
  /** Not the release's doing when a provider or the code host was down. */
  attributable: boolean
}

/** What is promised to users. Shares are 0 to 1. */
export interface Slo {
  responseMs: number
  /** Share of reviews that must be posted within responseMs: 0.95 makes it the 95th percentile. */
  responseShare: number
  errorRate: number
}

export const promised: Slo = { responseMs: 3000, responseShare: 0.95, errorRate: 0.02 }
/** Share of the minutes in which a worker is alive. No release's doing: an alert tells of less. */
export const promisedUptime = 0.999

/** How violations are called. */
export const broken = { late: 'answered too late', errors: 'ended in an error' } as const

/** Fewer reviews than that say nothing about a release. */
export const fewestReviews = 30
/** A release that is tried gets every pull request after so many healthy reviews. */
export const canaryReviews = 50
/** While all is well, a false alarm of the detector comes once in so many reviews at most. */
const falseAlarmIn = 10_000

/**
 * Burn rates: how many times faster than promised the budget of bad reviews is spent, over a long and a short window at
 * once, so that an alarm comes soon and ends soon (Google, The Site Reliability Workbook, chapter 5).
 */
const burns = [
  { longMs: 3_600_000, shortMs: 300_000, rate: 14.4 },
  { longMs: 6 * 3_600_000, shortMs: 1_800_000, rate: 6 },
] as const

export interface Watch {
  state: 'too-few' | 'healthy' | 'violated'
  reviews: number
  healthy: number
  p95Ms: number | null
  errorRate: number | null
  /** What was violated, said to people; empty when nothing was. */
  violations: readonly string[]
}

/** Oldest review first. What is not the release's doing is left out; at least 30 reviews before anything is said. */
export function watchRelease(reviews: readonly WatchedReview[], now: number, slo: Slo = promised): Watch {
  const own = reviews.filter(review => review.attributable)
  const healthy = own.filter(review => review.healthy).length
  const times = own.flatMap(review => review.responseMs ?? []).sort((a, b) => a - b)
  const basis = {
    reviews: own.length,
    healthy,
    p95Ms: times[Math.ceil(0.95 * times.length) - 1] ?? null,
    errorRate: own.length === 0 ? null : 1 - healthy / own.length,
  }
  if (own.length < fewestReviews) return { state: 'too-few', ...basis, violations: [] }
  const violations = [
    ...violationsOf(broken.late, own, now, isLate(slo), 1 - slo.responseShare),
    ...violationsOf(broken.errors, own, now, review => !review.healthy, slo.errorRate),
  ]
  return { state: violations.length === 0 ? 'healthy' : 'violated', ...basis, violations }
}

const isLate =
  ({ responseMs }: Slo) =>
  (review: WatchedReview): boolean =>
    review.responseMs === null || review.responseMs > responseMs

function violationsOf(
  what: string,
  reviews: readonly WatchedReview[],
  now: number,
  isBad: (review: WatchedReview) => boolean,
  budget: number,
): string[] {
  const burning = burns.flatMap(({ longMs, shortMs, rate }) => {
    const [long, short] = [longMs, shortMs].map(ms => shareOf(reviews, now - ms, isBad))
    if (!long || !short || long.n < fewestReviews || short.n === 0) return []
    if (long.share < rate * budget || short.share < rate * budget) return []
    return [
      `${percent(long.share)} of ${long.n} reviews in ${longMs / 3_600_000} h ${what}: ${rate} times the budget of ${percent(budget)}`,
    ]
  })
  let detector = quietDetector
  for (const review of reviews) detector = watchOutcome(detector, isBad(review) ? 0 : 1, 1 - budget)
  const bad = reviews.filter(isBad).length
  return isAlarm(detector, 1 / falseAlarmIn)
    ? [...burning, `${bad} of ${reviews.length} reviews ${what}, more than ${percent(budget)} can explain`]
    : burning
}

function shareOf(
  reviews: readonly WatchedReview[],
  since: number,
  isBad: (review: WatchedReview) => boolean,
): { n: number; share: number } {
  const inside = reviews.filter(review => review.at >= since)
  return {
    n: inside.length,
    share: inside.length === 0 ? 0 : inside.filter(isBad).length / inside.length,
  }
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`
}
