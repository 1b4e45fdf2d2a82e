import type { Likeness } from '../../src/core/label.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { AuditDraws, Scoring } from '../../src/ports/scoring.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What the gate's steps may reach: ports only. main.ts wires them. */
export interface GateDeps {
  clock: Clock
  log: Log
  scoring: Scoring
  draws: AuditDraws
  likeness: Likeness
  /** Judgements that people may be asked for on a day. */
  judgingBudget: number
  /** 64 hexadecimal digits that nobody can guess. */
  newSeed(): string
}
