import { logMean, settle, type Capitals } from './capital.ts'

/** Shares staked on "worse than p0", as in fraction.ts. */
const doubts = [0.01, 0.02, 0.04, 0.07, 0.11, 0.16, 0.25, 0.45] as const

/**
 * Watches a release for a change for the worse: an e-detector of CUSUM form (Shin, Ramdas and Rinaldo 2024), one capital for
 * each stake, each never below 1 before an outcome. While the mean stays at p0 or above, the expected number of outcomes to
 * the first alarm is at least 1 / level.
 */
export const quietDetector: Capitals = doubts.map(() => -Infinity)

/** One outcome more, 0 (wrong) to 1 (right). 0 < p0 < 1. */
export function watchOutcome(detector: Capitals, x: number, p0: number): Capitals {
  if (!(x >= 0 && x <= 1)) throw new RangeError(`an outcome is 0 to 1, this is ${x}`)
  return settle(
    detector.map(capital => Math.max(capital, 0)),
    doubts,
    (p0 - x) / (1 - p0),
  )
}

/** Whether the outcomes so far are an alarm whose false rate is at most one in 1 / level. */
export function isAlarm(detector: Capitals, level: number): boolean {
  return logMean(detector) >= Math.log(1 / level)
}
