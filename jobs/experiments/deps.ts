import type { ShadowJob } from '../../src/cycle.ts'
import type { Provider } from '../../src/core/configuration.ts'
import type { Likeness } from '../../src/core/label.ts'
import type { Analysers } from '../../src/ports/analyser.ts'
import type { MemoryOf } from '../../src/ports/model-answers.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { ArchivedConfigurations, Experiments, Readmissions, Runs } from '../../src/ports/experiments.ts'
import type { ExperimentMetrics } from '../../src/ports/metrics.ts'
import type { Models, ModelUsage } from '../../src/ports/model.ts'
import type { Queue } from '../../src/ports/queue.ts'
import type { Pace } from './pace.ts'

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What the experiments worker's steps may reach: ports only, and nothing of GitHub. main.ts wires them. */
export interface ExperimentsDeps {
  clock: Clock
  log: Log
  metrics: ExperimentMetrics
  models: Models
  /** By sample. */
  memoryOf: MemoryOf
  /** What a failed model call cost all the same, if the models' adapter knows. */
  usageOf(fault: unknown): ModelUsage | undefined
  analysers: Analysers
  experiments: Experiments
  runs: Runs
  readmissions: Readmissions
  archived: ArchivedConfigurations
  queue: Queue<ShadowJob>
  pace: Pace
  likeness: Likeness
  /** Providers that refused our key; asked again after a restart, as keys change with one. */
  refused: Set<Provider>
  /** US dollars a day (UTC) for all experiments together. */
  dailyUsd: number
  monthlyUsd: number
  /** The same for each of them. */
  eachDailyUsd: number
  eachMonthlyUsd: number
  /** Share of these limits from which on replays wait. */
  softShare: number
}
