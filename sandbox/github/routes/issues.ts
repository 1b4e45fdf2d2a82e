import { addIssueComment, emitIssueComment, react } from '../actions.ts'
import type { Need } from '../auth.ts'
import {
  created,
  noContent,
  ok,
  page,
  pullOf,
  repositoryOf,
  writerOf,
  type Call,
  type Route,
} from '../http.ts'
import { renderIssueComment, renderReaction } from '../render-pull.ts'
import { checkBody } from '../reviews.ts'
import { permissionOf, type IssueComment, type ReviewComment } from '../state.ts'
import { forbidden, notFound } from '../world.ts'

// Comments on a pull request's conversation are open to either permission.
const READ: Need[] = ['issues:read', 'pull_requests:read']
const WRITE: Need[] = ['issues:write', 'pull_requests:write']

const commentIn = (call: Call, needs: Need[]): IssueComment => {
  const repo = repositoryOf(call, ...needs)
  const comment = call.world.state.issueComments.get(Number(call.params['comment_id']))
  if (comment === undefined || comment.pull.repo !== repo) throw notFound()
  return comment
}

const reviewCommentIn = (call: Call, needs: Need[]): ReviewComment => {
  const repo = repositoryOf(call, ...needs)
  const comment = call.world.state.reviewComments.get(Number(call.params['comment_id']))
  if (comment === undefined || comment.pull.repo !== repo) throw notFound()
  return comment
}

const change = (call: Call) => {
  const comment = commentIn(call, WRITE)
  const writer = writerOf(call.actor)
  if (comment.author !== writer) throw forbidden()
  const body = String(call.body['body'])
  checkBody(body)
  const from = comment.body
  comment.body = body
  comment.updatedAt = call.world.now()
  emitIssueComment(call.world, comment, writer, 'edited', { changes: { body: { from } } })
  return ok(renderIssueComment(call.world, comment))
}

const remove = (call: Call) => {
  const comment = commentIn(call, WRITE)
  const writer = writerOf(call.actor)
  const role = permissionOf(comment.pull.repo, writer.login)
  if (writer.type !== 'Bot' && comment.author !== writer && role !== 'admin' && role !== 'write')
    throw forbidden()
  comment.pull.conversation = comment.pull.conversation.filter(one => one !== comment)
  call.world.state.issueComments.delete(comment.id)
  emitIssueComment(call.world, comment, writer, 'deleted')
  return noContent()
}

/** The three reaction routes of one kind of comment. */
const reactionRoutes = (
  path: string,
  read: Need[],
  write: Need[],
  find: (call: Call, needs: Need[]) => IssueComment | ReviewComment,
): Route[] => [
  {
    method: 'GET',
    path: `${path}/reactions`,
    handle: call => {
      const wanted = call.query.get('content')
      const reactions = find(call, read).reactions.filter(one => wanted === null || one.content === wanted)
      return page(call, reactions, one => renderReaction(call.world, one))
    },
  },
  {
    method: 'POST',
    path: `${path}/reactions`,
    handle: call => {
      const made = react(call.world, find(call, write), writerOf(call.actor), String(call.body['content']))
      return (made.created ? created : ok)(renderReaction(call.world, made.reaction))
    },
  },
  {
    method: 'DELETE',
    path: `${path}/reactions/{reaction_id}`,
    handle: call => {
      const comment = find(call, write)
      const reaction = comment.reactions.find(one => one.id === Number(call.params['reaction_id']))
      if (reaction === undefined) throw notFound()
      if (reaction.user !== writerOf(call.actor)) throw forbidden()
      comment.reactions = comment.reactions.filter(one => one !== reaction)
      return noContent()
    },
  },
]

const COMMENT = '/repos/{owner}/{repo}/issues/comments/{comment_id}'
const REVIEW_COMMENT = '/repos/{owner}/{repo}/pulls/comments/{comment_id}'
const LIST = '/repos/{owner}/{repo}/issues/{issue_number}/comments'

export const issueRoutes: Route[] = [
  { method: 'GET', path: COMMENT, handle: call => ok(renderIssueComment(call.world, commentIn(call, READ))) },
  { method: 'PATCH', path: COMMENT, handle: change },
  { method: 'DELETE', path: COMMENT, handle: remove },
  {
    method: 'GET',
    path: LIST,
    handle: call =>
      page(call, pullOf(call, ...READ).conversation, comment => renderIssueComment(call.world, comment)),
  },
  {
    method: 'POST',
    path: LIST,
    handle: call => {
      const pull = pullOf(call, ...WRITE)
      return created(
        renderIssueComment(
          call.world,
          addIssueComment(call.world, pull, writerOf(call.actor), String(call.body['body'])),
        ),
      )
    },
  },
  ...reactionRoutes(COMMENT, READ, WRITE, commentIn),
  ...reactionRoutes(REVIEW_COMMENT, ['pull_requests:read'], ['pull_requests:write'], reviewCommentIn),
]
