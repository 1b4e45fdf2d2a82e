import { asFault } from '../../src/core/fault.ts'
import type { GateSettings } from '../../src/ports/gate.ts'
import { takeActions } from './actions.ts'
import { decideAll } from './decide.ts'
import type { ReconcileDeps } from './deps.ts'
import { promote } from './promote.ts'
import { publishPrompts } from './publish-prompts.ts'
import { quarantineFailed } from './quarantine.ts'
import { retireFailed } from './roll-back.ts'
import { rollOut } from './rollout.ts'

/**
 * One look at everything: the watch over releases, what administrators asked for, every experiment's verdict and what follows
 * from it. Each step goes on from what is stored, so a gate that was killed between two of them continues there, and two
 * gates act as one: whoever has the lock. A paused gate decides nothing and still watches. A step that fails keeps no other
 * from its work; the first failure is thrown in the end.
 */
export async function reconcile(deps: ReconcileDeps, signal: AbortSignal): Promise<'done' | 'busy'> {
  return deps.lock.whileActive(async lost => {
    const ending = AbortSignal.any([signal, lost])
    const failures: unknown[] = []
    const step: Step = async (name, work) => {
      lost.throwIfAborted()
      if (signal.aborted) return null
      try {
        return await work()
      } catch (error) {
        // Nothing else will do better while the database does not answer.
        if (asFault(error).code === 'database-unavailable') throw error
        failures.push(error)
        deps.log.error({ err: error, step: name }, 'a step of the gate failed; it is tried again')
        return null
      }
    }
    // First, as people wait for it.
    await step('rollout', () => rollOut(deps))
    await step('retire', () => retireFailed(deps))
    const settings = await step('settings', () => deps.settings())
    if (settings !== null) await decideWith(deps, settings, step, ending)
    if (failures.length > 0) throw failures[0]
    return 'done' as const
  })
}

/** Null when it failed, or was not begun as the process is to stop. */
type Step = <T>(name: string, work: () => Promise<T>) => Promise<T | null>

async function decideWith(
  deps: ReconcileDeps,
  settings: GateSettings,
  step: Step,
  signal: AbortSignal,
): Promise<void> {
  await step('prompts', () => publishPrompts(deps))
  await step('actions', () => takeActions(deps, settings))
  if (settings.paused) return
  await step('decide', () => decideAll(deps, settings, signal))
  await step('promote', () => promote(deps))
  await step('quarantine', () => quarantineFailed(deps))
}
