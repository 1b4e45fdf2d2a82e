import type { PublishedSlo } from '../../ports/published.ts'
import type { Db } from './pool.ts'

/** Production's promises over the last 24 hours; with the rights of cupel_operator. */
export async function publishedSlo(db: Db): Promise<PublishedSlo> {
  const { rows } = await db.query<PublishedSlo>(
    `select reviews::integer, response_p95_ms as "responseP95Ms", error_rate as "errorRate", uptime
     from production.published_slo`,
  )
  return rows[0] ?? { reviews: 0, responseP95Ms: null, errorRate: null, uptime: null }
}
