import type { ActionForm, ListedExperiment } from '../core/administrator-text.ts'
import type { Subject } from '../core/meant.ts'
import type { PullRequestRef } from '../core/pull-request.ts'

/** Who the code host says somebody is. */
export interface Directory {
  /** Numeric id of an account; null when there is none of that name. */
  user(login: string): Promise<number | null>
  /** Numeric ids of a team's members, at most 1,000; null when the App cannot see such a team. */
  team(organisation: string, slug: string): Promise<number[] | null>
}

/** Those named in CUPEL_ADMINS, by numeric id: a login can pass to somebody else. */
export interface Administrators {
  has(userId: number): boolean
  /** Asks the code host again. What cannot be read is logged and keeps what was known: members of teams for an hour. */
  refresh(): Promise<void>
}

/** What administrators ask of the gate; only doors. */
export interface ActionRequests {
  /** Asking twice under one key is asking once. */
  request(action: {
    key: string
    kind: ActionForm
    /** Null: the release in force. */
    subject: string | null
    reason: string
    actor: string
  }): Promise<void>
  /** Id, name and state: all that production may know of experiments. */
  experiments(): Promise<ListedExperiment[]>
  /** Ids of all that can be asked about. */
  subjects(): Promise<Subject[]>
}

// ---- what the gate answers (production.answers) ----

export interface AskedByComment {
  /** Key of the request. */
  actionId: string
  ref: PullRequestRef
  /** First comment of the review thread in which it was asked; null in the conversation. */
  threadId: number | null
  form: ActionForm
  subject: string | null
}

export interface DueAnswer extends AskedByComment {
  /** The comment that acknowledged it, as far as it is known. */
  commentId: number | null
  state: 'done' | 'refused'
  outcome: string
  answeredAt: Date
}

export interface Answers {
  /** Committed before anything is posted; not due before `dueAt` unless acknowledged. Answers what is known of it already. */
  expect(asked: AskedByComment, dueAt: Date): Promise<'new' | 'acknowledged' | 'ended'>
  acknowledged(actionId: string, commentId: number, now: Date): Promise<void>
  /** What the gate has answered and nobody posted, oldest first; each is taken by one worker and due again at `retryAt`. */
  take(now: Date, retryAt: Date, limit: number): Promise<DueAnswer[]>
  putOff(actionId: string, until: Date): Promise<void>
  /** `outcome`: posted, or why it was given up. */
  finish(actionId: string, outcome: string): Promise<void>
}
