import { dueForRedelivery, redeliverableMs } from '../../src/core/redelivery.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { AppHook } from '../../src/ports/code-host.ts'
import type { Log } from './deps.ts'

export interface RedeliverDeps {
  hook: AppHook
  /** Those of these X-GitHub-Delivery ids that have a row. */
  arrived(guids: readonly string[]): Promise<Set<string>>
  clock: Clock
  log: Log
}

const mostPerSweep = 200
/** GitHub asks for a second between requests that change something. */
const spacingMs = 1_000

/**
 * One sweep, to be run every ten minutes: asks GitHub for the webhooks that it could not deliver, which it never
 * sends again by itself. A delivery whose row is there needs no asking, even if its answer was lost; one that
 * arrives twice all the same is one row, because the GUID stays.
 */
export async function redeliver(
  deps: RedeliverDeps,
  signal?: AbortSignal,
): Promise<{ failed: number; asked: number }> {
  const now = deps.clock.now()
  const failed = await deps.hook.failedSince(new Date(now.getTime() - redeliverableMs))
  const arrived = await deps.arrived([...new Set(failed.map(attempt => attempt.guid))])
  const missing = failed.filter(attempt => !arrived.has(attempt.guid))
  const due = dueForRedelivery(missing, now).slice(0, mostPerSweep)
  let asked = 0
  for (const attempt of due) {
    if (asked > 0) await deps.clock.sleep(spacingMs, signal)
    if ((await deps.hook.redeliver(attempt.id)) === 'asked') asked += 1
  }
  const outcome = { failed: new Set(missing.map(attempt => attempt.guid)).size, asked }
  if (outcome.failed > 0) deps.log.warn(outcome, 'GitHub could not deliver webhooks; asked for them again')
  return outcome
}
