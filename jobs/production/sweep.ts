import type { ProductionDeps } from './deps.ts'

/** A review that should have begun so long ago may have lost its job; one that is waiting or running keeps it. */
const LOST_AFTER_MS = 60_000
const MOST_AT_ONCE = 200

/** Makes the jobs of review requests that have none, such as after a queue lost its memory. Answers how many it looked at. */
export async function sweepRequests(deps: Pick<ProductionDeps, 'requests' | 'reviewQueue'>): Promise<number> {
  const ids = await deps.requests.unfinished(LOST_AFTER_MS, MOST_AT_ONCE)
  await deps.reviewQueue.addMany(ids.map(id => ({ id, data: { requestId: id } })))
  return ids.length
}
