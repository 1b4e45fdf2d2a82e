import type { Statement, Vote } from './label.ts'
import { latest, type Signal } from './feedback.ts'
import { judgeSignals, type Opinion } from './feedback-judge.ts'
import { weights } from './feedback-weights.ts'
import { placeIn, printsOf, type DiffPrints, type Lines } from './prints.ts'
import { redactText } from './redact.ts'
import type { Finding } from './review/finding.ts'

/** What a signal says about a place of a sample, as the gate is told; the same origin again replaces it. */
export interface LabelVote {
  origin: string
  sampleId: string
  about: Statement
  label: Vote['value'] | 'withdrawn'
  tier: Vote['tier']
  weight: number
  authorId: number
  reason: string | null
  /** What it rests on: kinds, times and comments, no text. */
  provenance: unknown
}

export interface VotesInput {
  sample: { id: string; headSha: string; prints: DiffPrints }
  signals: readonly Signal[]
  posted: readonly { finding: Finding; headSha: string }[]
}

/**
 * The votes of everybody who ever said something that counts. What stands on a later head than the sample's has a
 * place in it only if its lines are there too; what has none is left out.
 */
export function votesOf(input: VotesInput): LabelVote[] {
  return judgeSignals(input.signals).opinions.flatMap(opinion => {
    const about = aboutOf(input, opinion)
    if (!about) return []
    const weight = opinion.weight === null ? null : weights[opinion.weight]
    return [
      {
        origin: originOf(input.sample.id, opinion),
        sampleId: input.sample.id,
        about,
        label: weight?.value ?? 'withdrawn',
        tier: weight?.tier ?? 'C',
        // A withdrawn vote weighs nothing; the column wants a weight all the same.
        weight: weight?.weight ?? 1,
        authorId: opinion.authorId,
        reason: opinion.weight,
        provenance: {
          by: opinion.authorLogin,
          signals: opinion.signals.map(({ kind, commentId, content, givenAt }) => ({
            kind,
            commentId,
            ...(kind !== 'human-comment' && { content }),
            givenAt,
          })),
        },
      },
    ]
  })
}

function originOf(sampleId: string, { of, authorId }: Opinion): string {
  return 'finding' in of
    ? `feedback/${sampleId}/${of.finding}/${authorId}`
    : `feedback/${sampleId}/comment-${of.comment}`
}

function aboutOf(input: VotesInput, { of }: Opinion): Statement | null {
  return 'finding' in of ? aboutFinding(input, of.finding) : aboutComment(input, of.comment)
}

function aboutFinding({ sample, posted }: VotesInput, fingerprint: string): Statement | null {
  for (const { finding, headSha } of posted) {
    if (finding.fingerprint !== fingerprint) continue
    const place =
      headSha === sample.headSha ? finding : placeIn(sample.prints, finding, printsOf(finding.quote))
    if (!place) continue
    const { category, severity } = finding
    return { ...linesOf(place), text: redactText(`${finding.title}\n${finding.body}`), category, severity }
  }
  return null
}

function aboutComment({ sample, signals }: VotesInput, commentId: number): Statement | null {
  const comment = latest(
    signals.filter(signal => signal.kind === 'human-comment' && signal.commentId === commentId),
  )
  if (!comment?.place) return null
  const { place } = comment
  const found = place.headSha === sample.headSha ? place : placeIn(sample.prints, place, place.prints ?? [])
  return found && { ...linesOf(found), text: comment.content }
}

function linesOf({ path, side, startLine, line }: Lines): Lines {
  return { path, side, startLine, line }
}
