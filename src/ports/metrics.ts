import type { SignalKind } from '../core/feedback.ts'
import type { LabelCoverage } from './scoring.ts'

/** What the jobs and the web process report; names and buckets are the adapter's. */
export interface Metrics {
  requestStarted(): void
  requestFinished(seconds: number, outcome: 'accepted' | 'duplicate' | 'refused' | 'error'): void
  reviewFinished(seconds: number, outcome: 'done' | 'skipped' | 'superseded' | 'failed'): void
  step(kind: 'analyser' | 'model', name: string, outcome: string, seconds: number): void
  tokens(model: string, kind: 'input' | 'cached' | 'output', count: number): void
  usd(model: string, amount: number): void
  findings(where: 'inline' | 'summary' | 'left-out', count: number): void
  duplicateAvoided(): void
  anchorFailed(count: number): void
  lateFindings(count: number): void
  /** One pull request's first review, by what came of the draw. */
  sampled(outcome: 'taken' | 'not-drawn' | 'opted-out' | 'failed'): void
  /** One signal recorded. */
  feedback(kind: SignalKind): void
  codeHostCall(kind: string, outcome: string, seconds: number): void
}

/** What the experiments worker reports. */
export interface ExperimentMetrics extends Pick<Metrics, 'step' | 'tokens' | 'usd'> {
  /** `errorCode` of a failed run. */
  runFinished(
    kind: 'live' | 'replay',
    state: 'done' | 'degraded' | 'failed',
    errorCode: string | null,
    seconds: number,
  ): void
  findings(count: number): void
  /** How many experiments are in each state, and how many active ones wait for a key or money. */
  experiments(byState: Readonly<Record<string, number>>, waiting: number): void
}

/** What the gate reports. */
export interface GateMetrics {
  turn(outcome: 'done' | 'busy' | 'failed', seconds: number): void
  /** Samples whose outcomes were written, and those that could not be scored. */
  scored(samples: number, failed: number): void
  /** Final outcomes that figures took up. */
  counted(outcomes: number): void
  coverage(of: LabelCoverage): void
}
