import type { CostBy, CostRow } from '../core/cost.ts'
import type { GateAction } from './gate.ts'
import type {
  Explanation,
  PublishedAction,
  PublishedExperiment,
  PublishedOrder,
  PublishedRecord,
  PublishedRelease,
  PublishedSettings,
  PublishedSlo,
  PublishedVerdict,
  ReleaseStep,
  RunCount,
  StandingExperiment,
} from './published.ts'

export interface AuditEntry {
  sequence: number
  hash: string
  /** JSON as it was written and hashed. */
  event: string
}

/** The whole cycle as it is published to an operator. Nothing here changes anything. */
export interface Cycle {
  settings(): Promise<PublishedSettings>
  slo(): Promise<PublishedSlo>
  /** Oldest first. */
  experiments(): Promise<PublishedExperiment[]>
  /** Null: there is none of that id. */
  standing(experimentId: string): Promise<StandingExperiment | null>
  runCounts(experimentId: string): Promise<RunCount[]>
  /** The gate's newest word on each experiment, newest first. */
  lastWords(): Promise<PublishedVerdict[]>
  explanation(verdictId: string): Promise<Explanation | null>
  /** Oldest first. */
  releases(): Promise<PublishedRelease[]>
  releaseSteps(releaseId: string): Promise<ReleaseStep[]>
  releaseOrders(releaseId: string): Promise<PublishedOrder[]>
  /** Newest first. */
  records(): Promise<PublishedRecord[]>
  record(id: string): Promise<PublishedRecord | null>
  actions(limit: number): Promise<PublishedAction[]>
  action(id: string): Promise<PublishedAction | null>
  audit(limit: number, before: number | null): Promise<AuditEntry[]>
  /** Days (UTC) as `2026-11-24`, both included. */
  costs(by: CostBy, span: { from: string; to: string }): Promise<CostRow[]>
}

/** What the dashboard may do beside showing; only doors. */
export interface Hand {
  /** Asking twice under one id is asking once. Refused: the words of the door. */
  ask(action: Omit<GateAction, 'requestedAt' | 'source'>): Promise<{ refused: string | null }>
  /** False: this sign-in link was followed before. */
  useSignIn(link: { nonce: string; login: string; expiresAt: Date }): Promise<boolean>
}
