import { spentShare } from '../../src/core/cost.ts'
import { queueNames } from '../../src/cycle.ts'
import { experimentBudgetScopes } from '../../src/ports/metrics.ts'
import type { ExperimentsDeps } from './deps.ts'

type Limits = 'dailyUsd' | 'monthlyUsd' | 'eachDailyUsd' | 'eachMonthlyUsd'

interface MeasureDeps extends Pick<ExperimentsDeps, 'clock' | Limits> {
  queue: Pick<ExperimentsDeps['queue'], 'depth' | 'oldestWaitingMs'>
  runs: Pick<ExperimentsDeps['runs'], 'mostSpent'>
  metrics: Pick<ExperimentsDeps['metrics'], 'queue' | 'queueAge' | 'budget'>
}

/** How V1 stands, for its metrics. What cannot be measured is shown as nothing, never as it was before. */
export async function measure({ metrics, queue, runs, clock, ...deps }: MeasureDeps): Promise<void> {
  const depth = queue.depth().catch(() => null)
  const oldestMs = queue.oldestWaitingMs().catch(() => null)
  metrics.queue(queueNames.shadow, await depth)
  const age = await oldestMs
  metrics.queueAge(queueNames.shadow, age === null ? null : age / 1_000)
  const spent = await runs.mostSpent(clock.now())
  const limits = {
    day: { zone: deps.dailyUsd, experiment: deps.eachDailyUsd },
    month: { zone: deps.monthlyUsd, experiment: deps.eachMonthlyUsd },
  }
  for (const period of ['day', 'month'] as const)
    for (const scope of experimentBudgetScopes)
      metrics.budget(scope, period, spentShare(spent[period][scope], limits[period][scope]))
}
