import type { FeedbackPlace, Signal } from '../core/feedback.ts'
import type { LabelVote } from '../core/feedback-votes.ts'
import type { DiffPrints } from '../core/prints.ts'
import type { PullRequestRef } from '../core/pull-request.ts'
import type { Finding } from '../core/review/finding.ts'

// ---- samples (production.sampled, and the doors to V1 and the gate) ----

export interface NewSample {
  id: string
  ref: PullRequestRef
  headSha: string
  /** As snapshotJson writes it, credentials masked. */
  snapshot: string
  seed: string
  hunks: number
  changedLines: number
  language: string
  releaseId: string
  /** What production posted by its deadline, credentials masked. */
  findings: readonly Finding[]
  latencyMs: number
  degraded: boolean
  usd: number
  prints: DiffPrints
}

export interface Sampled {
  id: string
  headSha: string
  prints: DiffPrints
}

export interface Samples {
  /** Hands a sample over and remembers it, in one transaction. False when this pull request was sampled before. */
  submit(sample: NewSample): Promise<boolean>
  get(repositoryId: number, number: number): Promise<Sampled | null>
  /** The pull request was merged or closed; nothing when it was not sampled. The first end counts. */
  end(repositoryId: number, number: number, endedAt: Date, merged: boolean): Promise<void>
  /** Forgets the texts of samples taken before that. Answers how many. */
  forget(before: Date): Promise<number>
}

// ---- feedback (production.feedback) ----

export type NewSignal = Omit<Signal, 'id'> & Pick<PullRequestRef, 'repositoryId' | 'number'>

/** A finding that was posted inline. */
export interface PostedFinding {
  finding: Finding
  headSha: string
  commentId: number | null
  postedAt: Date
}

export interface FeedbackStore {
  /** Those that were not recorded before; each signal is a row once. */
  record(signals: readonly NewSignal[]): Promise<NewSignal[]>
  /** In the order they were recorded. */
  of(repositoryId: number, number: number): Promise<Signal[]>
  /** Findings posted inline on a pull request, oldest first. */
  posted(repositoryId: number, number: number): Promise<PostedFinding[]>
  /** Ties posted findings to the comments that carry them. */
  tie(
    repositoryId: number,
    number: number,
    comments: readonly { commentId: number; fingerprint: string }[],
  ): Promise<void>
}

export interface Labels {
  /** Answers how many said something new. Saying the same again says nothing new. */
  submit(votes: readonly LabelVote[]): Promise<number>
}

// ---- polling (production.followed) ----

export interface Followed {
  ref: PullRequestRef
  authorId: number
  /** Roll-up by comment id, as last seen. */
  rollups: Record<string, string>
  polls: number
  closedAt: Date | null
}

export interface FollowedPullRequests {
  /** Begins to follow, or begins the intervals anew when something new was posted. */
  follow(ref: PullRequestRef, authorId: number, nextAt: Date): Promise<void>
  /** Takes up to `limit` that are due, oldest first, and puts them off to `retryAt`, so that no other takes them too. */
  take(now: Date, retryAt: Date, limit: number): Promise<Followed[]>
  polled(
    of: Pick<PullRequestRef, 'repositoryId' | 'number'>,
    rollups: Record<string, string>,
    polls: number,
    nextAt: Date,
  ): Promise<void>
  putOff(of: Pick<PullRequestRef, 'repositoryId' | 'number'>, until: Date): Promise<void>
  unfollow(of: Pick<PullRequestRef, 'repositoryId' | 'number'>): Promise<void>
  /** Null: open again. */
  closed(of: Pick<PullRequestRef, 'repositoryId' | 'number'>, at: Date | null): Promise<void>
}

// ---- the code host's side ----

export interface ListedComment {
  id: number
  /** GraphQL node id. */
  nodeId: string
  body: string
  /** Null: the account was deleted. */
  author: { id: number; login: string; bot: boolean } | null
  own: boolean
  inReplyTo: number | null
  /** Counts of reactions by kind, '' when there is none: `+1:2 heart:1`. */
  rollup: string
}

export interface Reaction {
  commentId: number
  userId: number
  login: string
  content: string
  at: Date
}

export interface ReactionReader {
  /** Every review comment of a pull request, up to 1,000. Free when nothing changed since the last call. */
  comments(ref: PullRequestRef): Promise<ListedComment[]>
  /** All reactions of people to these comments. Accounts that were deleted, bots and Cupel itself are left out. */
  reactions(
    ref: PullRequestRef,
    comments: readonly Pick<ListedComment, 'id' | 'nodeId'>[],
  ): Promise<Reaction[]>
}

export type { FeedbackPlace }
