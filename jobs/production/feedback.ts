import type { FeedbackIntent } from '../../src/core/event.ts'
import { isCovered, readReply, standingOf, type FeedbackPlace } from '../../src/core/feedback.ts'
import { votesOf } from '../../src/core/feedback-votes.ts'
import { printsOf } from '../../src/core/prints.ts'
import { redactText } from '../../src/core/redact.ts'
import { readFindingMarker } from '../../src/core/review/rounds.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { NewSignal, PostedFinding } from '../../src/ports/feedback.ts'
import type { ProductionDeps } from './deps.ts'

/** More of a comment than matching reads. */
const LONGEST_COMMENT = 4_000

type FeedbackDeps = Pick<ProductionDeps, 'feedback' | 'labels' | 'samples' | 'metrics'>

/** Records what somebody did on a review thread, and tells the gate what it says. Done twice it is done once. */
export async function takeFeedback(
  deps: FeedbackDeps & Pick<ProductionDeps, 'reader'>,
  intent: FeedbackIntent,
  receivedAt: Date,
): Promise<string> {
  const posted = await deps.feedback.posted(intent.ref.repositoryId, intent.ref.number)
  const said =
    intent.kind === 'human-comment'
      ? ownComment(intent, posted)
      : await inThread(deps, intent, posted, receivedAt)
  if (said === null) return `ignored: ${intent.kind} in a thread that Cupel did not begin`
  const { id: authorId, login: authorLogin, isAuthor } = intent.by
  const permission = isAuthor ? 'none' : await deps.reader.permission(intent.ref, authorLogin)
  const signal: NewSignal = {
    repositoryId: intent.ref.repositoryId,
    number: intent.ref.number,
    authorId,
    authorLogin,
    standing: standingOf({ isAuthor, bot: false }, permission),
    ...said,
  }
  await recordSignals(deps, intent.ref, [signal])
  return `feedback: ${signal.kind}${signal.kind === 'reply' ? ` ${signal.content}` : ''}`
}

/** Rows first, then the labels that follow from all of them: whoever dies in between is taken up by the next try. */
export async function recordSignals(
  deps: FeedbackDeps,
  ref: Pick<PullRequestRef, 'repositoryId' | 'number'>,
  signals: readonly NewSignal[],
): Promise<void> {
  for (const { kind } of await deps.feedback.record(signals)) deps.metrics.feedback(kind)
  await submitLabels(deps, ref)
}

/** Tells the gate what all signals on a sampled pull request come to. What it was told before says nothing new. */
export async function submitLabels(
  deps: Pick<FeedbackDeps, 'feedback' | 'labels' | 'samples'>,
  { repositoryId, number }: Pick<PullRequestRef, 'repositoryId' | 'number'>,
): Promise<void> {
  const sample = await deps.samples.get(repositoryId, number)
  if (sample === null) return
  const [signals, posted] = await Promise.all([
    deps.feedback.of(repositoryId, number),
    deps.feedback.posted(repositoryId, number),
  ])
  await deps.labels.submit(votesOf({ sample, signals, posted }))
}

type Said = Pick<
  NewSignal,
  'kind' | 'commentId' | 'fingerprint' | 'content' | 'place' | 'removed' | 'givenAt'
>

function ownComment(
  intent: Extract<FeedbackIntent, { kind: 'human-comment' }>,
  posted: readonly PostedFinding[],
): Said {
  const { place, commentId, at, removed } = intent
  const before = posted.filter(each => each.postedAt.getTime() <= at.getTime())
  return {
    kind: 'human-comment',
    commentId,
    fingerprint: null,
    content: redactText(intent.text).slice(0, LONGEST_COMMENT),
    place: place && {
      ...place,
      prints: printsOf(intent.quote),
      covered: isCovered(
        place,
        before.map(each => each.finding),
      ),
    },
    removed,
    givenAt: at,
  }
}

/** Null when the thread is not Cupel's. */
async function inThread(
  deps: Pick<ProductionDeps, 'reader' | 'feedback'>,
  intent: Extract<FeedbackIntent, { kind: 'reply' | 'thread' }>,
  posted: readonly PostedFinding[],
  receivedAt: Date,
): Promise<Said | null> {
  const about = await findingOf(deps, intent, posted)
  if (about === null) return null
  const { fingerprint } = about.finding
  const place = placeOf(about)
  return intent.kind === 'reply'
    ? {
        kind: 'reply',
        commentId: intent.commentId,
        fingerprint,
        content: readReply(intent.text),
        place,
        removed: intent.removed,
        givenAt: intent.at,
      }
    : {
        kind: intent.resolved ? 'thread-resolved' : 'thread-unresolved',
        commentId: intent.threadCommentId,
        fingerprint,
        content: '',
        place,
        removed: false,
        givenAt: receivedAt,
      }
}

export function placeOf({ finding, headSha }: Pick<PostedFinding, 'finding' | 'headSha'>): FeedbackPlace {
  const { path, side, startLine, line, title } = finding
  return { path, side, startLine, line, headSha, title: redactText(title) }
}

/** The code host is asked only until a thread's comment is tied to its finding. */
async function findingOf(
  deps: Pick<ProductionDeps, 'reader' | 'feedback'>,
  { ref, threadCommentId }: Extract<FeedbackIntent, { kind: 'reply' | 'thread' }>,
  posted: readonly PostedFinding[],
): Promise<PostedFinding | null> {
  const tied = posted.find(each => each.commentId === threadCommentId)
  if (tied || posted.every(each => each.commentId !== null)) return tied ?? null
  const { ownThreads } = await deps.reader.pullRequest(ref)
  const comments = ownThreads.flatMap(({ commentId, body }) => {
    const marker = readFindingMarker(body)
    return marker ? [{ commentId, fingerprint: marker.fingerprint }] : []
  })
  await deps.feedback.tie(ref.repositoryId, ref.number, comments)
  const named = comments.find(each => each.commentId === threadCommentId)
  return posted.find(each => each.finding.fingerprint === named?.fingerprint) ?? null
}
