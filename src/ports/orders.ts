import type { Configuration } from '../core/configuration.ts'
import type { PullRequestRef } from '../core/pull-request.ts'

/** What the gate asks of the production worker (production.orders). */
export interface Order {
  id: string
  kind: 'smoke' | 'withdraw'
  releaseId: string
  /** Null: this version of Cupel cannot read it. */
  configuration: Configuration | null
  orderedAt: Date
}

/** A review whose comments stand on the code host. */
export interface PostedReview {
  id: string
  ref: PullRequestRef
  /** Hidden in each of its comments. */
  marker: string
}

export interface Orders {
  /** Open ones, oldest first. */
  open(): Promise<Order[]>
  /** 'busy' when another worker has it in hand. `signal` aborts when the lock is lost. */
  whileHeld<T>(id: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | 'busy'>
  /** Written once: false when it was answered before. */
  finish(id: string, result: unknown): Promise<boolean>
  /** Posted reviews of a release whose comments were not minimised yet, oldest first. */
  toWithdraw(releaseId: string, limit: number): Promise<PostedReview[]>
  markWithdrawn(reviewId: string, comments: number): Promise<void>
  /** What was withdrawn of a release, and how many of its reviews, begun in the last hour, may still post. */
  withdrawn(releaseId: string): Promise<{ reviews: number; comments: number; underway: number }>
}
