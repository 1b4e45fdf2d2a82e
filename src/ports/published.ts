import type { BudgetPosition } from '../core/gate/budget.ts'
import type { Bundle } from '../core/gate/bundle.ts'
import type { RecomputedFigure } from '../core/gate/recomputed.ts'
import type { Thresholds } from '../core/gate/thresholds.ts'
import type { Verdict } from '../core/gate/decide.ts'
import type { GateEvidence } from '../core/gate/evidence.ts'
import type { ExperimentState } from '../core/experiment.ts'
import type { ReplaySummary } from '../core/replay.ts'
import type { ArchivedRecord } from './archive.ts'
import type { EvidenceCut, GateAction, ReleaseOrder, ReleaseState } from './gate.ts'

/** What the zones publish to an operator: what the command line and the dashboard show. */
export interface PublishedExperiment {
  id: string
  name: string
  parentId: string | null
  author: string
  authorKind: string
  state: ExperimentState
  stateReason: string | null
  rate: number
  budgetUsd: number
  spentUsd: number
  configurationId: string
  configuration: unknown
  createdAt: Date
  endedAt: Date | null
  runs: number
  errorRuns: number
}

export interface RunCount {
  kind: 'live' | 'replay'
  state: string
  errorCode: string | null
  runs: number
}

export interface Metrics {
  pullRequests: number
  labelledHunks: number
  accuracy: number | null
  accuracyLow: number | null
  accuracyHigh: number | null
  muteAccuracy: number | null
  precision: number | null
  recall: number | null
  labelCoverage: number | null
  latencyP50Ms: number | null
  latencyP95Ms: number | null
  usdPerRun: number | null
  errorRate: number | null
  runsPerHour: number | null
  satisfaction: number | null
  falsePositives: number
  falseNegatives: number
  scoredAt: Date
}

export interface PublishedReplay {
  id: string
  samples: number
  finishedRuns: number
  requestedAt: Date
  outcome: string | null
  summary: ReplaySummary | null
}

export interface PublishedVerdict {
  id: string
  experimentId: string
  releaseId: string
  answer: Verdict['answer']
  verdict: Verdict
  overheadMs: number
  cut: EvidenceCut
  thresholds: Thresholds
  evidence: GateEvidence
  decidedAt: Date
}

export interface PublishedSettings {
  thresholds: Thresholds
  promotion: 'automatic' | 'approve'
  overheadMs: number
  /** Null while nobody ever paused it. */
  pause: { paused: boolean; actor: string; reason: string; at: Date } | null
}

export interface PublishedRelease extends ReleaseState {
  /** The one that became full last. */
  inForce: boolean
}

export interface ReleaseStep {
  step: string
  /** Share of pull requests from then on, 0 to 1. */
  share: number
  reason: string
  actor: string
  at: Date
}

export type PublishedOrder = Omit<ReleaseOrder, 'releaseId'>

export interface PublishedRecord extends ArchivedRecord {
  /** Canonical JSON. */
  configuration: string
}

export interface PublishedAction extends GateAction {
  state: 'open' | 'done' | 'refused'
  /** The gate's words; null while it is open. */
  outcome: string | null
  finishedAt: Date | null
  /** What is new since it failed, said by whoever asks for another trial. */
  evidence: string | null
}

/** Production's reviews of the last 24 hours. */
export interface PublishedSlo {
  reviews: number
  /** Null while nothing was reviewed. */
  responseP95Ms: number | null
  /** Share of reviews that ended in an error, 0 to 1. */
  errorRate: number | null
  /** Share of the minutes, since the first there ever was, in which a worker was alive. */
  uptime: number | null
}

/** The gate's word on an experiment as it would be now. */
export interface StandingExperiment {
  experiment: PublishedExperiment
  settings: PublishedSettings
  position: BudgetPosition | null
  verdict: Verdict
  /** What the gate has said, newest first, at most 20. */
  verdicts: readonly PublishedVerdict[]
  /** Why its model cannot meet the latency; null when it can. */
  slowModel: string | null
}

/** A stored verdict beside what its rows come to. */
export interface Explanation {
  verdict: PublishedVerdict
  bundle: Bundle
  /** As the database recomputes them. */
  figures: readonly RecomputedFigure[]
  /** The first path at which the verdict computed anew is not the stored one; null when all agrees. */
  differs: string | null
}

/** Why a re-evaluation was asked for. */
export interface AskedAgain {
  by: string
  reason: string
  /** What is new since it failed, as far as that was said. */
  evidence: string | null
}
