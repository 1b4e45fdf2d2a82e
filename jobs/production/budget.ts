import type { Metrics } from '../../src/ports/metrics.ts'
import type { Models } from '../../src/ports/model.ts'
import type { Spender } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

/** The money of one review: reserved call by call, counted as it is spent, settled once. */
export interface Purse {
  /** The models, with what each call costs counted. */
  models: Models
  /** False when a limit would be passed; the call is then not made. */
  reserve(usd: number): Promise<boolean>
  /** Whether so much of a limit is used that only what is cheap is to be asked. */
  isScarce(): Promise<boolean>
  settle(): Promise<void>
}

export function openPurse(
  deps: Pick<
    ProductionDeps,
    'models' | 'usageOf' | 'budgets' | 'clock' | 'dailyUsd' | 'monthlyUsd' | 'softShare' | 'log'
  > & {
    metrics: Pick<Metrics, 'budgetRefused'>
  },
  who: Spender,
): Purse {
  const reservations: string[] = []
  let spentUsd = 0
  const limits = { ...deps.dailyUsd, monthly: deps.monthlyUsd }
  const reserve = async (usd: number): Promise<boolean> => {
    const outcome = await deps.budgets.reserve(who, usd, limits, deps.clock.now())
    if (outcome.granted) reservations.push(outcome.id)
    else {
      deps.metrics.budgetRefused(outcome.limit)
      deps.log.warn({ ...who, usd, limit: outcome.limit, period: outcome.period }, 'not within the budget')
    }
    return outcome.granted
  }
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
    reserve: together(reserve),
    isScarce: async () => (await deps.budgets.used(who, limits, deps.clock.now())) >= deps.softShare,
    async settle() {
      const [first, ...rest] = reservations.splice(0)
      if (first === undefined) return
      await deps.budgets.settle(first, spentUsd)
      for (const id of rest) await deps.budgets.settle(id, 0)
    },
  }
}

/**
 * Calls of one moment reserve as one: each by itself would wait for the rows that the others have locked. When that
 * is too much together, one by one.
 */
function together(reserve: (usd: number) => Promise<boolean>): (usd: number) => Promise<boolean> {
  let waiting: { usd: number; answer: PromiseWithResolvers<boolean> }[] = []
  const flush = async (): Promise<void> => {
    const calls = waiting
    waiting = []
    try {
      const sum = calls.reduce((usd, call) => usd + call.usd, 0)
      const all = calls.length > 1 && (await reserve(sum))
      for (const { usd, answer } of calls) answer.resolve(all || (await reserve(usd)))
    } catch (error) {
      for (const { answer } of calls) answer.reject(error)
    }
  }
  return usd => {
    const answer = Promise.withResolvers<boolean>()
    if (waiting.push({ usd, answer }) === 1) setImmediate(() => void flush())
    return answer.promise
  }
}
