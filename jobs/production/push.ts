import { pushSignals, remarkOfFinding, type NewHead, type Remark } from '../../src/core/feedback-push.ts'
import { standing, standingOf } from '../../src/core/feedback.ts'
import { earlierRounds, readFindingMarker } from '../../src/core/review/rounds.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { PullRequestView } from '../../src/ports/code-host.ts'
import type { Rounds, StoredExamination } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'
import { placeOf, recordSignals } from './feedback.ts'

/**
 * What a push did to lines that something was said about: decided when its head was looked at. It is held to be the
 * doing of the pull request's author. That it cannot be recorded never fails a review.
 */
export async function recordPush(
  deps: Pick<ProductionDeps, 'feedback' | 'labels' | 'samples' | 'metrics' | 'log'>,
  ref: PullRequestRef,
  about: {
    view: Pick<PullRequestView, 'author' | 'ownThreads'>
    snapshot: Snapshot
    rounds: Rounds
    examination: StoredExamination
    /** When the review of this head began: the same for every attempt. */
    at: Date
  },
): Promise<void> {
  try {
    const { repositoryId, number } = ref
    const [posted, recorded] = await Promise.all([
      deps.feedback.posted(repositoryId, number),
      deps.feedback.of(repositoryId, number),
    ])
    const { author, ownThreads } = about.view
    const comments = new Map(
      ownThreads.flatMap(({ commentId, body }) => {
        const marker = readFindingMarker(body)
        return marker ? [[marker.fingerprint, commentId] as const] : []
      }),
    )
    await deps.feedback.tie(
      repositoryId,
      number,
      [...comments].map(([fingerprint, commentId]) => ({ fingerprint, commentId })),
    )
    const earlier = posted.filter(each => each.headSha !== about.snapshot.pullRequest.headSha)
    const findings = earlier.flatMap(({ finding, commentId }): Remark[] => {
      const id = commentId ?? comments.get(finding.fingerprint)
      return id === undefined ? [] : [remarkOfFinding(id, finding)]
    })
    const own = standing(recorded).flatMap(({ kind, commentId, place }): Remark[] =>
      kind === 'human-comment' && place?.prints && place.headSha !== about.snapshot.pullRequest.headSha
        ? [{ commentId, fingerprint: null, place, prints: place.prints }]
        : [],
    )
    const { at: began } = about
    const changes = pushSignals(headOf(about), [...findings, ...own], recorded)
    const { headSha } = about.snapshot.pullRequest
    await recordSignals(
      deps,
      ref,
      changes.map(({ remark, kind, removed }) => {
        const about = earlier.find(each => each.finding.fingerprint === remark.fingerprint)
        return {
          repositoryId,
          number,
          kind,
          removed,
          commentId: remark.commentId,
          fingerprint: remark.fingerprint,
          authorId: author.id,
          authorLogin: author.login,
          standing: standingOf({ isAuthor: true, bot: author.bot }, 'none'),
          content: headSha,
          place: about ? placeOf(about) : { ...remark.place, headSha },
          givenAt: began,
        }
      }),
    )
  } catch (error) {
    deps.log.error({ ...ref, err: error }, 'what a push changed could not be recorded')
  }
}

function headOf({
  snapshot,
  rounds,
  examination,
}: {
  snapshot: Snapshot
  rounds: Rounds
  examination: StoredExamination
}): NewHead {
  const { receipt, findings, late, leftOut } = examination
  const seen = receipt.files.filter(file => file.coverage === 'seen' || file.reason === 'removed')
  const found = [...findings, ...late, ...leftOut.map(each => each.finding)]
  return {
    files: snapshot.files,
    contents: snapshot.contents,
    seen: new Set(seen.map(file => file.path)),
    found: new Set(found.map(finding => finding.fingerprint)),
    before: earlierRounds(rounds),
  }
}
