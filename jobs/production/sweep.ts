import type { ProductionDeps } from './deps.ts'

const MOST_AT_ONCE = 200

/**
 * Makes the jobs of review requests that have none, such as after a queue lost its memory: a review that should have
 * begun more than `lostAfterMs` ago may have lost its job; one that is waiting or running keeps it. Answers how many
 * it looked at.
 */
export async function sweepRequests(
  deps: Pick<ProductionDeps, 'requests' | 'reviewQueue'>,
  lostAfterMs: number,
): Promise<number> {
  const ids = await deps.requests.unfinished(lostAfterMs, MOST_AT_ONCE)
  await deps.reviewQueue.addMany(ids.map(id => ({ id, data: { requestId: id } })))
  return ids.length
}
