import type { ReviewJob } from '../../src/cycle.ts'
import type { ActionRequests, Administrators, Answers } from '../../src/ports/administrators.ts'
import type { CheaperModels } from '../../src/core/review/thrift.ts'
import type { Analysers } from '../../src/ports/analyser.ts'
import type { MemoryOf } from '../../src/ports/model-answers.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { CodeHostReader, CodeHostWriter } from '../../src/ports/code-host.ts'
import type {
  FeedbackStore,
  FollowedPullRequests,
  Labels,
  ReactionReader,
  Samples,
} from '../../src/ports/feedback.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Models, ModelUsage } from '../../src/ports/model.ts'
import type { Orders } from '../../src/ports/orders.ts'
import type { Queue } from '../../src/ports/queue.ts'
import type { Slo } from '../../src/ports/slo.ts'
import type {
  AuditLog,
  Budgets,
  Commands,
  DeliveryLog,
  Locks,
  PullRequests,
  Releases,
  ReviewRequests,
  Reviews,
  SpendingLimits,
} from '../../src/ports/stores.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the production worker's steps may reach: ports only. main.ts wires them. */
export interface ProductionDeps {
  clock: Clock
  log: Log
  metrics: Metrics
  reader: CodeHostReader
  writer: CodeHostWriter
  models: Models
  /** By repository. */
  memoryOf: MemoryOf
  /** What a failed model call cost all the same, if the models' adapter knows. */
  usageOf(fault: unknown): ModelUsage | undefined
  analysers: Analysers
  reviewQueue: Queue<ReviewJob>
  deliveries: DeliveryLog
  pullRequests: PullRequests
  requests: ReviewRequests
  reviews: Reviews
  releases: Releases
  commands: Commands
  administrators: Administrators
  actions: ActionRequests
  answers: Answers
  budgets: Budgets
  locks: Locks
  slo: Slo
  orders: Orders
  /** When a smoke test that met an outage may be tried again, by order: epoch ms. */
  smokeRetries: Map<string, number>
  audit: AuditLog
  samples: Samples
  feedback: FeedbackStore
  labels: Labels
  followed: FollowedPullRequests
  reactions: ReactionReader
  /** `rate` is the share of pull requests that are copied to the experiments, 0 to 1. */
  sampling: { secret: string; rate: number }
  app: { id: number }
  /** Where people read GitHub, `https://github.com`: comments link to nowhere else. */
  webUrl: string
  /** Hard limits in US dollars a day and a month (UTC): beyond them no model is asked. */
  dailyUsd: SpendingLimits
  monthlyUsd: SpendingLimits
  /** From this share of any of them on, cheaper models are asked. */
  softShare: number
  cheaperModels: CheaperModels
}
