import type { Sums } from './score/sums.ts'

/** What stands behind an experiment's figures: outcomes whose labels are final. */
export interface Evidence {
  labelledPullRequests: number
  /** From the first of them to the last. */
  days: number
  truePositiveHunks: number
  pullRequestsWithIssue: number
  labelAuthors: number
  /** Largest share of labelled hunks that one person decided; 0 without any. */
  largestAuthorShare: number
}

export const noEvidence: Evidence = {
  labelledPullRequests: 0,
  days: 0,
  truePositiveHunks: 0,
  pullRequestsWithIssue: 0,
  labelAuthors: 0,
  largestAuthorShare: 0,
}

const dayMs = 86_400_000

/** What a tally of final outcomes holds as evidence. */
export function evidenceIn(sums: Sums): Evidence {
  const decided = Object.values(sums.authors)
  const all = decided.reduce((total, hunks) => total + hunks, 0)
  return {
    labelledPullRequests: sums.accuracy.n,
    days: sums.taken === null ? 0 : (sums.taken.last - sums.taken.first) / dayMs,
    truePositiveHunks: sums.tp,
    pullRequestsWithIssue: sums.withIssue,
    labelAuthors: decided.length,
    largestAuthorShare: all === 0 ? 0 : Math.max(...decided) / all,
  }
}

/**
 * Less than this says nothing either way: 59 pull requests without an error are the fewest that prove 0.95; a reviewer that
 * is silent is right on most hunks, so it must have found something; a week has its rhythm; one person is not a team.
 */
export const minimumEvidence = {
  labelledPullRequests: 60,
  days: 14,
  truePositiveHunks: 20,
  pullRequestsWithIssue: 10,
  labelAuthors: 5,
  largestAuthorShare: 0.2,
} as const satisfies Evidence

/**
 * What is missing before the gate may decide, in words; empty when nothing is. `fewPeople` waives what asks for
 * several people.
 */
export function missingEvidence(
  evidence: Evidence,
  minimum: Evidence = minimumEvidence,
  fewPeople = false,
): string[] {
  const of = (key: Exclude<keyof Evidence, 'largestAuthorShare'>, words: string): string[] =>
    evidence[key] >= minimum[key] ? [] : [`${Math.floor(evidence[key])} of ${minimum[key]} ${words}`]
  return [
    ...of('labelledPullRequests', 'labelled pull requests'),
    ...of('days', 'days between the first and the last of them'),
    ...of('truePositiveHunks', 'hunks in which it found a real issue'),
    ...of('pullRequestsWithIssue', 'pull requests with a real issue'),
    ...(fewPeople ? [] : of('labelAuthors', 'people whose word decided a label')),
    ...(!fewPeople && !(evidence.largestAuthorShare <= minimum.largestAuthorShare)
      ? [
          `one person decided ${percent(evidence.largestAuthorShare)} of the labels, at most ${percent(minimum.largestAuthorShare)} may be one person’s`,
        ]
      : []),
  ]
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
