import type { z } from 'zod'
import { type ParsedCommand, parseCommand } from './command.ts'
import * as payloads from './event-payload.ts'
import type { PullRequestRef } from './pull-request.ts'
import type { Side } from './review/diff.ts'

/** What a webhook asks Cupel to do. A webhook is a hint: whoever acts reads the truth from the code host first. */
export type Intent =
  | {
      kind: 'review'
      ref: PullRequestRef
      headSha: string
      /** The pull request's own time: an older event than the one recorded changes nothing. */
      updatedAt: Date
      trigger: Trigger
      /** Part of the review's key: 'push' whatever made the head known, 'base:<sha>' when the base changed under it. */
      occasion: string
    }
  | { kind: 'close'; ref: PullRequestRef; headSha: string; updatedAt: Date; closedAt: Date; merged: boolean }
  | {
      kind: 'command'
      ref: PullRequestRef
      commentId: number
      where: 'issue-comment' | 'review-comment'
      /** For a command in a review thread: the first comment of the thread. */
      threadCommentId: number | null
      login: string
      /** Stays when the login changes. */
      userId: number
      /** Who gave the command opened the pull request. */
      isAuthor: boolean
      command: Exclude<ParsedCommand, { kind: 'none' }>
    }
  | FeedbackIntent
  | {
      kind: 'rerequest'
      repository: Omit<PullRequestRef, 'number'>
      /** Empty when the head is in a fork: then `externalId` leads to the review. */
      numbers: number[]
      headSha: string
      /** What Cupel wrote into the check run when it began. */
      externalId: string
      occasion: string
    }
  | { kind: 'forget'; installationId: number; repositoryIds?: number[] }
  | { kind: 'ignore'; why: string }
  | { kind: 'unreadable'; why: string }

/** Something a person did on a review thread; what it says of which finding is read when it is taken. */
export type FeedbackIntent = {
  ref: PullRequestRef
  by: { id: number; login: string; isAuthor: boolean }
} & (
  | {
      kind: 'reply'
      commentId: number
      /** The first comment of the thread. */
      threadCommentId: number
      text: string
      at: Date
      removed: boolean
    }
  | {
      kind: 'human-comment'
      commentId: number
      text: string
      /** Null: it stands on no line. */
      place: { path: string; side: Side; startLine: number; line: number; headSha: string } | null
      /** The lines it stands under, as the diff had them. */
      quote: string
      at: Date
      removed: boolean
    }
  /** The time is that of the event's receipt: the code host tells none. */
  | { kind: 'thread'; threadCommentId: number; resolved: boolean }
)

export type Trigger =
  | { kind: 'opened' | 'synchronize' | 'reopened' | 'ready-for-review' | 'base-changed' }
  | { kind: 'labeled'; label: string }

export interface WebhookEvent {
  name: string
  /** X-GitHub-Delivery. */
  deliveryId: string
  payload: unknown
}

/** Translates a webhook into intents, at least one. Never throws: what cannot be read is an intent too. */
export function decideEvent(event: WebhookEvent, app: { id: number }): Intent[] {
  const envelope = payloads.envelope.safeParse(event.payload)
  if (!envelope.success) return [unreadable(envelope.error)]
  const action = envelope.data.action ?? ''
  const handler = handlers.get(event.name)
  if (!handler) return [ignore(`event ${event.name} is not used`)]
  if (!envelope.data.installation) return [ignore('sent by a repository hook, not by the App')]
  return handler(event, action, app)
}

type Handler = (event: WebhookEvent, action: string, app: { id: number }) => Intent[]

const handlers = new Map<string, Handler>([
  ['pull_request', decidePullRequest],
  ['issue_comment', decideIssueComment],
  ['pull_request_review_comment', decideReviewComment],
  ['check_run', decideCheckRun],
  ['installation', decideInstallation],
  ['installation_repositories', decideRepositories],
  ['pull_request_review', () => [ignore('commands are read from comments, not from review bodies')]],
  ['pull_request_review_thread', decideThread],
])

function decidePullRequest(event: WebhookEvent, action: string): Intent[] {
  if (
    !['opened', 'synchronize', 'reopened', 'ready_for_review', 'closed', 'labeled', 'edited'].includes(action)
  ) {
    return [ignore(`pull_request ${action} changes nothing that is reviewed`)]
  }
  return read(payloads.pullRequest, event, payload => {
    const pull = payload.pull_request
    const about = {
      ref: reference(payload, pull.number),
      headSha: pull.head.sha,
      updatedAt: new Date(pull.updated_at),
    }
    const review = (trigger: Trigger, occasion = 'push'): Intent => ({
      kind: 'review',
      ...about,
      trigger,
      occasion,
    })
    if (action === 'closed')
      return {
        kind: 'close',
        ...about,
        closedAt: new Date(pull.closed_at ?? pull.updated_at),
        merged: pull.merged ?? false,
      }
    if (pull.state === 'closed') return ignore(`pull_request ${action} of a closed pull request`)
    switch (action) {
      case 'opened':
      case 'synchronize':
      case 'reopened':
        return review({ kind: action })
      case 'ready_for_review':
        return review({ kind: 'ready-for-review' })
      case 'labeled':
        return payload.label
          ? review({ kind: 'labeled', label: payload.label.name })
          : ignore('labeled without a label')
      default:
        return payload.changes?.base
          ? review({ kind: 'base-changed' }, `base:${pull.base.sha}`)
          : ignore('title or description edited')
    }
  })
}

function decideIssueComment(event: WebhookEvent, action: string): Intent[] {
  if (action !== 'created') return [ignore('only new comments are commands')]
  return read(payloads.issueComment, event, payload => {
    if (!payload.issue.pull_request) return ignore('comment on an issue')
    return command(payload.comment, payload.issue.user, {
      ref: reference(payload, payload.issue.number),
      where: 'issue-comment',
      threadCommentId: null,
    })
  })
}

function decideReviewComment(event: WebhookEvent, action: string): Intent[] {
  if (!['created', 'edited', 'deleted'].includes(action))
    return [ignore(`pull_request_review_comment ${action} says nothing`)]
  const known = payloads.threadComment.safeParse(event.payload)
  if (!known.success) return [unreadable(known.error)]
  const { comment, pull_request: pull } = known.data
  const ref = reference(known.data, pull.number)
  const threadCommentId = comment.in_reply_to_id ?? comment.id
  if (parseCommand(comment.body ?? '').kind === 'none') return decideRemark(event, action, ref)
  return [
    action === 'created'
      ? command(comment, pull.user, { ref, where: 'review-comment', threadCommentId })
      : ignore('only new comments are commands'),
  ]
}

function decideRemark(event: WebhookEvent, action: string, ref: PullRequestRef): Intent[] {
  return read(payloads.reviewComment, event, ({ comment, pull_request: pull }) => {
    const { user } = comment
    if (!user || !isPerson(comment)) return ignore('comment by a bot')
    const said = {
      ref,
      by: { id: user.id, login: user.login, isAuthor: user.id === pull.user?.id },
      commentId: comment.id,
      text: comment.body ?? '',
      at: new Date(action === 'created' ? comment.created_at : comment.updated_at),
      removed: action === 'deleted',
    }
    return comment.in_reply_to_id
      ? { kind: 'reply', ...said, threadCommentId: comment.in_reply_to_id }
      : { kind: 'human-comment', ...said, ...placeOf(comment) }
  })
}

function placeOf(
  comment: payloads.ReviewComment,
): Pick<Extract<Intent, { kind: 'human-comment' }>, 'place' | 'quote'> {
  const { line, side, path } = comment
  if (!line || !side) return { place: null, quote: '' }
  const startLine = Math.min(comment.start_line ?? line, line)
  const place = { path, side, startLine, line, headSha: comment.commit_id }
  return { place, quote: quotedLines(comment.diff_hunk, side, line - startLine + 1) }
}

/** The last lines of one side of a hunk that ends with the line commented on. */
function quotedLines(hunk: string, side: Side, count: number): string {
  const other = side === 'RIGHT' ? '-' : '+'
  const shown = hunk
    .split('\n')
    .filter(line => !line.startsWith('@@') && !line.startsWith('\\') && !line.startsWith(other))
  return shown
    .slice(-count)
    .map(line => line.slice(1))
    .join('\n')
}

function decideThread(event: WebhookEvent, action: string): Intent[] {
  if (action !== 'resolved' && action !== 'unresolved') return [ignore(`thread ${action} says nothing`)]
  return read(payloads.reviewThread, event, ({ sender, thread, pull_request: pull, ...scope }) => {
    const first = thread.comments[0]
    if (!first) return ignore('a thread without comments')
    if (sender.type !== 'User' || sender.login.endsWith('[bot]')) return ignore(`thread ${action} by a bot`)
    return {
      kind: 'thread',
      ref: reference(scope, pull.number),
      by: { id: sender.id, login: sender.login, isAuthor: sender.id === pull.user?.id },
      threadCommentId: first.id,
      resolved: action === 'resolved',
    }
  })
}

/** Apps may also write in a person's name; Cupel answers neither these nor itself. */
function isPerson(comment: payloads.Comment): boolean {
  const { user } = comment
  return user?.type === 'User' && !user.login.endsWith('[bot]') && !comment.performed_via_github_app
}

function command(
  comment: payloads.Comment,
  author: payloads.User | null | undefined,
  place: Pick<Extract<Intent, { kind: 'command' }>, 'ref' | 'where' | 'threadCommentId'>,
): Intent {
  const user = comment.user
  if (!user || !isPerson(comment)) return ignore('comment by a bot')
  const parsed = parseCommand(comment.body ?? '')
  if (parsed.kind === 'none') return ignore('comment without a command')
  const isAuthor = author?.id === user.id
  return {
    kind: 'command',
    ...place,
    commentId: comment.id,
    login: user.login,
    userId: user.id,
    isAuthor,
    command: parsed,
  }
}

function decideCheckRun(event: WebhookEvent, action: string, app: { id: number }): Intent[] {
  if (action !== 'rerequested') return [ignore(`check_run ${action}`)]
  return read(payloads.checkRun, event, payload => {
    const check = payload.check_run
    if (check.app?.id !== app.id) return ignore('check run of another App')
    const { number: _, ...repository } = reference(payload, 0)
    return {
      kind: 'rerequest',
      repository,
      numbers: [...new Set(check.pull_requests.map(pull => pull.number))],
      headSha: check.head_sha,
      externalId: check.external_id ?? '',
      occasion: `rerequest:${event.deliveryId}`,
    }
  })
}

function decideInstallation(event: WebhookEvent, action: string): Intent[] {
  // While suspended GitHub sends no events and refuses tokens; what is known is kept for the day it ends.
  if (action !== 'deleted') return [ignore(`installation ${action} needs nothing`)]
  return read(payloads.installation, event, payload => ({
    kind: 'forget',
    installationId: payload.installation.id,
  }))
}

function decideRepositories(event: WebhookEvent, action: string): Intent[] {
  if (action !== 'removed') return [ignore(`installation_repositories ${action} needs nothing`)]
  return read(payloads.installationRepositories, event, payload => {
    const repositoryIds = payload.repositories_removed.map(repository => repository.id)
    // An empty list must not read as "the whole installation".
    if (repositoryIds.length === 0) return ignore('no repository was removed')
    return { kind: 'forget', installationId: payload.installation.id, repositoryIds }
  })
}

function read<T>(schema: z.ZodType<T>, event: WebhookEvent, then: (payload: T) => Intent): Intent[] {
  const result = schema.safeParse(event.payload)
  return [result.success ? then(result.data) : unreadable(result.error)]
}

function reference(payload: payloads.Scoped, number: number): PullRequestRef {
  return {
    installationId: payload.installation.id,
    repositoryId: payload.repository.id,
    owner: payload.repository.owner.login,
    repo: payload.repository.name,
    number,
  }
}

function ignore(why: string): Intent {
  return { kind: 'ignore', why }
}

/** Names the fields that are wrong, never their values. */
function unreadable(error: z.ZodError): Intent {
  const fields = [...new Set(error.issues.map(issue => issue.path.map(String).join('.') || 'the payload'))]
  return { kind: 'unreadable', why: `cannot be read: ${fields.slice(0, 5).join(', ')}`.slice(0, 300) }
}
