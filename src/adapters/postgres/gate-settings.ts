import type pg from 'pg'
import type { GateSettings } from '../../ports/gate.ts'
import { thresholdColumns, thresholdsOf, type ThresholdsRow } from './thresholds-row.ts'

export async function gateSettings(pool: pg.Pool): Promise<GateSettings> {
  const { rows } = await pool.query<
    ThresholdsRow & {
      promotion: GateSettings['promotion']
      paused: boolean | null
      overhead_ms: number
    }
  >(
    `select ${thresholdColumns}, promotion, doors.overhead_ms() as overhead_ms,
       (select s.paused from gate.switches s order by s.id desc limit 1) as paused
     from gate.thresholds`,
  )
  const row = rows[0]
  if (!row) throw new Error('gate.thresholds has lost its row')
  return {
    thresholds: thresholdsOf(row),
    promotion: row.promotion,
    paused: row.paused ?? false,
    overheadMs: row.overhead_ms,
  }
}
