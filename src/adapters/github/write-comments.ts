import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { CodeHostWriter } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'

const answer = z.object({ id: z.number() })

/** `commentId` must be the thread's first comment: GitHub refuses replies to replies. */
export async function replyInThread(
  call: Call,
  ref: PullRequestRef,
  commentId: number,
  body: string,
): Promise<void> {
  await call.rest(
    ref,
    {
      name: 'replyInThread',
      kind: 'content',
      route: 'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies',
      parameters: { pull_number: ref.number, comment_id: commentId, body: capBody(body) },
    },
    answer,
  )
}

export async function comment(call: Call, ref: PullRequestRef, body: string): Promise<void> {
  await call.rest(
    ref,
    {
      name: 'comment',
      kind: 'content',
      route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      parameters: { issue_number: ref.number, body: capBody(body) },
    },
    answer,
  )
}

/** Reacting twice is reacting once: GitHub answers 200 with the reaction that is there. */
export async function react(
  call: Call,
  ref: PullRequestRef,
  target: Parameters<CodeHostWriter['react']>[1],
  content: Parameters<CodeHostWriter['react']>[2],
): Promise<void> {
  const place = target.kind === 'issue-comment' ? 'issues' : 'pulls'
  await call.rest(
    ref,
    {
      name: 'react',
      kind: 'write',
      route: `POST /repos/{owner}/{repo}/${place}/comments/{comment_id}/reactions`,
      parameters: { comment_id: target.id, content },
    },
    answer,
  )
}
