import type { SignalKind } from '../core/feedback.ts'
import type { QueueDepth } from './queue.ts'
import type { LabelCoverage } from './scoring.ts'

/** What stands in a queue; a figure that could not be had is taken out, never left as it was. */
export interface QueueMetrics {
  queue(name: string, depth: QueueDepth | null): void
  /** Age of the oldest piece of work that is due and not finished; 0 when there is none. */
  queueAge(name: string, seconds: number | null): void
}

/** What the jobs and the web process report; names and buckets are the adapter's. */
export interface Metrics extends QueueMetrics {
  requestStarted(): void
  requestFinished(seconds: number, outcome: 'accepted' | 'duplicate' | 'refused' | 'error'): void
  /** From the event to the check run in progress. */
  reviewBegun(seconds: number): void
  /** A minute of reviews missed an objective. */
  sloViolated(objective: 'minute-response' | 'minute-errors'): void
  reviewFinished(seconds: number, outcome: 'done' | 'skipped' | 'superseded' | 'failed'): void
  step(kind: 'analyser' | 'model', name: string, outcome: string, seconds: number): void
  tokens(model: string, kind: 'input' | 'cached' | 'output', count: number): void
  usd(model: string, amount: number): void
  findings(where: 'inline' | 'summary' | 'left-out', count: number): void
  /** A whole review that an earlier attempt had posted. */
  duplicateAvoided(): void
  /** Findings that an earlier round had posted. */
  duplicateComments(count: number): void
  /** A review of which some step was lost. */
  reviewDegraded(): void
  anchorFailed(count: number): void
  lateFindings(count: number): void
  /** One pull request's first review, by what came of the draw. */
  sampled(outcome: 'taken' | 'not-drawn' | 'opted-out' | 'failed'): void
  /** One signal recorded. */
  feedback(kind: SignalKind): void
  codeHostCall(kind: string, outcome: string, seconds: number): void
  /** The release that reviews, by its id and kind. */
  releaseInForce(id: string, kind: string): void
  /** Of the money of this day or month, the share that is spent or reserved: of whoever has used most of theirs. */
  budget(scope: BudgetScope, period: 'day' | 'month', share: number): void
  /** A model call that was not made. */
  budgetRefused(scope: BudgetScope): void
  /** A question looked up among the stored answers, or an answer that was to be stored. */
  storedAnswer(outcome: StoredAnswerOutcome): void
}

/** hit and miss: looked up; kept; refused: not stored, as it repeats a random word of its prompt. */
export const storedAnswerOutcomes = [
  'hit',
  'miss',
  'lookup-failed',
  'kept',
  'keep-failed',
  'refused',
] as const
export type StoredAnswerOutcome = (typeof storedAnswerOutcomes)[number]

export const budgetScopes = ['zone', 'installation', 'repository', 'author'] as const
export type BudgetScope = (typeof budgetScopes)[number]

export const experimentBudgetScopes = ['zone', 'experiment'] as const
export type ExperimentBudgetScope = (typeof experimentBudgetScopes)[number]

/** What the experiments worker reports. */
export interface ExperimentMetrics
  extends QueueMetrics, Pick<Metrics, 'step' | 'tokens' | 'usd' | 'storedAnswer'> {
  /** `errorCode` of a failed run; `seconds` is null where no time was measured. */
  runFinished(
    kind: 'live' | 'replay',
    state: 'done' | 'degraded' | 'failed',
    errorCode: string | null,
    seconds: number | null,
  ): void
  findings(count: number): void
  /** How many experiments are in each state, and how many active ones wait for a key or money. */
  experiments(byState: Readonly<Record<string, number>>, waiting: number): void
  /** Of the money of this day or month, the share that is spent or reserved: of all experiments, or of whichever has used most of its own. */
  budget(scope: ExperimentBudgetScope, period: 'day' | 'month', share: number): void
}

/** What the gate reports. */
export interface GateMetrics {
  turn(outcome: 'done' | 'busy' | 'failed', seconds: number): void
  /** One look at everything; busy: another gate had it. */
  reconciled(outcome: 'done' | 'busy' | 'failed', seconds: number): void
  /** Samples whose outcomes were written, and those that could not be scored. */
  scored(samples: number, failed: number): void
  /** Final outcomes that figures took up. */
  counted(outcomes: number): void
  coverage(of: LabelCoverage): void
  /** Of each experiment on trial, the share of the way to promotion: 0 to 1. */
  distances(shares: readonly number[]): void
  /** Trials whose samples were not drawn at the rate that was told. */
  samplersOffRate(trials: number): void
  promoted(): void
  quarantined(outcome: 'failed' | 'dangerous' | 'inconclusive' | 'rolled-back'): void
  rolledBack(): void
  /** The release in force broke a promise to users. */
  sloViolated(): void
  /** The audit chain was recomputed to its end or to its first broken row. */
  auditChecked(outcome: 'intact' | 'broken', rows: number, at: Date): void
  archive(of: ArchiveCounts): void
  /** Share of the minutes, 0 to 1, in which no worker of production was alive, by window. */
  downtime(of: readonly { window: string; share: number }[]): void
  /** The moment that the newest backup shows. */
  backedUp(at: Date): void
}

export interface ArchiveCounts {
  /** Quarantine records by outcome. */
  records: Readonly<Record<string, number>>
  /** Of them, those that may be asked to be tried again. */
  eligible: number
  /** Blacklisted configurations and parts. */
  blacklisted: Readonly<Record<string, number>>
  /** Requests for re-evaluation by state. */
  readmissions: Readonly<Record<string, number>>
}
