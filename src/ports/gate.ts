import type { BudgetPosition } from '../core/gate/budget.ts'
import type { Verdict } from '../core/gate/decide.ts'
import type { GateEvidence } from '../core/gate/evidence.ts'
import type { RunTallies, StoredOutcome } from '../core/gate/outcome.ts'
import type { RecomputedFigure } from '../core/gate/recomputed.ts'
import type { Thresholds } from '../core/gate/thresholds.ts'

/** What a door answered. Refused: it looked and said no, in words; asking again changes nothing until the facts do. */
export type DoorAnswer<T> = { outcome: 'done'; value: T } | { outcome: 'refused'; why: string }

/** One gate acts at a time, however many were started. */
export interface GateLock {
  /** 'busy' when another process holds it. `signal` is aborted when the lock is lost while `work` runs. */
  whileActive<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | 'busy'>
}

// ---- what the gate asks for (gate.thresholds, gate.switches) ----

export interface GateSettings {
  thresholds: Thresholds
  /** approve: a person must have asked for the promotion as well. */
  promotion: 'automatic' | 'approve'
  paused: boolean
  /** Part of V2's response that no run of an experiment has: its present p95, ms. Runs must leave room for it. */
  overheadMs: number
}

// ---- experiments on trial and their evidence ----

export interface GatedExperiment {
  id: string
  name: string
  parentId: string | null
  configurationId: string
  /** Canonical JSON. */
  configuration: string
  parts: readonly string[]
  state: 'active' | 'paused' | 'stopped' | 'promoted' | 'quarantined' | 'inconclusive'
  createdAt: Date
}

/** What of the stored rows a verdict rests on: outcomes up to a sequence, runs up to a time. */
export interface EvidenceCut {
  /** Sequence of the last outcome taken in; '0' for none. A bigint: kept as text. */
  sequence: string
  /** Finish of the newest run taken in, to the microsecond (ISO 8601); null for none. */
  runsTo: string | null
}

export interface GateEvidenceStore {
  /** Every experiment, or those in some states; oldest first. */
  experiments(states?: readonly GatedExperiment['state'][]): Promise<GatedExperiment[]>
  experiment(id: string): Promise<GatedExperiment | null>
  /** Gives an experiment its position in the lifetime's error budget, once; promotions are counted now. */
  openTrial(experimentId: string): Promise<BudgetPosition>
  /** Final live outcomes of the evaluation split after `sequence`, in order, at most `limit`. */
  outcomesAfter(
    experimentId: string,
    sequence: string,
    limit: number,
  ): Promise<(StoredOutcome & { sequence: string; sampleId: string })[]>
  /** All finished live runs up to `to` (null: now), counted against this limit (thresholds.latencyMs less overheadMs). */
  runs(
    experimentId: string,
    latencyMs: number,
    to?: string | null,
  ): Promise<RunTallies & { runsTo: string | null }>
  /** Findings that were judged to be wrong, newest first: what a failure looks like. */
  examples(experimentId: string, limit: number): Promise<{ sampleId: string; finding: unknown }[]>
  /** The evidence last kept for an experiment; null when none was, or for other thresholds. */
  kept(
    experimentId: string,
    thresholds: Thresholds,
  ): Promise<{ sequence: string; evidence: GateEvidence } | null>
}

// ---- verdicts (gate.scores, gate.verdicts) ----

export interface NewVerdict {
  experimentId: string
  /** The release that production's own figures are of. */
  releaseId: string
  verdict: Verdict
  /** Sums of the pull requests up to the cut, without the runs: what `kept` answers next time. */
  evidence: GateEvidence
  thresholds: Thresholds
  overheadMs: number
  cut: EvidenceCut
  decidedAt: Date
}

export interface StoredVerdict extends NewVerdict {
  id: string
}

export interface Verdicts {
  /**
   * Answers the id. Where the newest word has the same answer, other than wait, and rests on the same, its id is answered
   * and nothing is written.
   */
  put(verdict: NewVerdict): Promise<string>
  newest(experimentId: string): Promise<StoredVerdict | null>
  get(id: string): Promise<StoredVerdict | null>
  /** Whether an answer other than wait is what the rows come to at its cut by the thresholds of now, as the database computes it. */
  holds(id: string): Promise<boolean>
  /** Newest words that promote an experiment which is still on trial: the gate was killed before its release, or refused. */
  unreleased(): Promise<StoredVerdict[]>
}

export interface Recomputation {
  /** Figures of an experiment as its cut knew them at that time, breaches too; without one, of all there is now. */
  of(experimentId: string, cut?: EvidenceCut & { at: Date }): Promise<RecomputedFigure[]>
}

// ---- what administrators ask for (gate.actions) ----

export interface GateAction {
  id: string
  kind: 'promote' | 'quarantine' | 'reevaluate' | 'blacklist' | 'rollback'
  /** Experiment, quarantine record or release; null for the release in force. */
  subject: string | null
  reason: string
  actor: string
  source: 'comment' | 'cli' | 'dashboard'
  requestedAt: Date
}

export interface GateActions {
  /** Oldest first. */
  open(): Promise<GateAction[]>
  /** One that was answered keeps its answer. */
  finish(id: string, state: 'done' | 'refused', outcome: string): Promise<void>
}

// ---- releases (production.releases, release_steps, orders) ----

export interface ReleaseState {
  id: string
  kind: 'genesis' | 'genesis-models' | 'promoted'
  configurationId: string
  configuration: string
  verdictId: string | null
  createdAt: Date
  step: 'smoke' | 'canary' | 'full' | 'failed'
  share: number
  reason: string
  /** Since when it is at that step. */
  at: Date
}

export interface ReleaseOrder {
  id: string
  kind: 'smoke' | 'withdraw'
  releaseId: string
  orderedAt: Date
  /** Null while it is open. */
  result: unknown
  finishedAt: Date | null
}

export interface GateReleases {
  /** Every release, oldest first. */
  all(): Promise<ReleaseState[]>
  /** The one that became full last. */
  inForce(): Promise<ReleaseState>
  /** Door `release`: the database recomputes every figure itself. Answers the release's id, the same when asked again. */
  release(verdictId: string): Promise<DoorAnswer<string>>
  /** Door `step_release`; a release that is at that step already is done. */
  step(releaseId: string, step: 'canary' | 'full' | 'failed', reason: string): Promise<DoorAnswer<string>>
  /** Door `place_order`. Answers the order's id; the same when asked again. */
  order(kind: ReleaseOrder['kind'], releaseId: string): Promise<DoorAnswer<string>>
  orders(releaseId: string): Promise<ReleaseOrder[]>
}

/** One review of production, as it is published to the gate. */
export interface PublishedOutcome {
  releaseId: string
  at: Date
  /** From the webhook's receipt to the posted review. */
  responseMs: number | null
  healthy: boolean
  /** Whether latency and health are the release's doing: no provider's circuit was open. */
  attributable: boolean
}

export interface PublishedOutcomes {
  /** Oldest first. */
  of(releaseId: string, since: Date): Promise<PublishedOutcome[]>
}

// ---- quarantine ----

export interface NewRecord {
  /** At least one of the two: a trial that failed, or a release that was rolled back. */
  experimentId: string | null
  releaseId: string | null
  outcome: 'failed' | 'dangerous' | 'inconclusive' | 'rolled-back'
  failureReasons: unknown
  metrics: unknown
  impact: unknown
  /** Null: never. */
  eligibleFrom: Date | null
}

export interface QuarantineRecord extends NewRecord {
  id: string
  configurationId: string
  quarantinedAt: Date
}

export interface Quarantine {
  /** Door `archive`; answers the record's id, that of the one there is when asked again. */
  archive(record: NewRecord): Promise<DoorAnswer<string>>
  /** Door `blacklist`; false when it is listed already. */
  blacklist(entry: {
    fingerprint: string
    kind: 'configuration' | 'part'
    recordId: string | null
    reason: string
    actor: string
  }): Promise<DoorAnswer<boolean>>
  /** Why a configuration or one of its parts is blacklisted; null when it is not. */
  blacklisted(configurationId: string, parts: readonly string[]): Promise<string | null>
  /** Fingerprints of prompts by what they say; known ones stay. Trials with one of these prompts have that part from then on. */
  publishPrompts(prompts: readonly { name: string; fingerprint: string }[]): Promise<void>
  /** Door `readmit`, for an action of kind reevaluate; answers the grant's id. */
  readmit(actionId: string): Promise<DoorAnswer<string>>
  /** Newest first. */
  records(of?: { configurationId: string }): Promise<QuarantineRecord[]>
  record(id: string): Promise<QuarantineRecord | null>
  /** Canonical JSON of a record's configuration. */
  configuration(recordId: string): Promise<string | null>
}
