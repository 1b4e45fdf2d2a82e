import type { RecomputedFigure } from '../../core/gate/recomputed.ts'
import type { Recomputation } from '../../ports/gate.ts'
import type { Db } from './pool.ts'

/** Up to a cut that was made before the first run had ended. */
export const noRuns = '-infinity'

/** Figures as SQL computes them, for the roles cupel_gate and cupel_operator. */
export function recomputation(db: Db): Recomputation {
  return {
    async of(experimentId, cut) {
      const { rows } = await db.query<{
        figure: string
        n: string | null
        value: number | null
        log_for: number | null
        log_against: number | null
        needed: number | null
        holds: boolean | null
      }>(
        `select figure, n, value, log_for, log_against, needed, holds
         from ${cut === undefined ? 'doors.recomputed($1)' : 'doors.recomputed_then($1, $2, $3, $4)'}`,
        cut === undefined ? [experimentId] : [experimentId, cut.sequence, cut.runsTo ?? noRuns, cut.at],
      )
      return rows.map<RecomputedFigure>(row => ({
        figure: row.figure,
        n: row.n === null ? null : Number(row.n),
        value: row.value,
        logFor: row.log_for,
        logAgainst: row.log_against,
        needed: row.needed,
        holds: row.holds ?? false,
      }))
    },
  }
}
