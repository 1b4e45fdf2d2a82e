/**
 * The map of what Cupel does: every step, the zone it belongs to, what it reads, what it publishes and which
 * steps may follow. Queue names derive from it. Read it first.
 */
export const zones = ['production'] as const
export type Zone = (typeof zones)[number]

interface Step {
  zone: Zone
  /** The process that takes the step, by its name in src/supervisor/processes.ts. */
  process: 'web' | 'production'
  /** The BullMQ queue whose jobs are this step, when it is taken for a job. */
  queue?: string
  reads: readonly string[]
  publishes: readonly string[]
  next: readonly string[]
}

export const steps = {
  intake: {
    zone: 'production',
    process: 'web',
    reads: ['a signed webhook'],
    publishes: ['production.deliveries'],
    next: ['deliver'],
  },
  deliver: {
    zone: 'production',
    process: 'production',
    queue: 'deliveries',
    reads: ['production.deliveries'],
    publishes: ['production.pull_requests', 'production.review_requests', 'production.commands'],
    next: ['review'],
  },
  review: {
    zone: 'production',
    process: 'production',
    queue: 'reviews',
    reads: ['production.review_requests', 'production.releases', 'the pull request'],
    publishes: ['production.code_reviews', 'production.review_findings', 'review, summary and check run'],
    next: [],
  },
} as const satisfies Record<string, Step>

/** Jobs carry ids only: what they are about stands in the database. */
export interface DeliveryJob {
  deliveryId: string
}
export interface ReviewJob {
  requestId: string
}

export const queueNames = { deliveries: steps.deliver.queue, reviews: steps.review.queue } as const
