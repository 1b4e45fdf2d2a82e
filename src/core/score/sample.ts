import { consolidate, type Likeness, type Statement, type Vote } from '../label.ts'
import { hunkCounter, type Counts, type ScoredSample } from './hunks.ts'

export type VotedSample = Omit<ScoredSample, 'places' | 'clean'> & { votes: readonly Vote[] }

/** Counts from the votes on a sample: how outcomes are made, and made again from what was exported of them. */
export function sampleCounter(
  { votes, ...sample }: VotedSample,
  likeness: Likeness,
): (statements: readonly Statement[]) => Counts {
  return hunkCounter({ ...sample, ...consolidate(votes, likeness) }, likeness)
}
