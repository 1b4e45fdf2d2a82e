import type { PlantedDefect } from './load.ts'

export interface PostedComment {
  path: string
  side: string
  startLine: number
  line: number
}

export interface Judgement {
  /** Planted defects that a switched-on rule claims, by whether a comment stands on their line. */
  found: PlantedDefect[]
  missed: PlantedDefect[]
  /** Comments on a pull request in which there is nothing to find. */
  unwanted: PostedComment[]
}

/** Compares what was posted on a sample with what was planted in it. Defects that no rule claims do not count. */
export function judgeSample(
  sample: { planted: readonly PlantedDefect[]; clean: boolean },
  comments: readonly PostedComment[],
): Judgement {
  const claimed = sample.planted.filter(defect => defect.claimedBy !== null)
  const isFound = (defect: PlantedDefect) =>
    comments.some(
      comment =>
        comment.path === defect.path &&
        comment.side === 'RIGHT' &&
        comment.startLine <= defect.line &&
        defect.line <= comment.line,
    )
  return {
    found: claimed.filter(isFound),
    missed: claimed.filter(defect => !isFound(defect)),
    unwanted: sample.clean ? [...comments] : [],
  }
}

/** Least share of the claimed defects that a run must find. */
export const leastFound = 0.8

/** What is wrong with a whole run, in words; empty when nothing is. */
export function complaints(judgements: readonly Judgement[], reviewed: number, opened: number): string[] {
  const found = judgements.reduce((sum, each) => sum + each.found.length, 0)
  const missed = judgements.flatMap(each => each.missed)
  const unwanted = judgements.reduce((sum, each) => sum + each.unwanted.length, 0)
  return [
    ...(reviewed < opened ? [`${opened - reviewed} of ${opened} pull requests got no review`] : []),
    ...(found < leastFound * (found + missed.length)
      ? [`only ${found} of ${found + missed.length} claimed defects were found on their line`]
      : []),
    ...(unwanted > 0 ? [`${unwanted} comments on pull requests without defects`] : []),
  ]
}
