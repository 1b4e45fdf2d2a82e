import type { Configuration } from '../core/configuration.ts'
import type { Finding, Severity, Unanchored } from '../core/review/finding.ts'
import type { LeftOut } from '../core/review/rank.ts'
import type { Receipt } from '../core/review/receipt.ts'
import type { EarlierRounds } from '../core/review/rounds.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import type { Analysers } from '../ports/analyser.ts'
import type { Memory } from '../ports/model-answers.ts'
import type { Clock } from '../ports/clock.ts'
import type { Models, ModelUsage } from '../ports/model.ts'

/** What a repository wishes: never part of a configuration's hash. */
export interface Preferences {
  /** Decides by path whether a file is reviewed. */
  includes(path: string): boolean
  /** Instructions of the base branch for this path. */
  instructionsFor(path: string): readonly string[]
  severityFloor: Severity
  maxComments: number
  /** BCP 47 tag of the language that findings are written in. */
  language: string
  analysers: boolean
}

export interface ExamineDeps {
  models: Models
  /** Looked into before a model is asked, and told what it answered; absent: every question is asked. */
  memory?: Memory
  analysers: Analysers
  clock: Clock
  /** Reserves money before a model is asked; false refuses the call. */
  reserve(usd: number): Promise<boolean>
  /** What a failed model call cost all the same, if the models' adapter knows. */
  usageOf?(fault: unknown): ModelUsage | undefined
}

/** What is known so far: at the deadline, or when everything has ended. */
export interface Outcome {
  receipt: Receipt
  /** Digests of the changed lines that were seen, by path. */
  lineDigests: Record<string, string[]>
  /** What the models cost so far. */
  usd: number
  latencyMs: number
}

export interface LateExamination extends Outcome {
  /** Ranked findings that came after the deadline and were not made before: for the summary and the check run. */
  late: Finding[]
}

export interface Examination extends Outcome {
  /** Ranked, capped, ready to be posted inline. */
  findings: Finding[]
  /** Always empty here; what comes late is in `whenLate`. */
  late: Finding[]
  unanchored: Unanchored[]
  leftOut: LeftOut[]
  /** Some steps were still running at the deadline; they stand in the receipt as `late`. */
  pending: boolean
  /**
   * The rest: resolved at once when nothing is pending, at `limits.abortMs` at the latest. Never rejects. Its
   * receipt, digests and cost replace those above.
   */
  whenLate: Promise<LateExamination>
}

/**
 * The review itself: snapshot and configuration in, findings and receipt out, at the soft deadline at the latest.
 * Posts nothing. Throws Fault 'superseded' when `signal` is aborted before it returns (an abort after that ends the
 * pending calls, and `whenLate` tells what there is), and Fault 'configuration-invalid' for an unknown prompt.
 */
export type Examine = (
  deps: ExamineDeps,
  snapshot: Snapshot,
  configuration: Configuration,
  preferences: Preferences,
  rounds: EarlierRounds,
  signal: AbortSignal,
) => Promise<Examination>
