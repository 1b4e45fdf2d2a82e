import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { CodeHostWriter } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'
import { findNewestOwn } from './find-newest.ts'
import { postOrFind } from './post-or-find.ts'

const answer = z.object({ id: z.number() })

interface Deps {
  call: Call
  botLogin: string
}

/** `commentId` must be the thread's first comment: GitHub refuses replies to replies. */
export async function replyInThread(
  deps: Deps,
  ref: PullRequestRef,
  commentId: number,
  body: string,
): Promise<void> {
  const text = capBody(body)
  const list = {
    name: 'findReply',
    route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments',
    parameters: { pull_number: ref.number },
  }
  await postOrFind(
    async () => {
      const { data } = await deps.call.rest(
        ref,
        {
          name: 'replyInThread',
          kind: 'content',
          route: 'POST /repos/{owner}/{repo}/pulls/{pull_number}/comments/{comment_id}/replies',
          parameters: { pull_number: ref.number, comment_id: commentId, body: text },
        },
        answer,
      )
      return data
    },
    () => findNewestOwn(deps, ref, list, text),
  )
}

/** A comment in the conversation. After a lost answer the newest own one that holds `mark` is taken for it. */
export async function postComment(
  deps: Deps,
  ref: PullRequestRef,
  comment: { name: string; body: string; mark: string },
): Promise<{ commentId: number }> {
  const parameters = { issue_number: ref.number }
  const path = '/repos/{owner}/{repo}/issues/{issue_number}/comments'
  const { id } = await postOrFind(
    async () => {
      const { data } = await deps.call.rest(
        ref,
        {
          name: comment.name,
          kind: 'content',
          route: `POST ${path}`,
          parameters: { ...parameters, body: comment.body },
        },
        answer,
      )
      return data
    },
    () => findNewestOwn(deps, ref, { name: 'findComment', route: `GET ${path}`, parameters }, comment.mark),
  )
  return { commentId: id }
}

export async function comment(deps: Deps, ref: PullRequestRef, body: string): Promise<void> {
  const text = capBody(body)
  await postComment(deps, ref, { name: 'comment', body: text, mark: text })
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
