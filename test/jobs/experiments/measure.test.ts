import { expect, it } from 'vitest'
import { measure } from '../../../jobs/experiments/measure.ts'
import { experimentMetrics } from '../../../src/adapters/prometheus/experiment-metrics.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { Fault } from '../../../src/core/fault.ts'

const limits = { dailyUsd: 20, monthlyUsd: 200, eachDailyUsd: 10, eachMonthlyUsd: 0 }
const spent = { day: { zone: 5, experiment: 4 }, month: { zone: 190, experiment: 0 } }

it('shows the queue, and of day and month what all experiments and the fullest one have spent', async () => {
  const { metrics, render } = experimentMetrics()
  const shown = async (): Promise<string[]> =>
    (await render()).split('\n').filter(line => /^v1_(queue|budget)/.test(line))
  const deps = { ...limits, clock: systemClock, metrics, runs: { mostSpent: async () => spent } }
  const depth = async () => ({ waiting: 4, delayed: 2, active: 1 })
  await measure({ ...deps, queue: { depth, oldestWaitingMs: async () => 1_500 } })
  expect((await shown()).toSorted()).toEqual([
    'v1_budget_spent_ratio{scope="experiment",period="day"} 0.4',
    'v1_budget_spent_ratio{scope="experiment",period="month"} 1',
    'v1_budget_spent_ratio{scope="zone",period="day"} 0.25',
    'v1_budget_spent_ratio{scope="zone",period="month"} 0.95',
    'v1_queue_age_seconds{queue="shadow"} 1.5',
    'v1_queue_jobs{queue="shadow",state="active"} 1',
    'v1_queue_jobs{queue="shadow",state="delayed"} 2',
    'v1_queue_jobs{queue="shadow",state="waiting"} 4',
  ])

  const down = () => Promise.reject(new Fault('queue-unavailable', 'down', { retry: 'soon' }))
  await measure({ ...deps, queue: { depth: down, oldestWaitingMs: down } })
  expect((await shown()).filter(line => line.startsWith('v1_queue'))).toEqual([])
})
