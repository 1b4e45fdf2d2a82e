import type { Logger } from 'probot'
import type { ExperimentsDeps } from '../../jobs/experiments/deps.ts'
import { dispatcher } from '../../jobs/experiments/dispatch.ts'
import { createPace } from '../../jobs/experiments/pace.ts'
import { readmitter } from '../../jobs/experiments/readmit.ts'
import { run } from '../../jobs/experiments/run.ts'
import { startAnalysers } from '../../src/adapters/analysers/host.ts'
import { archivedConfigurations } from '../../src/adapters/archive/configurations.ts'
import { usageOf } from '../../src/adapters/models/faults.ts'
import { createModels } from '../../src/adapters/models/models.ts'
import { experiments } from '../../src/adapters/postgres/experiments.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { readmissions } from '../../src/adapters/postgres/readmissions.ts'
import { roleUrl } from '../../src/adapters/postgres/roles.ts'
import { runs } from '../../src/adapters/postgres/runs.ts'
import { experimentMetrics } from '../../src/adapters/prometheus/experiment-metrics.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { matching } from '../../src/core/match/likeness.ts'
import type { ShadowJob } from '../../src/cycle.ts'
import { lane } from './lane.ts'

/** Each one's latency is measured: they must not crowd each other. */
const RUNS_AT_ONCE = 2
const DAILY_USD = 1_000

/** V1 as its process runs it, with its own database role and nothing of GitHub. */
export interface Experimenting {
  /** Begins what was granted, then runs every active experiment on every sample that it has not run on. */
  work(): Promise<void>
  close(): Promise<void>
}

export function startExperiments(options: {
  ownerUrl: string
  openAiUrl: string
  /** V3's API: where re-evaluations find their configuration. */
  archiveUrl: string
  log: Logger
}): Experimenting {
  const { log } = options
  const clock = systemClock
  const { metrics } = experimentMetrics()
  const pool = openPool(roleUrl(options.ownerUrl, 'cupel_experiments'), { max: 8, log })
  const { signal } = new AbortController()
  const running = lane<ShadowJob>(
    RUNS_AT_ONCE,
    job => run(deps, job.data, signal),
    (job, error) => log.error({ ...job.data, err: error }, 'run put back'),
  )
  const deps: ExperimentsDeps = {
    clock,
    log,
    metrics,
    models: createModels({ openai: { apiKey: 'stub-key', baseURL: options.openAiUrl }, clock, metrics }),
    memoryOf: () => undefined,
    usageOf,
    analysers: startAnalysers(),
    experiments: experiments(pool),
    runs: runs(pool),
    readmissions: readmissions(pool),
    archived: archivedConfigurations(options.archiveUrl),
    queue: running.queue,
    pace: createPace(60_000, clock),
    likeness: matching,
    refused: new Set(),
    dailyUsd: DAILY_USD,
    monthlyUsd: 31 * DAILY_USD,
    eachDailyUsd: DAILY_USD,
    eachMonthlyUsd: 31 * DAILY_USD,
    softShare: 1,
  }
  return {
    async work() {
      await readmitter(deps).turn()
      // A new one each time: what it remembers of times would be a day off.
      await dispatcher(deps).turn()
      await running.idle()
    },
    async close() {
      await deps.analysers.close()
      await pool.end()
    },
  }
}
