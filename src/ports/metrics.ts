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
  codeHostCall(kind: string, outcome: string, seconds: number): void
}
