/**
 * The map of what Cupel does: every step, the zone it belongs to, what it reads, what it publishes and which
 * steps may follow. Queue names derive from it. Read it first.
 */
export const zones = ['production', 'experiments'] as const
export type Zone = (typeof zones)[number]

interface Step {
  zone: Zone
  /** The process that takes the step, by its name in src/supervisor/processes.ts. */
  process: 'web' | 'production' | 'experiments'
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
    next: ['run'],
  },
  // The experiments' own dispatcher finds samples and puts them on their queue.
  run: {
    zone: 'experiments',
    process: 'experiments',
    queue: 'shadow',
    reads: ['experiments_v1.experiments', 'experiments_v1.samples', 'experiments_v1.replays'],
    publishes: ['experiments_v1.code_analyses', 'experiments_v1.spending'],
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

/** One run of an experiment on a sample. */
export interface ShadowJob {
  experimentId: string
  sampleId: string
  kind: 'live' | 'replay'
}

export const queueNames = {
  deliveries: steps.deliver.queue,
  reviews: steps.review.queue,
  shadow: steps.run.queue,
} as const
