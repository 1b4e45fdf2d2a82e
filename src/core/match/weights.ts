import type { Likeness } from './similarity.ts'

/** Log-odds of a match: the intercept and a weight for each part of the likeness. */
export type Model = { intercept: number } & Readonly<Record<keyof Likeness, number>> & {
    /** Least probability at which a pair counts as a match. */
    threshold: number
  }

/**
 * Logistic regression, written by `node bench/matching-fit.ts FILE` from 573 judged rows of 20 public pull requests
 * (docs/matching.md). Texts alone: the rows have no places.
 */
export const weights: Model = {
  intercept: -5.94,
  cosine: 9.89,
  behind: 16,
  bm25: 1.18,
  threshold: 0.29,
}
