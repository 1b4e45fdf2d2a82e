import { createHmac } from 'node:crypto'
import { startAnalysers } from '../../src/adapters/analysers/host.ts'
import { reactionReader } from '../../src/adapters/github/reactions.ts'
import { codeHost } from '../../src/adapters/github/code-host.ts'
import { connectApp } from '../../src/adapters/github/connect.ts'
import { usageOf } from '../../src/adapters/models/faults.ts'
import { createMemory } from '../../src/adapters/models/memory.ts'
import { createModels } from '../../src/adapters/models/models.ts'
import { memoryOptions, modelOptions } from '../../src/adapters/models/options.ts'
import { answerPoolOptions, modelAnswers } from '../../src/adapters/postgres/model-answers.ts'
import { arrivedDeliveries } from '../../src/adapters/postgres/delivery-log.ts'
import { pacer } from '../../src/adapters/postgres/pacer.ts'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { databaseReady } from '../../src/adapters/postgres/ready.ts'
import { standing } from '../../src/adapters/postgres/standing.ts'
import { productionStores } from '../../src/adapters/postgres/production-stores.ts'
import { prometheusMetrics } from '../../src/adapters/prometheus/metrics.ts'
import { serveMetrics } from '../../src/adapters/prometheus/serve.ts'
import { bullQueues } from '../../src/adapters/queue/bull.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { readEnvironment } from '../../src/adapters/system/environment.ts'
import { createLog } from '../../src/adapters/system/log.ts'
import { runProcess } from '../../src/adapters/system/process.ts'
import { repeater } from '../../src/adapters/system/repeat.ts'
import { systemTrace } from '../../src/adapters/system/trace.ts'
import { Fault } from '../../src/core/fault.ts'
import { genesisModelsConfiguration } from '../../src/core/genesis.ts'
import { hasPrompt } from '../../src/engine/prompts.ts'
import { queueNames, type DeliveryJob, type ReviewJob } from '../../src/cycle.ts'
import { administrators } from './administrators.ts'
import { postAnswers } from './answer.ts'
import { deliver } from './deliver.ts'
import type { ProductionDeps } from './deps.ts'
import { takeOrders } from './orders.ts'
import { measure } from './measure.ts'
import { pollReactions } from './poll-reactions.ts'
import { redeliver } from './redeliver.ts'
import { recordSlo } from './slo.ts'
import { sweepRequests } from './sweep.ts'
import { takeDelivery } from './take-delivery.ts'
import { giveUpReview, takeReview } from './take-review.ts'

/** Reviews wait for GitHub and models most of their time; deliveries are short. */
const REVIEWS_AT_ONCE = 16
const DELIVERIES_AT_ONCE = 4
/** About a quarter of an hour of trying, by the queue's back-off. */
const ATTEMPTS = 10
const SHUTDOWN_GRACE_MS = 20_000
const REDELIVER_EVERY_MS = 600_000
const ORDERS_EVERY_MS = 5_000
const ADMINISTRATORS_EVERY_MS = 600_000
/** At most: who shortens the time of recovery also looks for reactions that are due more often. */
const POLL_EVERY_MS = 60_000
/** More often than once a minute, so that no minute is missed. */
const SLO_EVERY_MS = 20_000
const PURGE_EVERY_MS = 3_600_000
const PAYLOAD_DAYS = 7
/** Of the minutes a day is the most that anything looks back: these are for people. */
const SLO_DAYS = 90
const MEASURE_EVERY_MS = 10_000

/** Nobody outside can guess which pull requests are sampled or go to a canary; a new App key draws anew. */
function drawingSecret(privateKey: string): string {
  return createHmac('sha256', privateKey).update('cupel sampling').digest('hex')
}

await runProcess('production', async () => {
  const environment = readEnvironment(process.env, 'production')
  if (environment.app === null || environment.databaseUrl === null)
    throw new Fault('configuration-invalid', 'APP_ID, PRIVATE_KEY and DATABASE_URL are needed here', {
      retry: 'never',
    })
  const { app, databaseUrl, recoveryMs } = environment
  const keys = [environment.models.openai?.apiKey, environment.models.anthropic?.apiKey]
  const log = createLog({
    level: environment.logLevel,
    name: 'production',
    secrets: [app.privateKey, ...keys.filter(key => key !== undefined)],
  })
  const clock = systemClock
  const { metrics, ...exposition } = prometheusMetrics()
  const pool = openPool(databaseUrl, { max: 8, log })
  // A lock holds its connection for as long as the review, or the gate's order, takes.
  const lockPool = openPool(databaseUrl, { max: REVIEWS_AT_ONCE + 1, log, applicationName: 'cupel locks' })
  // Of their own: reviews must not wait for a connection behind answers that cannot be had.
  const answerPool = openPool(databaseUrl, { ...answerPoolOptions, log })
  const queues = bullQueues(
    environment.redisUrl
      ? { backend: 'redis', url: environment.redisUrl, prefix: 'cupel:production', log }
      : { backend: 'postgres', url: databaseUrl, schema: 'queue_production', log },
    { lockDurationMs: recoveryMs, stalledIntervalMs: recoveryMs / 2, trace: systemTrace },
  )
  const connected = await connectApp({ ...app, baseUrl: environment.githubApiUrl, log, clock })
  const { octokitFor, botLogin } = connected
  const calls = { octokitFor, botLogin, pacer: pacer(pool, clock), log, metrics, clock }
  const host = codeHost(calls)
  const models = createModels({ ...modelOptions(environment), clock, metrics, log })

  const secret = drawingSecret(app.privateKey)
  const deps: ProductionDeps = {
    clock,
    log,
    metrics,
    ...host,
    models,
    memoryOf: createMemory({
      ...memoryOptions(environment),
      answers: modelAnswers(answerPool, 'production'),
      clock,
      metrics,
      log,
    }),
    usageOf,
    analysers: startAnalysers({ warm: true }),
    reviewQueue: queues.queue<ReviewJob>(queueNames.reviews),
    administrators: administrators(
      { directory: connected.directory, clock, log },
      environment.administrators,
    ),
    ...productionStores(pool, lockPool, { secret, hasPrompt, log }),
    smokeRetries: new Map(),
    reactions: reactionReader(calls),
    sampling: { secret, rate: environment.sampleRate },
    app,
    webUrl: environment.githubWebUrl,
    dailyUsd: environment.dailyUsd,
    monthlyUsd: environment.monthlyUsd,
    softShare: environment.softShare,
    cheaperModels: environment.cheaperModels,
  }
  const withModels = genesisModelsConfiguration({
    openai: environment.models.openai?.model ?? null,
    anthropic: environment.models.anthropic?.model ?? null,
  })
  if (withModels !== null && (await deps.releases.installGenesisModels(withModels)) === 'installed')
    log.info(
      { routing: withModels.routing.strategy },
      'models are configured: release genesis-models is in force',
    )

  // Reviews wait for nobody's name; a command that comes first finds no administrator and says so.
  void deps.administrators.refresh()
  const handle = connected.receiver((event: Parameters<typeof deliver>[1]) => deliver(deps, event))
  const consumers = [
    queues.consume<DeliveryJob>(
      queueNames.deliveries,
      job => takeDelivery(deps, handle, job.data.deliveryId),
      {
        concurrency: DELIVERIES_AT_ONCE,
        attempts: ATTEMPTS,
        onGivenUp: async (job, error) => {
          log.error({ delivery: job.data.deliveryId, err: error }, 'delivery given up')
          await deps.deliveries.finish(job.data.deliveryId, 'failed', `given up: ${String(error)}`)
        },
      },
    ),
    queues.consume<ReviewJob>(
      queueNames.reviews,
      (job, { signal }) => takeReview(deps, job.data.requestId, signal),
      {
        concurrency: REVIEWS_AT_ONCE,
        attempts: ATTEMPTS,
        onGivenUp: (job, error) => giveUpReview(deps, job.data.requestId, error),
      },
    ),
  ]

  const stopping = new AbortController()
  const repeat = repeater({ log, signal: stopping.signal })
  const measured = [
    { name: queueNames.deliveries, queue: queues.queue<DeliveryJob>(queueNames.deliveries) },
    { name: queueNames.reviews, queue: deps.reviewQueue },
  ]
  const timers = [
    repeat(recoveryMs, 'the sweep of review requests', () => sweepRequests(deps, 2 * recoveryMs)),
    repeat(REDELIVER_EVERY_MS, 'asking GitHub for lost webhooks', () =>
      redeliver(
        { hook: connected.hook, arrived: ids => arrivedDeliveries(pool, ids), clock, log },
        stopping.signal,
      ),
    ),
    repeat(Math.min(POLL_EVERY_MS, 2 * recoveryMs), 'looking at reactions', () =>
      pollReactions(deps, stopping.signal),
    ),
    repeat(Math.min(ORDERS_EVERY_MS, recoveryMs), 'carrying out the gate’s orders', () =>
      takeOrders(deps, stopping.signal),
    ),
    repeat(Math.min(ORDERS_EVERY_MS, recoveryMs), 'posting the gate’s answers', () =>
      postAnswers(deps, stopping.signal),
    ),
    repeat(ADMINISTRATORS_EVERY_MS, 'looking administrators up', () => deps.administrators.refresh()),
    repeat(SLO_EVERY_MS, 'recording objectives', () => recordSlo(deps)),
    repeat(
      MEASURE_EVERY_MS,
      'measuring',
      () => measure({ ...deps, queues: measured, standing: now => standing(pool, now) }),
      'at-once',
    ),
    repeat(PURGE_EVERY_MS, 'the purge of payloads', () => deps.deliveries.purgePayloads(PAYLOAD_DAYS)),
    repeat(PURGE_EVERY_MS, 'the purge of stored answers', () =>
      modelAnswers(pool, 'production').purge(
        new Date(clock.now().getTime() - environment.answerDays * 86_400_000),
      ),
    ),
    repeat(PURGE_EVERY_MS, 'the purge of minutes', () => deps.slo.purge(SLO_DAYS)),
    repeat(PURGE_EVERY_MS, 'the purge of samples', () =>
      deps.samples.forget(new Date(clock.now().getTime() - environment.sampleDays * 86_400_000)),
    ),
  ]
  const exposed = await serveMetrics(
    exposition,
    { host: environment.host, port: environment.metricsPort },
    databaseReady(pool),
  )
  log.info({ as: botLogin, metricsPort: exposed.port }, 'reviewing')

  return async () => {
    for (const timer of timers) clearInterval(timer)
    stopping.abort()
    await Promise.all(consumers.map(consumer => consumer.close(SHUTDOWN_GRACE_MS)))
    await deps.analysers.close()
    await queues.close()
    await exposed.close()
    await Promise.all([pool.end(), lockPool.end(), answerPool.end()])
  }
})
