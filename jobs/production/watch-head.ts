import { Fault } from '../../src/core/fault.ts'
import type { ProductionDeps } from './deps.ts'

const LOOK_EVERY_MS = 1_000

/**
 * Aborts with Fault 'superseded' when an event closes the pull request or names a head that is neither the one
 * under review nor the one that was known when it began (the events may lag behind the code host): what is being
 * reviewed would be out of date when posted. A look that fails is no reason to stop.
 */
export function watchHead(
  deps: Pick<ProductionDeps, 'pullRequests' | 'clock'>,
  review: { repositoryId: number; number: number; headSha: string; knownHeadSha: string | undefined },
): { signal: AbortSignal; stop: () => void } {
  const superseded = new AbortController()
  const ended = new AbortController()
  const current = new Set([review.headSha, review.knownHeadSha])
  const look = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await deps.clock.sleep(LOOK_EVERY_MS, ended.signal)
      const state = await deps.pullRequests.get(review.repositoryId, review.number).catch(() => null)
      if (state !== null && (!current.has(state.headSha) || !state.open)) {
        const what = state.open
          ? `head ${state.headSha} took the place of ${review.headSha}`
          : 'the pull request was closed'
        superseded.abort(new Fault('superseded', what, { retry: 'never' }))
        return
      }
    }
  }
  look().catch(() => {}) // only the sleep can end it, by stop()
  return { signal: superseded.signal, stop: () => ended.abort() }
}
