import type { Figures } from './score/figures.ts'

/** What a replay came to. It ranks and rules out; it is no evidence for a promotion. */
export interface ReplaySummary {
  runs: number
  degraded: number
  failed: number
  usd: number
  /** Over the labels of the training split; the baseline is a reviewer that says nothing. */
  figures: Figures
}
