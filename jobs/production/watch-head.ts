import { Fault } from '../../src/core/fault.ts'
import type { ProductionDeps } from './deps.ts'

const LOOK_EVERY_MS = 1_000

/**
 * Aborts with Fault 'superseded' when a later event named another head for this pull request: what is being
 * reviewed would be out of date when posted. A look that fails is no reason to stop.
 */
export function watchHead(
  deps: Pick<ProductionDeps, 'pullRequests' | 'clock'>,
  job: { repositoryId: number; number: number; headSha: string },
): { signal: AbortSignal; stop: () => void } {
  const superseded = new AbortController()
  const ended = new AbortController()
  const look = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await deps.clock.sleep(LOOK_EVERY_MS, ended.signal)
      const state = await deps.pullRequests.get(job.repositoryId, job.number).catch(() => null)
      if (state !== null && (state.headSha !== job.headSha || !state.open)) {
        const what = state.open
          ? `head ${state.headSha} took the place of ${job.headSha}`
          : 'pull request was closed'
        superseded.abort(new Fault('superseded', what, { retry: 'never' }))
        return
      }
    }
  }
  look().catch(() => {}) // only the sleep can end it, by stop()
  return { signal: superseded.signal, stop: () => ended.abort() }
}
