import { z } from 'zod'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { CodeHostWriter, CommentTarget } from '../../ports/code-host.ts'
import type { Call } from './call.ts'
import { capBody } from './cap-body.ts'
import { findNewestOwn } from './find-newest.ts'
import { postOrFind } from './post-or-find.ts'

const answer = z.object({ id: z.number() })

interface Deps {
  call: Call
  botLogin: string
}

/** Where comments are listed: of all review threads, or of the conversation. */
function listOf(ref: PullRequestRef, where: 'threads' | 'conversation') {
  return where === 'threads'
    ? {
        name: 'findReply',
        route: 'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments',
        parameters: { pull_number: ref.number },
      }
    : {
        name: 'findComment',
        route: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        parameters: { issue_number: ref.number },
      }
}

export async function findComment(
  deps: Deps,
  ref: PullRequestRef,
  threadId: number | null,
  marker: string,
): Promise<{ commentId: number } | null> {
  const list = listOf(ref, threadId === null ? 'conversation' : 'threads')
  const found = await findNewestOwn(deps, ref, list, marker)
  return found && { commentId: found.id }
}

/** `commentId` must be the thread's first comment: GitHub refuses replies to replies. */
export async function replyInThread(
  deps: Deps,
  ref: PullRequestRef,
  commentId: number,
  body: string,
): Promise<{ commentId: number }> {
  const text = capBody(body)
  const { id } = await postOrFind(
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
    () => findNewestOwn(deps, ref, listOf(ref, 'threads'), text),
  )
  return { commentId: id }
}

/** A comment in the conversation. After a lost answer the newest own one that holds `mark` is taken for it. */
export async function postComment(
  deps: Deps,
  ref: PullRequestRef,
  comment: { name: string; body: string; mark: string },
): Promise<{ commentId: number }> {
  const { id } = await postOrFind(
    async () => {
      const { data } = await deps.call.rest(
        ref,
        {
          name: comment.name,
          kind: 'content',
          route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
          parameters: { issue_number: ref.number, body: comment.body },
        },
        answer,
      )
      return data
    },
    () => findNewestOwn(deps, ref, listOf(ref, 'conversation'), comment.mark),
  )
  return { commentId: id }
}

export async function comment(deps: Deps, ref: PullRequestRef, body: string): Promise<{ commentId: number }> {
  const text = capBody(body)
  return postComment(deps, ref, { name: 'comment', body: text, mark: text })
}

/** A write, but by GitHub's counting it creates no content. Twice is once. */
export async function rewriteComment(
  call: Call,
  ref: PullRequestRef,
  name: string,
  { kind, id }: CommentTarget,
  body: string,
): Promise<void> {
  const route = `PATCH /repos/{owner}/{repo}/${placeOf(kind)}/comments/{comment_id}`
  const parameters = { comment_id: id, body: capBody(body) }
  await call.rest(ref, { name, kind: 'write', route, parameters }, answer)
}

/** Reacting twice is reacting once: GitHub answers 200 with the reaction that is there. */
export async function react(
  call: Call,
  ref: PullRequestRef,
  target: CommentTarget,
  content: Parameters<CodeHostWriter['react']>[2],
): Promise<void> {
  await call.rest(
    ref,
    {
      name: 'react',
      kind: 'write',
      route: `POST /repos/{owner}/{repo}/${placeOf(target.kind)}/comments/{comment_id}/reactions`,
      parameters: { comment_id: target.id, content },
    },
    answer,
  )
}

function placeOf(kind: CommentTarget['kind']): string {
  return kind === 'issue-comment' ? 'issues' : 'pulls'
}
