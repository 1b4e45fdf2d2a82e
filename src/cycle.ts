/**
 * The map of what Cupel does: every step, the zone it belongs to, what it reads, what it publishes and which
 * steps may follow. Queue names derive from it. Read it first.
 */
export const zones = ['production', 'experiments', 'gate', 'quarantine'] as const
export type Zone = (typeof zones)[number]

interface Step {
  zone: Zone
  /** The process that takes the step, by its name in src/supervisor/processes.ts. */
  process: 'web' | 'production' | 'experiments' | 'gate' | 'archive' | 'dashboard'
  /** What it is taken for: a webhook, a job of its queue, a turn that looks for work, or the step before it. */
  begins: 'webhook' | 'job' | 'turn' | 'step'
  /** The BullMQ queue whose jobs are this step. */
  queue?: string
  reads: readonly string[]
  /** `table by door` where another zone's table is written through a door. */
  publishes: readonly string[]
  next: readonly string[]
}

export const steps = {
  intake: {
    zone: 'production',
    process: 'web',
    begins: 'webhook',
    reads: ['a signed webhook'],
    publishes: ['production.deliveries'],
    next: ['deliver'],
  },
  deliver: {
    zone: 'production',
    process: 'production',
    begins: 'job',
    queue: 'deliveries',
    reads: ['production.deliveries'],
    publishes: [
      'production.pull_requests',
      'production.review_requests',
      'production.commands',
      'production.answers',
      'gate.actions by doors.request_action',
      'gate.sample_ends by doors.end_sample',
    ],
    next: ['review', 'feedback', 'score', 'act'],
  },
  review: {
    zone: 'production',
    process: 'production',
    begins: 'job',
    queue: 'reviews',
    reads: [
      'production.review_requests',
      'production.releases',
      'production.model_answers',
      'the pull request',
    ],
    publishes: [
      'production.model_answers',
      'production.code_reviews',
      'production.review_findings',
      'production.followed',
      'review, summary and check run',
    ],
    next: ['sample', 'pollReactions'],
  },
  sample: {
    zone: 'production',
    process: 'production',
    begins: 'step',
    reads: ['production.pull_requests', 'what was reviewed, credentials masked'],
    publishes: [
      'production.sampled',
      'experiments_v1.samples by doors.submit_sample',
      'gate.sample_baselines by doors.submit_sample',
      'gate.audit_draws by doors.submit_sample',
    ],
    next: ['run', 'label'],
  },
  // The experiments' own dispatcher finds samples and puts them on their queue.
  run: {
    zone: 'experiments',
    process: 'experiments',
    begins: 'job',
    queue: 'shadow',
    reads: [
      'experiments_v1.experiments',
      'experiments_v1.samples',
      'experiments_v1.replays',
      'experiments_v1.model_answers',
    ],
    publishes: ['experiments_v1.code_analyses', 'experiments_v1.spending', 'experiments_v1.model_answers'],
    next: ['score'],
  },
  feedback: {
    zone: 'production',
    process: 'production',
    begins: 'step',
    reads: ['production.review_findings', 'replies, resolved threads, pushes and comments'],
    publishes: ['production.feedback'],
    next: ['label'],
  },
  // No webhook tells of reactions.
  pollReactions: {
    zone: 'production',
    process: 'production',
    begins: 'turn',
    reads: ['production.followed', 'reactions to review comments'],
    publishes: ['production.feedback', 'production.followed'],
    next: ['label'],
  },
  label: {
    zone: 'production',
    process: 'production',
    begins: 'step',
    reads: ['production.feedback', 'production.review_findings', 'production.sampled'],
    publishes: ['gate.labels by doors.submit_label'],
    next: ['score'],
  },
  score: {
    zone: 'gate',
    process: 'gate',
    begins: 'turn',
    reads: [
      'gate.stale_samples',
      'gate.labels',
      'gate.sample_ends',
      'gate.sample_baselines',
      'gate.audit_draws',
      'experiments_v1.samples',
      'experiments_v1.code_analyses',
    ],
    publishes: ['gate.outcomes', 'gate.tallies', 'experiments_v1.experiment_metrics'],
    next: ['decide'],
  },
  // Before the day's samples are known.
  draw: {
    zone: 'gate',
    process: 'gate',
    begins: 'turn',
    reads: ['experiments_v1.samples'],
    publishes: ['gate.audit_days'],
    next: ['sample'],
  },
  // What administrators asked for: done, or refused with why.
  act: {
    zone: 'gate',
    process: 'gate',
    begins: 'turn',
    reads: ['gate.actions', 'experiments_v1.experiments', 'production.release_states'],
    publishes: [
      'production.release_steps by doors.step_release',
      'quarantine.quarantine_records by doors.archive',
      'quarantine.blacklist by doors.blacklist',
    ],
    next: ['decide', 'readmit', 'answer'],
  },
  // Into the comment that acknowledged the request.
  answer: {
    zone: 'production',
    process: 'production',
    begins: 'turn',
    reads: ['production.answers', 'production.gate_answers'],
    publishes: ['production.answers', 'the gate’s answer to an administrator'],
    next: [],
  },
  decide: {
    zone: 'gate',
    process: 'gate',
    begins: 'turn',
    reads: [
      'gate.outcomes',
      'experiments_v1.experiments',
      'experiments_v1.code_analyses',
      'gate.thresholds',
      'gate.actions',
    ],
    publishes: ['gate.scores', 'gate.verdicts', 'gate.trials by doors.open_trial'],
    next: ['promote', 'quarantine', 'ask'],
  },
  promote: {
    zone: 'gate',
    process: 'gate',
    begins: 'step',
    reads: ['gate.verdicts'],
    publishes: ['production.releases by doors.release', 'production.release_steps by doors.release'],
    next: ['rollout'],
  },
  // Smoke test, deployment, a share of the pull requests, all of them.
  rollout: {
    zone: 'gate',
    process: 'gate',
    begins: 'step',
    reads: ['production.release_states', 'production.orders'],
    publishes: [
      'production.orders by doors.place_order',
      'production.release_steps by doors.step_release',
      'deployed release',
    ],
    next: ['order', 'watch', 'review'],
  },
  // What the gate has no keys for: smoke tests, and comments of a release that was rolled back.
  order: {
    zone: 'production',
    process: 'production',
    begins: 'turn',
    reads: ['production.orders', 'production.releases', 'production.code_reviews'],
    publishes: ['a smoke test’s result', 'withdrawn comments'],
    next: ['rollout'],
  },
  watch: {
    zone: 'gate',
    process: 'gate',
    begins: 'turn',
    reads: ['production.published_outcomes', 'production.release_states'],
    publishes: ['production.release_steps by doors.step_release', 'production.orders by doors.place_order'],
    next: ['quarantine', 'order', 'review'],
  },
  quarantine: {
    zone: 'gate',
    process: 'gate',
    begins: 'step',
    reads: ['gate.verdicts', 'production.release_states', 'experiments_v1.experiments'],
    publishes: ['quarantine.quarantine_records by doors.archive', 'quarantine.blacklist by doors.blacklist'],
    next: ['show', 'ask', 'readmit'],
  },
  show: {
    zone: 'quarantine',
    process: 'archive',
    begins: 'step',
    reads: ['quarantine.quarantine_records', 'quarantine.blacklist'],
    publishes: ['pages and an API that change nothing'],
    next: ['tryAgain'],
  },
  // Administrators look at all of it, and want it otherwise.
  ask: {
    zone: 'gate',
    process: 'dashboard',
    begins: 'step',
    reads: [
      'experiments_v1.published_experiments',
      'gate.published_verdicts',
      'gate.published_actions',
      'production.published_releases',
      'production.published_slo',
      'quarantine.published_records',
      'audit.event_log',
    ],
    publishes: ['pages', 'gate.actions by doors.request_action'],
    next: ['decide', 'watch', 'readmit'],
  },
  // An administrator asked for it.
  readmit: {
    zone: 'gate',
    process: 'gate',
    begins: 'step',
    reads: ['gate.actions', 'quarantine.quarantine_records'],
    publishes: ['experiments_v1.readmissions by doors.readmit'],
    next: ['tryAgain'],
  },
  tryAgain: {
    zone: 'experiments',
    process: 'experiments',
    begins: 'turn',
    reads: ['experiments_v1.readmissions', 'the archive’s API'],
    publishes: ['experiments_v1.experiments'],
    next: ['run'],
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
