import { renderComment, renderReviewBody, renderUnplaced } from '../../src/core/review/comment.ts'
import { asFault, Fault } from '../../src/core/fault.ts'
import { isBlocking } from '../../src/core/review/receipt.ts'
import type { OutputPlace } from '../../src/core/review/sanitise-text.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { InlineComment } from '../../src/ports/code-host.ts'
import type { ReviewRow, StoredExamination } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

type PostDeps = Pick<ProductionDeps, 'reader' | 'writer' | 'reviews' | 'metrics' | 'log'>

/**
 * Posts the review, once: its marker was committed before, and whenever it may have been posted already (a second
 * attempt, an answer that was lost) GitHub is asked for the marker first. Nothing to say posts nothing.
 */
export async function postReview(
  deps: PostDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  examination: StoredExamination,
  options: { mayBePosted: boolean; place: OutputPlace },
): Promise<'posted' | 'nothing to post'> {
  if (row.reviewId !== null) return 'posted'
  if (!worthPosting(examination)) return 'nothing to post'
  const reviewId =
    (options.mayBePosted ? await adopt(deps, ref, row) : null) ??
    (await postOnce(deps, ref, row, examination, options.place))
  await deps.reviews.savePosted(row.id, { reviewId, comments: [] })
  return 'posted'
}

function worthPosting(examination: StoredExamination): boolean {
  return examination.findings.length > 0 || examination.unanchored.some(claim => isBlocking(claim.severity))
}

async function adopt(deps: PostDeps, ref: PullRequestRef, row: ReviewRow): Promise<number | null> {
  const found = await deps.writer.findReview(ref, row.marker)
  if (found) deps.metrics.duplicateAvoided()
  return found?.reviewId ?? null
}

async function postOnce(
  deps: PostDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  examination: StoredExamination,
  place: OutputPlace,
): Promise<number> {
  const body = renderReviewBody(examination, { marker: row.marker, place })
  const comments = examination.findings.map((finding): InlineComment => {
    const { path, side, startLine, line } = finding
    return { path, side, startLine, line, body: renderComment(finding, { marker: row.marker, place }) }
  })
  try {
    return (await deps.writer.postReview(ref, { headSha: row.headSha, body, comments })).reviewId
  } catch (error) {
    const fault = asFault(error)
    if (fault.ambiguous) {
      const adopted = await adopt(deps, ref, row)
      if (adopted !== null) return adopted
    }
    if (fault.code !== 'github-unprocessable') throw error
    // GitHub refuses the whole review for one line it does not know, or because the head is gone.
    const headSha = await deps.reader.headSha(ref)
    if (headSha !== row.headSha)
      throw new Fault('superseded', `head ${headSha} took the place of ${row.headSha}`, { retry: 'never' })
    deps.log.warn({ ...ref, comments: comments.length }, 'GitHub refused the lines; posted without them')
    deps.metrics.anchorFailed(comments.length)
    const unplaced = renderUnplaced(examination, { marker: row.marker, place })
    return (await deps.writer.postReview(ref, { headSha: row.headSha, body: unplaced, comments: [] }))
      .reviewId
  }
}
