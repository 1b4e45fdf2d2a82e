import type { PullRequestRef } from '../core/pull-request.ts'
import type { FailedDelivery } from '../core/redelivery.ts'
import type { CheckReport } from '../core/review/check.ts'
import type { Side } from '../core/review/diff.ts'

export interface PullRequestView {
  title: string
  body: string
  author: { login: string; id: number; bot: boolean }
  state: 'open' | 'closed' | 'merged'
  draft: boolean
  labels: string[]
  baseSha: string
  baseRef: string
  headSha: string
  headRef: string
  /** The head is in another repository. */
  fork: boolean
  changedFiles: number
  /** Files of the base commit that say how to review; null when absent. */
  repositoryConfiguration: { path: string; text: string } | null
  instructions: { path: string; text: string }[]
  /** Review threads that Cupel began, newest last: of the pull request's last 1,000. */
  ownThreads: OwnThread[]
  /** Reviews that Cupel posted, at most the last 50; the newest is there unless 1,000 others came after it. */
  ownReviews: { id: number; headSha: string; body: string }[]
  /** The issue comment that holds Cupel's summary, if there is one. */
  summaryCommentId: number | null
}

export interface OwnThread {
  /** GraphQL node id. */
  id: string
  resolved: boolean
  outdated: boolean
  path: string
  side: Side
  line: number | null
  /** Database id, node id and body of the first comment. */
  commentId: number
  commentNodeId: string
  /** It was hidden as outdated, as Cupel does when the release that raised it is rolled back. */
  withdrawn: boolean
  body: string
}

/** A changed file as the code host lists it: patch omitted for binary and large files. */
export interface ListedFile {
  path: string
  previousPath?: string
  status: string
  additions: number
  deletions: number
  changes: number
  patch?: string
  blobSha: string | null
}

export interface Blob {
  path: string
  /** null: binary, too large for the code host's answer, or not valid UTF-8. */
  text: string | null
  bytes: number
}

export interface CodeHostReader {
  /** Everything about a pull request that one call can bring (GraphQL). */
  pullRequest(ref: PullRequestRef): Promise<PullRequestView>
  /** Pages to the code host's own limit of 3,000. */
  files(ref: PullRequestRef): Promise<{ files: ListedFile[]; truncated: boolean }>
  /** Contents at a commit, as few calls as possible (100 paths in one). Paths that do not exist are missing from the answer. */
  blobs(ref: PullRequestRef, sha: string, paths: readonly string[]): Promise<Blob[]>
  headSha(ref: PullRequestRef): Promise<string>
  /** The code host's own word on what `login` may do; 'none' when it cannot tell. */
  permission(
    ref: PullRequestRef,
    login: string,
  ): Promise<'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'>
}

export interface InlineComment {
  path: string
  side: Side
  startLine: number
  line: number
  body: string
}

/** `summary` is Markdown. */
export interface CheckOutcome extends Omit<CheckReport, 'conclusion'> {
  conclusion: CheckReport['conclusion'] | 'failure' | 'action_required' | 'skipped' | 'cancelled'
}

export interface CommentTarget {
  kind: 'issue-comment' | 'review-comment'
  id: number
}

/** What Cupel writes, and all it can write. Every call is paced by the code host's limits. */
export interface CodeHostWriter {
  /**
   * In progress. `externalId` is our key. With `mayExist` (a repeated job whose check id was not saved) the code
   * host is asked first, so that starting twice is starting once; a first attempt saves that call.
   */
  startCheck(
    ref: PullRequestRef,
    headSha: string,
    externalId: string,
    again?: { mayExist: boolean },
  ): Promise<{ checkId: number }>
  /** Annotations go in batches of 50, as the code host demands. */
  finishCheck(ref: PullRequestRef, checkId: number, outcome: CheckOutcome): Promise<void>
  /**
   * One review with event COMMENT. Throws Fault github-unprocessable when an anchor is refused (nothing was
   * posted) and an ambiguous github-unavailable when nobody knows: look for `marker` before trying again.
   */
  postReview(
    ref: PullRequestRef,
    review: { headSha: string; body: string; comments: InlineComment[] },
  ): Promise<{ reviewId: number }>
  /** The reviews by Cupel whose body holds `marker`: for adopting one whose answer was lost. */
  findReview(ref: PullRequestRef, marker: string): Promise<{ reviewId: number } | null>
  /** Database ids of a posted review's comments, in posting order. */
  reviewComments(
    ref: PullRequestRef,
    reviewId: number,
  ): Promise<{ commentId: number; path: string; body: string }[]>
  /** Creates the summary comment, or rewrites it when `commentId` is known. */
  putSummary(ref: PullRequestRef, commentId: number | null, body: string): Promise<{ commentId: number }>
  /**
   * Resolves up to 50 in one call and returns the pull request's head at that moment. What is unknown or may not be
   * resolved is skipped: `resolved` says how many were.
   */
  resolveThreads(
    ref: PullRequestRef,
    threadIds: readonly string[],
  ): Promise<{ headSha: string; resolved: number }>
  /** Hides comments as outdated, by node id. Answers how many are hidden; those that are gone are skipped. */
  minimise(ref: PullRequestRef, nodeIds: readonly string[]): Promise<number>
  /** Answers in a review thread. */
  replyInThread(ref: PullRequestRef, commentId: number, body: string): Promise<{ commentId: number }>
  comment(ref: PullRequestRef, body: string): Promise<{ commentId: number }>
  /** The newest comment by Cupel that holds `marker`: in review threads with `threadId`, else in the conversation. */
  findComment(
    ref: PullRequestRef,
    threadId: number | null,
    marker: string,
  ): Promise<{ commentId: number } | null>
  /** Throws Fault github-not-found when it was deleted. */
  rewriteComment(ref: PullRequestRef, target: CommentTarget, body: string): Promise<void>
  react(
    ref: PullRequestRef,
    target: CommentTarget,
    content: 'eyes' | '+1' | '-1' | 'confused' | 'rocket',
  ): Promise<void>
}

/** The App's own webhook, as the code host remembers it: it never sends a failed delivery again by itself. */
export interface AppHook {
  /** Failed attempts since then, newest first, at most 2,000. */
  failedSince(since: Date): Promise<FailedDelivery[]>
  /** 'gone' when the code host no longer has it. */
  redeliver(id: number): Promise<'asked' | 'gone'>
}
