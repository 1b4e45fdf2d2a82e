import { defaultThresholds, type Thresholds } from '../../core/gate/thresholds.ts'

/** The columns of gate.thresholds that are a Thresholds, as a query names and gets them. */
export const thresholdColumns =
  'accuracy, latency_ms, latency_share, error_rate, margin, level, gamma, measured, few_people, horizon_pull_requests, horizon_days'

export interface ThresholdsRow {
  accuracy: number
  latency_ms: number
  latency_share: number
  error_rate: number
  margin: number
  level: number
  gamma: number
  measured: number
  few_people: boolean
  horizon_pull_requests: number
  horizon_days: number
}

export function thresholdsOf(row: ThresholdsRow): Thresholds {
  return {
    accuracy: row.accuracy,
    latencyMs: row.latency_ms,
    latencyShare: row.latency_share,
    errorRate: row.error_rate,
    margin: row.margin,
    level: row.level,
    gamma: row.gamma,
    measured: row.measured,
    minimum: defaultThresholds.minimum,
    poolRecall: defaultThresholds.poolRecall,
    differing: defaultThresholds.differing,
    fewPeople: row.few_people,
    horizon: { pullRequests: row.horizon_pull_requests, days: row.horizon_days },
  }
}
