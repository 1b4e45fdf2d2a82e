import type { Likeness } from '../../src/core/label.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { GateMetrics } from '../../src/ports/metrics.ts'
import type { AuditDraws, LabelCoverage, Scoring } from '../../src/ports/scoring.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the gate's steps may reach: ports only. main.ts wires them. */
export interface GateDeps {
  clock: Clock
  log: Log
  metrics: GateMetrics
  scoring: Scoring
  draws: AuditDraws
  labelCoverage(): Promise<LabelCoverage>
  likeness: Likeness
  /** Judgements that people may be asked for on a day. */
  judgingBudget: number
  /** 64 hexadecimal digits that nobody can guess. */
  newSeed(): string
}
