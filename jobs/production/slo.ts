import type { ProductionDeps } from './deps.ts'

/** The objectives of docs/benchmarks.md: what a minute violates is counted and logged; the gate decides what follows. */
const most = { response_p95_ms: 3_000, error_rate: 0.02 } as const

/** A sign of life for this minute, and the figures of those that are over. Meant to be taken several times a minute. */
export async function recordSlo(deps: Pick<ProductionDeps, 'slo' | 'metrics' | 'log'>): Promise<void> {
  await deps.slo.heartbeat()
  for (const minute of await deps.slo.closeMinutes()) {
    const { metric, value } = minute
    if (metric === 'response_within_3s' || value <= most[metric]) continue
    deps.metrics.sloViolated(metric === 'error_rate' ? 'minute-errors' : 'minute-response')
    deps.log.warn({ ...minute }, 'a minute of reviews missed its objective')
  }
}
