import { decideAll } from './decide.ts'
import { takeActions } from './actions.ts'
import type { GateDeps } from './deps.ts'
import { promote } from './promote.ts'
import { quarantineFailed } from './quarantine.ts'
import { retireFailed } from './roll-back.ts'
import { rollOut } from './rollout.ts'

/**
 * One look at everything: what administrators asked for, every experiment's verdict, what follows from it, and the watch
 * over releases. Each step goes on from what is stored, so a gate that was killed between two of them continues there, and
 * two gates act as one: whoever has the lock. A paused gate decides nothing and still watches.
 */
export async function reconcile(deps: GateDeps, signal: AbortSignal): Promise<'done' | 'busy'> {
  return deps.lock.whileActive(async lost => {
    const settings = await deps.settings()
    await takeActions(deps, settings)
    if (!settings.paused) {
      await decideAll(deps, settings, AbortSignal.any([signal, lost]))
      lost.throwIfAborted()
      await promote(deps)
      await quarantineFailed(deps)
    }
    lost.throwIfAborted()
    await rollOut(deps)
    await retireFailed(deps)
    return 'done' as const
  })
}
