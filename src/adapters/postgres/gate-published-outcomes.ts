import type pg from 'pg'
import type { PublishedOutcomes } from '../../ports/gate.ts'

/** What production publishes of its reviews, with the rights of cupel_gate. */
export function publishedOutcomes(pool: pg.Pool): PublishedOutcomes {
  return {
    async of(releaseId, since) {
      const { rows } = await pool.query<{
        release_id: string
        posted_at: Date
        response_ms: number | null
        healthy: boolean
        attributable: boolean
      }>(
        `select o.release_id, o.posted_at, o.response_ms, o.healthy, o.attributable from production.published_outcomes o
         where o.release_id = $1 and o.finished_at >= $2 order by o.finished_at, o.review_id`,
        [releaseId, since],
      )
      return rows.map(row => ({
        releaseId: row.release_id,
        at: row.posted_at,
        responseMs: row.response_ms,
        healthy: row.healthy,
        attributable: row.attributable,
      }))
    },
  }
}
