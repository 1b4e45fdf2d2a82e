import type { PullRequestRef } from '../core/pull-request.ts'
import type { Configuration } from '../core/configuration.ts'
import type { Finding, Severity, Unanchored } from '../core/review/finding.ts'
import type { Health } from '../core/review/health.ts'
import type { LeftOutReason, Receipt } from '../core/review/receipt.ts'

// ---- deliveries (production.deliveries; the web process may touch nothing else) ----

export interface NewDelivery {
  /** X-GitHub-Delivery. A redelivery keeps it. */
  id: string
  event: string
  action: string | null
  installationId: number | null
  repositoryId: number | null
  /** The JSON text exactly as it was signed; bytes are UTF-8 without a NUL. */
  payload: string | Buffer
}

export interface Delivery extends NewDelivery {
  payload: string
  receivedAt: Date
  state: 'received' | 'queued' | 'done' | 'failed'
}

export interface DeliveryIntake {
  /** One INSERT for all, ON CONFLICT DO NOTHING, committed on return. Answers the ids that were new. */
  insert(deliveries: readonly NewDelivery[]): Promise<Set<string>>
  /** Notes that these rows, which took longer than usual, have their job. */
  markQueued(ids: readonly string[]): Promise<void>
  /** Ids of rows still `received` after `olderThanMs`: their job may never have been made. */
  unqueued(olderThanMs: number, limit: number): Promise<string[]>
}

export interface DeliveryLog {
  /** Null when the row was purged. */
  get(id: string): Promise<Delivery | null>
  finish(id: string, state: 'done' | 'failed', outcome: string): Promise<void>
  /** Forgets payloads of finished deliveries older than that. Answers how many. */
  purgePayloads(olderThanDays: number): Promise<number>
}

// ---- pull requests: what Cupel knows of each (production.pull_requests) ----

export interface PullRequestState {
  repositoryId: number
  number: number
  headSha: string
  /** The code host's own time of that state; older events change nothing. */
  headUpdatedAt: Date
  open: boolean
  paused: boolean
  /** When the last automatic review was asked for: pushes within 30 s of it are coalesced. */
  lastAskedAt: Date | null
}

export interface PullRequests {
  /** Records what an event says, unless a later one was recorded. Answers the state after it and whether this event changed the head. */
  observe(event: {
    installationId: number
    repositoryId: number
    owner: string
    repo: string
    number: number
    headSha: string
    updatedAt: Date
    open: boolean
  }): Promise<{ state: PullRequestState; newHead: boolean; stale: boolean }>
  get(repositoryId: number, number: number): Promise<PullRequestState | null>
  markAsked(repositoryId: number, number: number, at: Date): Promise<void>
  setPaused(repositoryId: number, number: number, paused: boolean): Promise<void>
  /** Everything kept of a repository or installation that is gone. Answers the rows deleted. */
  forget(scope: { installationId: number; repositoryIds?: readonly number[] }): Promise<number>
}

// ---- reviews that were asked for (production.review_requests) ----

export interface ReviewRequest extends PullRequestRef {
  /** Also the id of its job. */
  id: string
  /** The head the event spoke of; '' when a command asked. What is reviewed is the head there is. */
  headSha: string
  /** See ReviewKey.occasion. */
  occasion: string
  /** The label whose adding asked for this review. */
  label: string | null
  /** Somebody who may do so asked: neither draft, bot nor pause stops it. */
  asked: boolean
  /** Looks at everything again instead of what changed since the last round. */
  full: boolean
  /** The webhook's receipt, or the planned beginning of a push that waits for others. */
  dueAt: Date
}

export interface ReviewRequests {
  /** Committed on return. One that is still open stays as it is; one that had ended is open again. */
  put(request: ReviewRequest): Promise<void>
  /** Null when it has ended, or was forgotten with its repository. */
  get(id: string): Promise<ReviewRequest | null>
  finish(id: string, outcome: string): Promise<void>
  /** Ids of those that should have been done: their job may be lost. Oldest first. */
  unfinished(olderThanMs: number, limit: number): Promise<string[]>
}

// ---- reviews (production.code_reviews, review_findings) ----

export interface ReviewKey extends PullRequestRef {
  headSha: string
  releaseId: string
  /** 'push' for every automatic review of that head; 'command:<comment id>' or 'rerequest:<delivery id>' otherwise. */
  occasion: string
}

export type ReviewState = 'started' | 'examined' | 'posted' | 'done' | 'skipped' | 'superseded' | 'failed'

export interface ReviewRow extends ReviewKey {
  id: string
  state: ReviewState
  /** Random, committed before anything is posted, hidden in what is posted. */
  marker: string
  checkId: number | null
  reviewId: number | null
  createdAt: Date
  examination: StoredExamination | null
}

/** What a review found: stored before posting, so that a killed worker neither pays nor thinks twice. */
export interface StoredExamination {
  baseSha: string
  findings: Finding[]
  /** Findings that came after the deadline: shown in the summary and check annotations. */
  late: Finding[]
  unanchored: Unanchored[]
  leftOut: { finding: Finding; reason: LeftOutReason }[]
  receipt: Receipt
  /** Per path, digests of the changed lines seen: what the next round compares with. */
  lineDigests: Record<string, string[]>
}

export interface Rounds {
  /** Finished reviews of this pull request before this one. */
  count: number
  lastReleaseId: string | null
  lineDigests: Record<string, string[]>
  /** Everything ever posted on this pull request. */
  posted: { fingerprint: string; path: string; severity: Severity; commentId: number | null }[]
}

export interface Reviews {
  /**
   * Inserts, or answers the row that has this key; one that ended without being done begins again. Response is measured
   * from `dueAt`, without it from `now`.
   */
  open(key: ReviewKey, now: Date, dueAt?: Date): Promise<ReviewRow>
  rounds(repositoryId: number, number: number, exceptReviewId: string): Promise<Rounds>
  saveCheck(id: string, checkId: number): Promise<void>
  saveExamination(id: string, examination: StoredExamination): Promise<void>
  savePosted(
    id: string,
    posted: { reviewId: number | null; comments: { fingerprint: string; commentId: number }[] },
  ): Promise<void>
  finish(
    id: string,
    state: 'done' | 'skipped' | 'superseded' | 'failed',
    /** `health` of a review that was done or given up; the others promised nobody anything. */
    outcome: { conclusion: string; detail: string; health?: Health },
  ): Promise<void>
  /** Null when there is no such row or `id` is not a UUID. */
  get(id: string): Promise<ReviewRow | null>
  /** Reviews of this occasion that were begun and have not ended. */
  unfinished(repositoryId: number, number: number, occasion: string): Promise<ReviewRow[]>
  /** For `/cupel explain`: the finding that a comment's hidden marker names; the newest when raised more than once. */
  findingByFingerprint(
    repositoryId: number,
    number: number,
    fingerprint: string,
  ): Promise<{ finding: Finding; releaseId: string; createdAt: Date } | null>
}

// ---- releases ----

export interface Release {
  id: string
  configurationId: string
  configuration: Configuration
  kind: 'genesis' | 'genesis-models' | 'promoted'
  createdAt: Date
}

export interface Releases {
  /**
   * The release that reviews this pull request now: its canary, if it was drawn for it, else the newest full one that can
   * be read. Always answers one, the shipped genesis if need be; what could not be read is logged as an error.
   */
  inForce(pull: Pick<PullRequestRef, 'repositoryId' | 'number'>): Promise<Release>
  /** The first time model keys appear and nothing was ever promoted: replaces genesis once, audited. Does nothing otherwise. */
  installGenesisModels(configuration: Configuration): Promise<'installed' | 'not-needed'>
}

// ---- commands, feedback ----

export interface Commands {
  /** unfinished: taken before, but whoever took it died on the way; it is safe to carry it out again. */
  take(command: {
    commentId: number
    repositoryId: number
    number: number
    login: string
    text: string
  }): Promise<'new' | 'unfinished' | 'finished'>
  finish(commentId: number, outcome: string): Promise<void>
}

// ---- shared limits ----

/** US dollars; without `zoneUsd` production as a whole has no limit of its own. */
export interface SpendingLimits {
  zoneUsd?: number
  installationUsd: number
  repositoryUsd: number
  authorUsd: number
}

export interface Spender {
  installationId: number
  repositoryId: number
  author: string
  /** The pull request that it is spent on. */
  number?: number
}

export type ReservationOutcome =
  | { granted: true; id: string }
  | {
      granted: false
      limit: 'zone' | 'installation' | 'repository' | 'author'
      period: 'day' | 'month'
    }

export interface Budgets {
  /**
   * Reserved before the call, settled after; per day and month (UTC) of `now`. Concurrent reservations never exceed a
   * day's limit together; at midnight, when they lock the rows of two days, a month's by one reservation.
   */
  reserve(
    who: Spender,
    usd: number,
    limits: SpendingLimits & { monthly?: SpendingLimits },
    now: Date,
  ): Promise<ReservationOutcome>
  /**
   * The largest share of any of these limits that is spent; 1 and more: nothing is left. What reviews under way have
   * reserved today is not counted: a few of one author at once would look like money spent.
   */
  used(who: Spender, limits: SpendingLimits & { monthly?: SpendingLimits }, now: Date): Promise<number>
  settle(id: string, usd: number): Promise<void>
}

export interface Locks {
  /**
   * Runs `work` while holding the pull request's lock (a session-level advisory lock: it falls when the process dies).
   * 'busy' when another holds it. `signal` aborts when the lock's connection is lost.
   */
  withPullRequest<T>(
    repositoryId: number,
    number: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | 'busy'>
}

export interface AuditLog {
  /** `subject` names the row or object; `data` is JSON. Answers the sequence number. */
  append(event: { actor: string; action: string; subject: string; data: unknown }): Promise<number>
}
