import type { Analysers } from '../../src/ports/analyser.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { CodeHostReader, CodeHostWriter } from '../../src/ports/code-host.ts'
import type { Metrics } from '../../src/ports/metrics.ts'
import type { Models } from '../../src/ports/model.ts'
import type { Queue } from '../../src/ports/queue.ts'
import type {
  AuditLog,
  Budgets,
  Commands,
  DeliveryLog,
  Locks,
  PullRequests,
  Releases,
  Reviews,
} from '../../src/ports/stores.ts'

/** A job of the queue `reviews`. */
export interface ReviewJob {
  installationId: number
  repositoryId: number
  owner: string
  repo: string
  number: number
  /** The head the event spoke of; a newer one makes an automatic review superfluous. */
  headSha: string
  /** See ReviewKey.occasion. */
  occasion: string
  /** The label whose adding asked for this review. */
  label: string | null
  /** Somebody who may do so asked: neither draft, bot nor pause stops it. */
  asked: boolean
  /** Looks at everything again instead of what changed since the last round. */
  full: boolean
}

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
  analysers: Analysers
  reviewQueue: Queue<ReviewJob>
  deliveries: DeliveryLog
  pullRequests: PullRequests
  reviews: Reviews
  releases: Releases
  commands: Commands
  budgets: Budgets
  locks: Locks
  audit: AuditLog
  app: { id: number }
  /** US dollars a day (UTC). */
  dailyUsd: { installationUsd: number; repositoryUsd: number; authorUsd: number }
}
