import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { lastPage } from './page-link.ts'

const listed = z.array(z.object({ id: z.number(), path: z.string(), body: z.string() }))

/** Not part of a first review's budget: call it only when ids are needed before the next round brings them. */
export async function listReviewComments(
  call: Call,
  ref: PullRequestRef,
  reviewId: number,
): Promise<{ commentId: number; path: string; body: string }[]> {
  const comments: z.infer<typeof listed> = []
  for (let page = 1, last = 1; page <= last; page++) {
    const { data, headers } = await call.rest(
      ref,
      {
        name: 'reviewComments',
        kind: 'read',
        route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments',
        parameters: { pull_number: ref.number, review_id: reviewId, per_page: 100, page },
      },
      listed,
    )
    comments.push(...data)
    if (page === 1) last = lastPage(headers)
  }
  return comments.map(comment => ({ commentId: comment.id, path: comment.path, body: comment.body }))
}
