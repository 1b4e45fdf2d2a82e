import type { Vote } from '../core/label.ts'
import type { Finding } from '../core/review/finding.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import type { Counts } from '../core/score/hunks.ts'
import type { Figures } from '../core/score/figures.ts'
import type { Outcome, Sums } from '../core/score/sums.ts'

export interface ScorableRun {
  experimentId: string
  kind: 'live' | 'replay'
  /** No result, or a degraded one. */
  failed: boolean
  findings: Finding[]
  /** Null: not measured. */
  latencyMs: number | null
  usd: number
}

/** Everything the outcomes of one sample follow from. */
export interface ScorableSample {
  id: string
  takenAt: Date
  endedAt: Date | null
  split: 'training' | 'evaluation'
  language: string
  changedLines: number
  /** Null once forgotten: its outcomes stay as they are. */
  snapshot: Snapshot | null
  /** Indices of the hunks drawn for the audit. */
  drawn: number[]
  /** What a change of the sample raises; null when nothing changed since its outcomes were written. */
  mark: string | null
  /** Newest version of each signal, withdrawn ones left out. */
  votes: Vote[]
  /** Id of the newest label looked at; 0 for none. */
  labelsSeen: number
  baseline: { findings: Finding[]; failed: boolean; latencyMs: number; usd: number }
  /** Finished runs without a final outcome. */
  runs: ScorableRun[]
}

export interface NewOutcome {
  run: Pick<ScorableRun, 'experimentId' | 'kind' | 'failed' | 'latencyMs' | 'usd'>
  counts: Counts
  baseline: Counts
}

/** When the labels of a sample are final, as far as is known now, and whether that is over. */
export interface SampleEnd {
  at: Date
  reached: boolean
}

export interface Scoring {
  /** Samples with a changed label, run or end since their outcomes were written; oldest change first. */
  changed(limit: number): Promise<string[]>
  /** Samples whose labels are final by `now` and whose outcomes are not yet, in the order of their ends. */
  ended(now: Date, limit: number): Promise<string[]>
  /** Labels recorded after `asOf` are left out, so that a late scorer comes to the same figures; null: none are. */
  load(sampleId: string, asOf: Date | null): Promise<ScorableSample | null>
  /** Writes all outcomes of a sample in one transaction; once its end is reached they are frozen and get their sequence. */
  save(sample: ScorableSample, outcomes: readonly NewOutcome[], end: SampleEnd): Promise<void>
  /** Experiments with final outcomes that their tally does not hold yet. */
  behind(): Promise<{ experimentId: string; kind: 'live' | 'replay' }[]>
  /**
   * Adds the outcomes that are new to an experiment's tally, in order, each once, and writes its metrics. Two that
   * do it at once take turns.
   */
  advance(
    of: { experimentId: string; kind: 'live' | 'replay' },
    add: (sums: Sums, outcome: Outcome) => Sums,
    figures: (sums: Sums) => Figures,
  ): Promise<{ added: number }>
}

export interface AuditDraws {
  /** Those of these days (YYYY-MM-DD) that are not set. */
  unset(days: readonly string[]): Promise<string[]>
  /** Sets a day's probability unless it is set; answers whether it was not. */
  setDay(day: string, draw: { probability: number; budget: number; seed: string }): Promise<boolean>
  /** Hunks of the samples taken in the last `days` days, at most 8 of each, and the days since the first of them. */
  recent(days: number): Promise<{ hunks: number; days: number }>
}

/** How much of what the figures of all live trials rest on was judged by anybody. */
export interface LabelCoverage {
  hunks: number
  labelledHunks: number
  findings: number
  judgedFindings: number
}
