import { z } from 'zod'

/** The parts of GitHub's webhook payloads that Cupel uses; everything else is dropped on reading. */

const id = z.int().min(1)
const number = z.int().min(1)
const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
/** Both become parts of API paths, so nothing but the characters that GitHub allows in them. */
const name = z
  .string()
  .regex(/^[\w.-]{1,100}$/)
  .refine(value => value !== '.' && value !== '..')
const login = z.string().regex(/^[\w.-]{1,100}(?:\[bot\])?$/)
const time = z.iso.datetime({ offset: true })

const user = z.object({ id, login, type: z.string().max(50).optional() })
export type User = z.output<typeof user>

const scope = {
  installation: z.object({ id }),
  repository: z.object({ id, name, owner: z.object({ login }) }),
}
const scoped = z.object(scope)
export type Scoped = z.output<typeof scoped>

export const envelope = z.object({
  action: z.string().max(100).optional(),
  installation: z.object({ id }).nullish(),
})

export const pullRequest = z.object({
  ...scope,
  pull_request: z.object({
    number,
    state: z.enum(['open', 'closed']),
    updated_at: time,
    closed_at: time.nullish(),
    merged: z.boolean().nullish(),
    head: z.object({ sha }),
    base: z.object({ sha }),
  }),
  label: z.object({ name: z.string().max(200) }).nullish(),
  changes: z.object({ base: z.object({}).optional() }).optional(),
})

const comment = z.object({
  id,
  body: z.string().max(300_000).nullish(),
  user: user.nullish(),
  performed_via_github_app: z.object({ id }).nullish(),
})
export type Comment = z.output<typeof comment>

export const issueComment = z.object({
  ...scope,
  comment,
  issue: z.object({ number, user: user.nullish(), pull_request: z.object({}).nullish() }),
})

const line = z.int().min(1)
const side = z.enum(['LEFT', 'RIGHT'])

/** All that a command needs: a place that cannot be read must not lose it. */
export const threadComment = z.object({
  ...scope,
  comment: comment.extend({ in_reply_to_id: id.nullish() }),
  pull_request: z.object({ number, user: user.nullish() }),
})

export const reviewComment = threadComment.extend({
  comment: threadComment.shape.comment.extend({
    created_at: time,
    updated_at: time,
    path: z.string().max(4_096),
    diff_hunk: z.string().max(1_000_000).catch(''),
    commit_id: sha,
    // All null for a comment on a whole file, or once its line is gone.
    line: line.nullish(),
    start_line: line.nullish(),
    side: side.nullish(),
  }),
})
export type ReviewComment = z.output<typeof reviewComment>['comment']

export const reviewThread = z.object({
  ...scope,
  sender: user,
  thread: z.object({
    comments: z.array(z.object({ id, body: z.string().nullish(), user: user.nullish() })).max(10_000),
  }),
  pull_request: z.object({ number, user: user.nullish() }),
})

export const checkRun = z.object({
  ...scope,
  check_run: z.object({
    head_sha: sha,
    external_id: z.string().max(500).nullish(),
    app: z.object({ id }).nullish(),
    pull_requests: z.array(z.object({ number })).max(100).default([]),
  }),
})

export const installation = z.object({ installation: z.object({ id }) })

export const installationRepositories = z.object({
  installation: z.object({ id }),
  repositories_removed: z.array(z.object({ id })).max(100_000),
})
