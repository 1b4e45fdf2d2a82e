import type { PublishedOrder, PublishedRelease, ReleaseStep } from '../../ports/published.ts'
import type { Db } from './pool.ts'

/** Every release, oldest first; with the rights of cupel_operator. */
export async function publishedReleases(db: Db): Promise<PublishedRelease[]> {
  const { rows } = await db.query<PublishedRelease>(
    `select id, kind, configuration_id as "configurationId", configuration, verdict_id as "verdictId",
       created_at as "createdAt", step, share, reason, at, in_force as "inForce"
     from production.published_releases order by created_at, id`,
  )
  return rows
}

/** Oldest first. */
export async function releaseSteps(db: Db, releaseId: string): Promise<ReleaseStep[]> {
  const { rows } = await db.query<ReleaseStep>(
    'select step, share, reason, actor, at from production.published_release_steps where release_id = $1 order by id',
    [releaseId],
  )
  return rows
}

/** What the production worker was asked to do for it, oldest first. */
export async function releaseOrders(db: Db, releaseId: string): Promise<PublishedOrder[]> {
  const { rows } = await db.query<PublishedOrder>(
    `select id, kind, ordered_at as "orderedAt", result, finished_at as "finishedAt" from production.published_orders
     where release_id = $1 order by ordered_at, id`,
    [releaseId],
  )
  return rows
}
