import { queueNames } from '../../src/cycle.ts'
import type { ExperimentsDeps } from './deps.ts'

/** How V1 stands, for its metrics. What cannot be measured is shown as nothing, never as it was before. */
export async function measure(
  deps: Pick<ExperimentsDeps, 'queue' | 'runs' | 'clock' | 'dailyUsd'> & {
    metrics: Pick<ExperimentsDeps['metrics'], 'queue' | 'queueAge' | 'budget'>
  },
): Promise<void> {
  const { metrics, queue, dailyUsd } = deps
  const depth = queue.depth().catch(() => null)
  const oldestMs = queue.oldestWaitingMs().catch(() => null)
  metrics.queue(queueNames.shadow, await depth)
  const age = await oldestMs
  metrics.queueAge(queueNames.shadow, age === null ? null : age / 1_000)
  metrics.budget(dailyUsd > 0 ? (await deps.runs.spentOn(deps.clock.now())) / dailyUsd : 1)
}
