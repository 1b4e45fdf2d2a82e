import { asFault } from '../../src/core/fault.ts'
import type { Order, PostedReview } from '../../src/ports/orders.ts'
import type { ProductionDeps } from './deps.ts'

const REVIEWS_AT_ONCE = 50

type WithdrawDeps = Pick<ProductionDeps, 'orders' | 'reader' | 'writer' | 'log'>

export interface Withdrawn {
  reviews: number
  comments: number
}

/**
 * Folds the open comments of a release that was rolled back; they are not deleted, and resolved ones are left alone. Each
 * review is marked when it is done, so that a killed worker's successor goes on behind it. 'not yet' while a review of the
 * release may still post.
 */
export async function withdraw(
  deps: WithdrawDeps,
  order: Order,
  signal: AbortSignal,
): Promise<Withdrawn | 'not yet'> {
  const posted = await deps.orders.toWithdraw(order.releaseId, REVIEWS_AT_ONCE)
  for (const review of posted) {
    signal.throwIfAborted()
    await deps.orders.markWithdrawn(review.id, await minimise(deps, review))
  }
  const { underway, ...sums } = await deps.orders.withdrawn(order.releaseId)
  return posted.length === REVIEWS_AT_ONCE || underway > 0 ? 'not yet' : sums
}

/** How many of a review's comments are folded now, those of an attempt that was cut off among them. */
async function minimise(deps: WithdrawDeps, { ref, marker }: PostedReview): Promise<number> {
  try {
    const { ownThreads } = await deps.reader.pullRequest(ref)
    const own = ownThreads.filter(thread => !thread.resolved && thread.body.includes(`:${marker} `))
    const open = own.filter(thread => !thread.withdrawn)
    if (open.length === 0) return own.length
    const hidden = await deps.writer.minimise(
      ref,
      open.map(thread => thread.commentNodeId),
    )
    return own.length - open.length + hidden
  } catch (error) {
    const fault = asFault(error)
    // The repository is gone or the App was removed: nobody can reach its comments any more.
    if (fault.retry !== 'never') throw fault
    deps.log.error({ ...ref, err: fault }, 'comments of a withdrawn release cannot be reached')
    return 0
  }
}
