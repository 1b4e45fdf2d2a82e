import type { Deployer } from '../../src/ports/deployer.ts'
import type {
  GateActions,
  GateEvidenceStore,
  GateLock,
  GateReleases,
  GateSettings,
  PublishedOutcomes,
  Quarantine,
  Verdicts,
} from '../../src/ports/gate.ts'
import type { Likeness } from '../../src/core/label.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { GateMetrics } from '../../src/ports/metrics.ts'
import type { AuditDraws, LabelCoverage, Scoring } from '../../src/ports/scoring.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the reconciler's steps may reach: ports only. */
export interface ReconcileDeps {
  clock: Clock
  log: Log
  metrics: GateMetrics
  lock: GateLock
  settings(): Promise<GateSettings>
  evidence: GateEvidenceStore
  verdicts: Verdicts
  actions: GateActions
  releases: GateReleases
  published: PublishedOutcomes
  quarantine: Quarantine
  deployer: Deployer
  /** What was refused last, by what was asked for: told once. Lost with the process. */
  refusals: Map<string, string>
}

/** What the gate's steps may reach: ports only. main.ts wires them. */
export interface GateDeps extends ReconcileDeps {
  scoring: Scoring
  draws: AuditDraws
  labelCoverage(): Promise<LabelCoverage>
  likeness: Likeness
  /** Judgements that people may be asked for on a day. */
  judgingBudget: number
  /** 64 hexadecimal digits that nobody can guess. */
  newSeed(): string
}
