import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'
import { summaryMark } from './own-marks.ts'
import { postComment } from './write-comments.ts'

const answer = z.object({ id: z.number() })

/** Rewrites the summary; creates it when there is none or somebody deleted it. A lost answer is looked for once. */
export async function putSummary(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  commentId: number | null,
  body: string,
): Promise<{ commentId: number }> {
  const text = capBody(body)
  if (commentId !== null) {
    const rewritten = await rewrite(deps.call, ref, commentId, text)
    if (rewritten) return rewritten
  }
  return postComment(deps, ref, { name: 'putSummary', body: text, mark: summaryMark })
}

/** Null when the comment is gone. Rewriting is a write, but creates no content by GitHub's counting. */
async function rewrite(
  call: Call,
  ref: PullRequestRef,
  commentId: number,
  body: string,
): Promise<{ commentId: number } | null> {
  try {
    const { data } = await call.rest(
      ref,
      {
        name: 'putSummary',
        kind: 'write',
        route: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
        parameters: { comment_id: commentId, body },
      },
      answer,
    )
    return { commentId: data.id }
  } catch (error) {
    if (error instanceof Fault && error.code === 'github-not-found') return null
    throw error
  }
}
