import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { InlineComment } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'

/**
 * One request, one review, one notification. The event is always COMMENT: Cupel neither approves nor blocks.
 * GitHub refuses the whole review (422) for one comment outside the diff, and its answer holds no comment ids:
 * those come with the next round's `pullRequest()`.
 */
export async function postReview(
  call: Call,
  ref: PullRequestRef,
  review: { headSha: string; body: string; comments: InlineComment[] },
): Promise<{ reviewId: number }> {
  const { data } = await call.rest(
    ref,
    {
      name: 'postReview',
      kind: 'content',
      route: 'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      parameters: {
        pull_number: ref.number,
        commit_id: review.headSha,
        event: 'COMMENT',
        body: capBody(review.body),
        comments: review.comments.map(comment => ({
          path: comment.path,
          side: comment.side,
          line: comment.line,
          // GitHub demands start_line < line, so a single line must not name it.
          ...(comment.startLine < comment.line && {
            start_line: comment.startLine,
            start_side: comment.side,
          }),
          body: capBody(comment.body),
        })),
      },
    },
    z.object({ id: z.number() }),
  )
  return { reviewId: data.id }
}
