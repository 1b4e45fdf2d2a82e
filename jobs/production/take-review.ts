import { asFault, Fault } from '../../src/core/fault.ts'
import type { ReviewRequest } from '../../src/ports/stores.ts'
import { closeFailed } from './close.ts'
import type { ProductionDeps } from './deps.ts'
import { review } from './review.ts'

/** Takes the job of a review request. One pull request is reviewed by one worker at a time; another comes back later. */
export async function takeReview(
  deps: ProductionDeps,
  requestId: string,
  signal: AbortSignal,
): Promise<void> {
  const request = await deps.requests.get(requestId)
  if (request === null) return
  const outcome = await deps.locks.withPullRequest(request.repositoryId, request.number, lost =>
    review(deps, request, AbortSignal.any([lost, signal])),
  )
  if (outcome === 'busy')
    throw new Fault('superseded', 'another review of this pull request is running', { retry: 'soon' })
  await deps.requests.finish(requestId, outcome)
  deps.log.info({ request: requestId, outcome }, 'review request taken')
}

/**
 * The end of a review that cannot be had: a clear record and a check run that clears nothing. A request that
 * never came so far as to have a row gets one, for its check run. The request ends last: what is cut off here, finds
 * another at work on the pull request, or cannot say so because the code host is still away, is swept up and comes again.
 */
export async function giveUpReview(deps: ProductionDeps, requestId: string, error: unknown): Promise<void> {
  const fault = asFault(error)
  const request = await deps.requests.get(requestId)
  deps.log.error({ request: requestId, err: fault }, 'review given up')
  if (request === null) return
  deps.metrics.reviewFinished(0, 'failed')
  const outcome = await deps.locks.withPullRequest(request.repositoryId, request.number, () =>
    closeAll(deps, request, fault).catch((failed: unknown) => {
      if (asFault(failed).retry !== 'never') throw failed
      deps.log.error({ request: requestId, err: failed }, 'the check run of a review that was given up stays')
    }),
  )
  if (outcome !== 'busy') await deps.requests.finish(requestId, `failed: ${fault.code}`)
}

async function closeAll(deps: ProductionDeps, request: ReviewRequest, fault: Fault): Promise<void> {
  const { repositoryId, number, occasion } = request
  let rows = await deps.reviews.unfinished(repositoryId, number, occasion)
  if (rows.length === 0 && request.headSha !== '') {
    const release = await deps.releases.inForce(request)
    const row = await deps.reviews.open(
      { ...request, releaseId: release.id },
      deps.clock.now(),
      request.dueAt,
    )
    rows = row.state === 'done' ? [] : [row]
  }
  for (const row of rows) await closeFailed(deps, request, row, fault)
}
