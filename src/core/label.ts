import type { Severity } from './review/finding.ts'
import type { Side } from './review/diff.ts'

/** A place in a sample and what is said of it: a finding, a label or a person's comment. */
export interface Statement {
  path: string
  side: Side
  startLine: number
  line: number
  /** Title and text; what two statements are compared by. */
  text: string
  category?: string | null
  severity?: Severity | null
}

/** Which statements are about one issue, by place and meaning together. */
export interface Likeness {
  /** Groups of indices, in the order of their first; every statement is in one. */
  group(statements: readonly Statement[]): number[][]
  /** Reads the labels once. Answers for each finding the index of the label it means, or null; several may mean one. */
  to(labels: readonly Statement[]): (findings: readonly Statement[]) => (number | null)[]
}

/** One signal's word on a place, in its newest version; withdrawn ones are left out before. */
export interface Vote extends Statement {
  origin: string
  value: 'real-issue' | 'not-an-issue' | 'clean'
  /** A: somebody said so. B: somebody acted so. C: something happened. See feedback-weights.ts. */
  tier: 'A' | 'B' | 'C'
  /** audited: a blind judgement of a place that was drawn. volunteered: people chose to speak. */
  kind: 'audited' | 'volunteered'
  /** 0 to 1. */
  weight: number
  authorId: number | null
}

/** What all votes on one issue come to. */
export interface LabelledPlace extends Statement {
  verdict: 'real' | 'not' | 'disputed'
  kind: Vote['kind']
  tier: Vote['tier']
  /** Sum of the deciding people's weights. */
  weight: number
  /** Who decided; null for a signal without a person. */
  authors: (number | null)[]
}

/** Lines judged to hold no issue at all. */
export interface CleanPlace {
  path: string
  side: Side
  startLine: number
  line: number
  authorId: number | null
}

/**
 * Votes as places. Votes that are alike are about one issue. What decides is the strongest evidence there is: blind
 * judgements before volunteered words, then tier A before B before C; weaker evidence is not added to it. Each person
 * has one vote on an issue, the sign of what they said in sum; people who contradict each other at the deciding level
 * make it disputed, which counts as not judged. The order of the votes does not matter.
 */
export function consolidate(
  votes: readonly Vote[],
  likeness: Likeness,
): { places: LabelledPlace[]; clean: CleanPlace[] } {
  const ordered = votes.toSorted((a, b) => (a.origin < b.origin ? -1 : 1))
  const words = ordered.filter(each => each.value !== 'clean')
  const clusters = likeness.group(words).map(indices => indices.map(index => words[index] as Vote))
  return {
    places: clusters.flatMap(cluster => placeOf(cluster) ?? []),
    clean: ordered
      .filter(vote => vote.value === 'clean')
      .map(({ path, side, startLine, line, authorId }) => ({ path, side, startLine, line, authorId })),
  }
}

const rank = (vote: Vote): number =>
  (vote.kind === 'audited' ? 0 : 3) + ({ A: 0, B: 1, C: 2 } as const)[vote.tier]

/** What votes on one issue come to. Null when everybody took back in one word what they said in another. */
export function placeOf(cluster: readonly Vote[]): LabelledPlace | null {
  const strongest = Math.min(...cluster.map(rank))
  const deciding = cluster.filter(vote => rank(vote) === strongest)
  const people = Map.groupBy(deciding, vote => vote.authorId ?? vote.origin)
  const words = [...people.values()].flatMap(own => {
    const net = own.reduce((sum, vote) => sum + (vote.value === 'real-issue' ? vote.weight : -vote.weight), 0)
    const first = own[0]
    if (net === 0 || !first) return []
    return [{ real: net > 0, weight: Math.max(...own.map(vote => vote.weight)), author: first.authorId }]
  })
  const first = deciding[0]
  if (words.length === 0 || !first) return null
  const real = words.filter(word => word.real)
  const verdict = real.length === words.length ? 'real' : real.length === 0 ? 'not' : 'disputed'
  const { path, side, startLine, line, text, category, severity, kind, tier } = first
  return {
    path,
    side,
    startLine,
    line,
    text,
    category,
    severity,
    verdict,
    kind,
    tier,
    weight: words.reduce((sum, word) => sum + word.weight, 0),
    authors: words.map(word => word.author),
  }
}

/** A sample's labels are final this long after its pull request was merged or closed. */
const finalAfterEndMs = 72 * 3_600_000
/** A pull request that is not closed by then ends here, for its labels. */
export const longestOpenMs = 14 * 86_400_000

/**
 * When the labels of a sample are final: 72 h after its pull request ended, and 14 days after the sample was taken
 * where that comes first. A sample of whose hunks some were drawn for the audit waits for its judges, 14 days whatever
 * they say: an end that came with the answer would let quick answers count before slow ones.
 */
export function finalAt(sample: { takenAt: Date; endedAt: Date | null; drawn: readonly number[] }): Date {
  const open = sample.takenAt.getTime() + longestOpenMs
  if (sample.endedAt === null || sample.drawn.length > 0) return new Date(open)
  return new Date(Math.min(open, sample.endedAt.getTime() + finalAfterEndMs))
}
