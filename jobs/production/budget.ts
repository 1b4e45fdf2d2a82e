import type { Models } from '../../src/ports/model.ts'
import type { ReviewKey } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

/** The money of one review: reserved call by call, counted as it is spent, settled once. */
export interface Purse {
  /** The models, with what each call costs counted. */
  models: Models
  /** False when a daily limit would be passed; the call is then not made. */
  reserve(usd: number): Promise<boolean>
  settle(): Promise<void>
}

export function openPurse(
  deps: Pick<ProductionDeps, 'models' | 'usageOf' | 'budgets' | 'clock' | 'dailyUsd' | 'log'>,
  who: Pick<ReviewKey, 'installationId' | 'repositoryId'> & { author: string },
): Purse {
  const reservations: string[] = []
  let spentUsd = 0
  return {
    models: {
      has: provider => deps.models.has(provider),
      async ask(choice, request, limits) {
        try {
          const answer = await deps.models.ask(choice, request, limits)
          spentUsd += answer.usage.usd ?? 0
          return answer
        } catch (error) {
          spentUsd += deps.usageOf(error)?.usd ?? 0
          throw error
        }
      },
    },
    async reserve(usd) {
      const outcome = await deps.budgets.reserve(who, usd, deps.dailyUsd, deps.clock.now())
      if (!outcome.granted) {
        deps.log.warn({ ...who, limit: outcome.limit }, 'daily budget is spent; a model call was not made')
        return false
      }
      reservations.push(outcome.id)
      return true
    },
    async settle() {
      const [first, ...rest] = reservations.splice(0)
      if (first === undefined) return
      await deps.budgets.settle(first, spentUsd)
      for (const id of rest) await deps.budgets.settle(id, 0)
    },
  }
}
