/** What is promised to users, and when somebody hears that it is not kept: k8s/monitoring/rules.yaml is held to this. */
export interface Objective {
  alert: string
  /** The start of its recorded ratios' names. */
  ratio: string
  /** Share that may be bad. */
  allowed: number
  /** Reviews without which a page says nothing. */
  least?: number
  /** Counters per step by series, for so many bad of so many. */
  series: Record<string, (bad: number, all: number) => number>
}

export const objectives: Objective[] = [
  {
    alert: 'CupelReviewsSlow',
    ratio: 'cupel:reviews_slow',
    allowed: 1 - 0.95,
    least: 5,
    series: {
      'v2_requests_total{kind="review", outcome="done"}': (_, all) => all,
      'v2_request_duration_seconds_count{outcome="done"}': (_, all) => all,
      'v2_request_duration_seconds_bucket{outcome="done", le="3"}': (bad, all) => all - bad,
    },
  },
  {
    alert: 'CupelReviewsFailing',
    ratio: 'cupel:reviews_failed',
    allowed: 1 - 0.98,
    least: 5,
    series: {
      'v2_requests_total{kind="review", outcome="done"}': (bad, all) => all - bad,
      'v2_requests_total{kind="review", outcome="failed"}': bad => bad,
    },
  },
  {
    alert: 'CupelWebhooksLate',
    ratio: 'cupel:webhooks_late',
    allowed: 1 - 0.99,
    series: {
      'v2_requests_total{kind="webhook", outcome="accepted"}': (_, all) => all,
      'v2_slo_violations_total{objective="intake"}': bad => bad,
    },
  },
]

export interface Pair {
  /** How many times as fast as allowed. */
  factor: number
  long: string
  short: string
  severity: 'page' | 'ticket'
}

export const pairs: Pair[] = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'page' },
  { factor: 6, long: '6h', short: '30m', severity: 'page' },
  { factor: 1, long: '3d', short: '6h', severity: 'ticket' },
]

const units = { m: 1, h: 60, d: 1440 } as const

export function minutes(window: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(window) ?? []
  return Number(count) * units[unit as keyof typeof units]
}
