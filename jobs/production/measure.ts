import { spentShare } from '../../src/core/cost.ts'
import { budgetScopes, type BudgetScope, type Metrics } from '../../src/ports/metrics.ts'
import type { Queue } from '../../src/ports/queue.ts'
import type { Standing } from '../../src/ports/standing.ts'
import type { ProductionDeps } from './deps.ts'

/** US dollars; without one there is no such limit. */
type Limits = Partial<Record<`${BudgetScope}Usd`, number>>

interface MeasureDeps extends Pick<ProductionDeps, 'clock'> {
  dailyUsd: Limits
  monthlyUsd?: Limits
  queues: { name: string; queue: Pick<Queue<unknown>, 'depth'> }[]
  standing(now: Date): Promise<Standing>
  metrics: Pick<Metrics, 'queue' | 'queueAge' | 'releaseInForce' | 'budget'>
}

/** How V2 stands, for its metrics. What cannot be measured is shown as nothing, never as it was before. */
export async function measure({ metrics, ...deps }: MeasureDeps): Promise<void> {
  await Promise.all(
    deps.queues.map(async ({ name, queue }) => metrics.queue(name, await queue.depth().catch(() => null))),
  )
  const now = await deps.standing(deps.clock.now()).catch((error: unknown) => {
    metrics.queueAge('deliveries', null)
    metrics.queueAge('reviews', null)
    throw error
  })
  metrics.queueAge('deliveries', now.ages.deliveries)
  metrics.queueAge('reviews', now.ages.reviews)
  metrics.releaseInForce(now.release.id, now.release.kind)
  const limits = { day: deps.dailyUsd, month: deps.monthlyUsd ?? {} }
  for (const period of ['day', 'month'] as const) {
    for (const scope of budgetScopes) {
      const most = limits[period][`${scope}Usd`]
      if (most !== undefined) metrics.budget(scope, period, spentShare(now.mostSpent[period][scope], most))
    }
  }
}
