import { startAnalysers } from '../../src/adapters/analysers/host.ts'
import { usageOf } from '../../src/adapters/models/faults.ts'
import { createMemory } from '../../src/adapters/models/memory.ts'
import { archivedConfigurations } from '../../src/adapters/archive/configurations.ts'
import { createModels } from '../../src/adapters/models/models.ts'
import { memoryOptions, modelOptions } from '../../src/adapters/models/options.ts'
import { answerPoolOptions, modelAnswers } from '../../src/adapters/postgres/model-answers.ts'
import { experiments } from '../../src/adapters/postgres/experiments.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { databaseReady } from '../../src/adapters/postgres/ready.ts'
import { readmissions } from '../../src/adapters/postgres/readmissions.ts'
import { runs } from '../../src/adapters/postgres/runs.ts'
import { experimentMetrics } from '../../src/adapters/prometheus/experiment-metrics.ts'
import { serveMetrics } from '../../src/adapters/prometheus/serve.ts'
import { bullQueues } from '../../src/adapters/queue/bull.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { readEnvironment } from '../../src/adapters/system/environment.ts'
import { createLog } from '../../src/adapters/system/log.ts'
import { runProcess } from '../../src/adapters/system/process.ts'
import { repeater } from '../../src/adapters/system/repeat.ts'
import { systemTrace } from '../../src/adapters/system/trace.ts'
import { Fault } from '../../src/core/fault.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { queueNames, type ShadowJob } from '../../src/cycle.ts'
import type { ExperimentsDeps } from './deps.ts'
import { dispatcher } from './dispatch.ts'
import { measure } from './measure.ts'
import { createPace } from './pace.ts'
import { readmitter } from './readmit.ts'
import { dispatchReplays } from './replay.ts'
import { run } from './run.ts'

/** Runs wait for models most of their time, but each one's latency is measured: they must not crowd each other. */
const RUNS_AT_ONCE = 4
/** The dispatcher offers what was given up again. */
const ATTEMPTS = 3
const DISPATCH_EVERY_MS = 2_000
const MEASURE_EVERY_MS = 10_000
const PURGE_EVERY_MS = 3_600_000
const SHUTDOWN_GRACE_MS = 20_000

await runProcess('experiments', async () => {
  const environment = readEnvironment(process.env, 'experiments')
  const { databaseUrl, recoveryMs } = environment
  if (databaseUrl === null)
    throw new Fault('configuration-invalid', 'DATABASE_URL is needed here', { retry: 'never' })
  const keys = [environment.models.openai?.apiKey, environment.models.anthropic?.apiKey]
  const log = createLog({
    level: environment.logLevel,
    name: 'experiments',
    secrets: keys.filter(key => key !== undefined),
  })
  const clock = systemClock
  const { metrics, ...exposition } = experimentMetrics()
  const pool = openPool(databaseUrl, { max: 8, log, applicationName: 'cupel experiments' })
  const answerPool = openPool(databaseUrl, { ...answerPoolOptions, log })
  const queues = bullQueues(
    environment.redisUrl
      ? { backend: 'redis', url: environment.redisUrl, prefix: 'cupel:experiments', log }
      : { backend: 'postgres', url: databaseUrl, schema: 'queue_experiments', log },
    { lockDurationMs: recoveryMs, stalledIntervalMs: recoveryMs / 2, trace: systemTrace },
  )
  const deps: ExperimentsDeps = {
    clock,
    log,
    metrics,
    models: createModels({ ...modelOptions(environment), clock, metrics, log }),
    memoryOf: createMemory({
      ...memoryOptions(environment),
      answers: modelAnswers(answerPool, 'experiments'),
      clock,
      metrics,
      log,
    }),
    usageOf,
    analysers: startAnalysers({ warm: true }),
    experiments: experiments(pool),
    runs: runs(pool),
    readmissions: readmissions(pool),
    archived: archivedConfigurations(environment.archiveUrl),
    queue: queues.queue<ShadowJob>(queueNames.shadow),
    pace: createPace(environment.experiments.requestsPerMinute, clock),
    likeness: matching,
    refused: new Set(),
    dailyUsd: environment.experiments.dailyUsd,
    monthlyUsd: environment.experiments.monthlyUsd,
    eachDailyUsd: environment.experiments.eachDailyUsd,
    eachMonthlyUsd: environment.experiments.eachMonthlyUsd,
    softShare: environment.softShare,
  }
  const consumer = queues.consume<ShadowJob>(
    queueNames.shadow,
    async (job, { signal }) => void (await run(deps, job.data, signal)),
    {
      concurrency: RUNS_AT_ONCE,
      attempts: ATTEMPTS,
      onGivenUp: async (job, error) => log.warn({ ...job.data, err: error }, 'run put back'),
    },
  )

  const stopping = new AbortController()
  const dispatch = dispatcher(deps)
  const readmit = readmitter(deps)
  const dispatching = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await dispatch.turn()
        await dispatchReplays(deps)
        await readmit.turn()
      } catch (error) {
        log.warn({ err: error }, 'dispatching failed; it is tried again')
      }
      await clock.sleep(DISPATCH_EVERY_MS, stopping.signal).catch(() => {})
    }
  })()
  const repeat = repeater({ log, signal: stopping.signal })
  const timers = [
    repeat(MEASURE_EVERY_MS, 'measuring', () => measure(deps), 'at-once'),
    repeat(PURGE_EVERY_MS, 'the purge of stored answers', () =>
      modelAnswers(pool, 'experiments').purge(
        new Date(clock.now().getTime() - environment.answerDays * 86_400_000),
      ),
    ),
  ]
  const exposed = await serveMetrics(
    exposition,
    { host: environment.host, port: environment.metricsPort },
    databaseReady(pool),
  )
  log.info({ metricsPort: exposed.port, providers: keys.filter(Boolean).length }, 'experimenting')

  return async () => {
    for (const timer of timers) clearInterval(timer)
    stopping.abort()
    await dispatching
    await consumer.close(SHUTDOWN_GRACE_MS)
    await deps.analysers.close()
    await queues.close()
    await exposed.close()
    await Promise.all([pool.end(), answerPool.end()])
  }
})
