import type { ReviewKey } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

/** The money of one review: reserved call by call, settled once for what was spent. */
export interface Purse {
  /** False when a daily limit would be passed; the call is then not made. */
  reserve(usd: number): Promise<boolean>
  settle(usd: number): Promise<void>
}

export function openPurse(
  deps: Pick<ProductionDeps, 'budgets' | 'clock' | 'dailyUsd' | 'log'>,
  who: Pick<ReviewKey, 'installationId' | 'repositoryId'> & { author: string },
): Purse {
  const reservations: string[] = []
  return {
    async reserve(usd) {
      const outcome = await deps.budgets.reserve(who, usd, deps.dailyUsd, deps.clock.now())
      if (!outcome.granted) {
        deps.log.warn({ ...who, limit: outcome.limit }, 'daily budget is spent; a model call was not made')
        return false
      }
      reservations.push(outcome.id)
      return true
    },
    async settle(usd) {
      const [first, ...rest] = reservations.splice(0)
      if (first === undefined) return
      await deps.budgets.settle(first, usd)
      for (const id of rest) await deps.budgets.settle(id, 0)
    },
  }
}
