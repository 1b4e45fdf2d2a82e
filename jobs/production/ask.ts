import type { ReviewRequest } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

/**
 * Asks for a review: the row first, then its job. One id per head and occasion, so asking twice is asking once;
 * should the job be lost, sweep.ts makes it again from the row.
 */
export async function askForReview(
  deps: Pick<ProductionDeps, 'requests' | 'reviewQueue' | 'clock'>,
  request: Omit<ReviewRequest, 'id'>,
): Promise<void> {
  const { repositoryId, number, headSha, occasion, label, dueAt } = request
  const id = ['review', repositoryId, number, headSha, occasion, label ?? ''].join('/')
  await deps.requests.put({ ...request, id })
  const delayMs = Math.max(0, dueAt.getTime() - deps.clock.now().getTime())
  await deps.reviewQueue.add({ id, data: { requestId: id } }, { delayMs })
}
