import { Fault } from '../../core/fault.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'
import { summaryMark } from './own-marks.ts'
import { postComment, rewriteComment } from './write-comments.ts'

const name = 'putSummary'

/** Rewrites the summary; creates it when there is none or somebody deleted it. A lost answer is looked for once. */
export async function putSummary(
  deps: { call: Call; botLogin: string },
  ref: PullRequestRef,
  commentId: number | null,
  body: string,
): Promise<{ commentId: number }> {
  const text = capBody(body)
  if (commentId !== null) {
    try {
      await rewriteComment(deps.call, ref, name, { kind: 'issue-comment', id: commentId }, text)
      return { commentId }
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'github-not-found') throw error
    }
  }
  return postComment(deps, ref, { name, body: text, mark: summaryMark })
}
