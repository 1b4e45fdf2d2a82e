import type pg from 'pg'
import { minimumEvidence } from '../../core/minimum-evidence.ts'
import type { GateSettings } from '../../ports/gate.ts'

export async function gateSettings(pool: pg.Pool): Promise<GateSettings> {
  const { rows } = await pool.query<{
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
    promotion: GateSettings['promotion']
    paused: boolean | null
    overhead_ms: number
  }>(
    `select t.accuracy, t.latency_ms, t.latency_share, t.error_rate, t.margin, t.level, t.gamma, t.measured, t.few_people,
       t.horizon_pull_requests, t.horizon_days, t.promotion, doors.overhead_ms() as overhead_ms,
       (select s.paused from gate.switches s order by s.id desc limit 1) as paused
     from gate.thresholds t`,
  )
  const row = rows[0]
  if (!row) throw new Error('gate.thresholds has lost its row')
  return {
    thresholds: {
      accuracy: row.accuracy,
      latencyMs: row.latency_ms,
      latencyShare: row.latency_share,
      errorRate: row.error_rate,
      margin: row.margin,
      level: row.level,
      gamma: row.gamma,
      measured: row.measured,
      minimum: minimumEvidence,
      fewPeople: row.few_people,
      horizon: { pullRequests: row.horizon_pull_requests, days: row.horizon_days },
    },
    promotion: row.promotion,
    paused: row.paused ?? false,
    overheadMs: row.overhead_ms,
  }
}
