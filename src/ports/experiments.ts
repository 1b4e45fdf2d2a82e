import type { Configuration } from '../core/configuration.ts'
import type { RunKind, RunState } from '../core/experiment.ts'
import type { Leak } from '../core/leak.ts'
import type { RepositoryConfiguration } from '../core/repository-configuration.ts'
import type { Vote } from '../core/label.ts'
import type { Finding } from '../core/review/finding.ts'
import type { Receipt } from '../core/review/receipt.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import type { ExperimentBudgetScope } from './metrics.ts'

/** An experiment that may be run. */
export interface Trial {
  id: string
  state: 'active' | 'paused'
  rate: number
  budgetUsd: number
  configuration: Configuration
  createdAt: Date
}

/** A sample without a finished live run of an experiment. */
export interface OpenSample {
  id: string
  seed: string
  /** To the microsecond, as PostgreSQL writes it. */
  takenAt: string
}

/** An administrator's wish to have an experiment tried on stored samples. */
export interface Replay {
  id: string
  experimentId: string
  sampleIds: string[]
}

export interface Experiments {
  /** Those that this version cannot read are left out and get a note. */
  active(): Promise<Trial[]>
  /** Null unless it is active or paused, and can be read. */
  get(id: string): Promise<Trial | null>
  /** How many experiments are in each state. */
  states(): Promise<Record<string, number>>
  /**
   * Samples taken since then, and since the experiment began, that still have their text and no finished live run of
   * it, oldest first, after the one given.
   */
  openSamples(id: string, since: Date, after: OpenSample | null, limit: number): Promise<OpenSample[]>
  /** Says what an active experiment waits for; null: nothing any more. */
  note(id: string, waitsFor: string | null): Promise<void>
  /** Pauses it; false when it was not active. */
  pauseOverBudget(id: string, reason: string): Promise<boolean>
  openReplays(): Promise<Replay[]>
  /** Samples of a replay that can still be run and have no finished replay run of its experiment. */
  openOf(replay: Replay): Promise<string[]>
  /** Once; later ends of the same replay change nothing. */
  endReplay(id: string, outcome: string, summary: unknown): Promise<void>
}

export interface RunKey {
  experimentId: string
  sampleId: string
  kind: RunKind
}

export interface RunResult {
  state: RunState
  /** At the deadline. */
  findings: Finding[]
  receipt: Receipt | null
  /** Of a failed run: its Fault's code, or 'worker-lost'. */
  errorCode: string | null
  /** Null: not measured, as answers came from the store. */
  latencyMs: number | null
  inputTokens: number
  outputTokens: number
  usd: number
  degradedSteps: string[]
  leaked: Leak | null
}

/** `over-budget`: what is left of the experiment's own money is less than one run may cost, and no run may give some back. */
export type Claim =
  | { outcome: 'claimed'; attempt: number }
  | { outcome: 'finished' }
  | { outcome: 'over-budget'; spentUsd: number }
  | {
      outcome: 'wait'
      for: 'own-budget' | 'daily-budget' | 'monthly-budget' | 'own-daily-budget' | 'own-monthly-budget'
    }
  /** It was begun as often as it may be, and nobody came to its end: it is finished as failed now. */
  | { outcome: 'given-up' }

/** US dollars (days and months are UTC): the most that the run may cost, and what may be spent in all. */
export interface RunMoney {
  runUsd: number
  /** Of the experiment, over its whole life. */
  budgetUsd: number
  /** Of all experiments together. */
  dailyUsd: number
  monthlyUsd?: number
  /** Of the experiment. */
  ownDailyUsd?: number
  ownMonthlyUsd?: number
}

export interface Runs {
  /**
   * Takes a run and reserves what it may cost, in one step; nothing is written when the money is not there. One that
   * was begun and not ended is taken again: call only while nobody else can be at work on it. What an attempt that
   * died had reserved stays spent, as nobody knows what it cost.
   */
  claim(key: RunKey, money: RunMoney, now: Date): Promise<Claim>
  /** Ends a run and settles its money. False when that attempt is not the newest any more or has ended. */
  finish(key: RunKey, attempt: number, result: RunResult): Promise<boolean>
  /** Ends an attempt that shall not count, and settles its money; the run stays open. */
  release(key: RunKey, attempt: number, usd: number): Promise<void>
  /** Most spent and reserved on the UTC day of `now` and in its month until then: by all together, and by any one. */
  mostSpent(now: Date): Promise<Record<'day' | 'month', Record<ExperimentBudgetScope, number>>>
  /** The same of one experiment, or with null of all. */
  spentBy(experimentId: string | null, now: Date): Promise<{ todayUsd: number; monthUsd: number }>
  /** Over an experiment's whole life, reservations of runs under way included, and those reservations alone. */
  money(experimentId: string): Promise<{ spentUsd: number; reservedUsd: number }>
  /** Null once forgotten. */
  sample(sampleId: string): Promise<{ snapshot: Snapshot; wishes: RepositoryConfiguration } | null>
  /** Finished runs of a replay with the labels of their samples, as far as V1 may see them. */
  scored(replay: Replay): Promise<LabelledRun[]>
}

export interface LabelledRun {
  sampleId: string
  state: RunState
  findings: Finding[]
  /** Null: not measured. */
  latencyMs: number | null
  usd: number
  language: string
  changedLines: number
  /** Null once forgotten. */
  snapshot: Snapshot | null
  votes: Vote[]
}

/** A re-evaluation that the gate granted. */
export interface Grant {
  id: string
  configurationId: string
}

export interface Readmissions {
  /** Grants whose experiment has not begun, oldest first. */
  open(): Promise<Grant[]>
  /**
   * Begins the experiment of a grant, with its parent's name, rate and budget and the grant's actor as author: once. False when
   * it had begun.
   */
  begin(grantId: string, canonical: string): Promise<boolean>
}

export interface ArchivedConfigurations {
  /**
   * The canonical JSON that the archive holds for an id, unchecked, at most a megabyte; null when it holds none. Fault
   * archive-unavailable.
   */
  get(configurationId: string): Promise<string | null>
}
