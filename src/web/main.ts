import { bullQueues } from '../adapters/queue/bull.ts'
import { deliveryIntake } from '../adapters/postgres/delivery-intake.ts'
import { openPool } from '../adapters/postgres/pool.ts'
import { databaseReady } from '../adapters/postgres/ready.ts'
import { prometheusMetrics } from '../adapters/prometheus/metrics.ts'
import { readEnvironment } from '../adapters/system/environment.ts'
import { listen } from '../adapters/system/listen.ts'
import { createLog } from '../adapters/system/log.ts'
import { runProcess } from '../adapters/system/process.ts'
import { systemTrace } from '../adapters/system/trace.ts'
import { Fault } from '../core/fault.ts'
import { queueNames, type DeliveryJob } from '../cycle.ts'
import { createIntake } from './intake.ts'
import { createWebServer } from './server.ts'

/** Parts of the recovery time: how often rows without a job are looked for, and how old they are then. */
const SWEEP_EVERY = 1 / 3
const SWEEP_OLDER_THAN = 1 / 6
const SHUTDOWN_GRACE_MS = 10_000
/** GitHub gives up after 10 s, so a query that takes longer serves nobody. */
const QUERY_TIMEOUT_MS = 7_000

await runProcess('web', async () => {
  const environment = readEnvironment(process.env, 'web')
  const { databaseUrl } = environment
  if (databaseUrl === null) {
    throw new Fault('configuration-invalid', 'DATABASE_URL is missing; set it to the URL of cupel_web', {
      retry: 'never',
    })
  }
  const log = createLog({ level: environment.logLevel, name: 'web', secrets: environment.webhookSecrets })
  const pool = openPool(databaseUrl, { max: 4, log, queryTimeoutMs: QUERY_TIMEOUT_MS })
  const queues = bullQueues(
    environment.redisUrl
      ? { backend: 'redis', url: environment.redisUrl, prefix: 'cupel:production', log }
      : { backend: 'postgres', url: databaseUrl, schema: 'queue_production', log },
    { trace: systemTrace },
  )
  const { metrics, render, contentType } = prometheusMetrics()
  const intake = createIntake(deliveryIntake(pool), queues.queue<DeliveryJob>(queueNames.deliveries), error =>
    log.warn({ err: error }, 'jobs could not be made; the sweeper will make them'),
  )

  let stopping = false
  const ready = databaseReady(pool)
  const server = createWebServer({
    intake,
    secrets: environment.webhookSecrets,
    metrics,
    renderMetrics: async () => ({ contentType, text: await render() }),
    notReady: async () => (stopping ? 'the process is stopping' : ready()),
    log,
  })

  let sweeping: Promise<void> | null = null
  const sweep = (): void => {
    sweeping ??= intake
      .sweep(environment.recoveryMs * SWEEP_OLDER_THAN)
      .then(count => {
        if (count > 0) log.warn({ count }, 'deliveries had no job; made them')
      })
      .catch(error => log.warn({ err: error }, 'sweep failed; it is tried again'))
      .finally(() => (sweeping = null))
  }
  const sweeper = setInterval(sweep, environment.recoveryMs * SWEEP_EVERY)

  await listen(server, environment)
  // At once too: a process that died may have left some.
  sweep()
  log.info({ host: environment.host, port: environment.port }, 'taking webhooks')

  return async () => {
    stopping = true
    clearInterval(sweeper)
    const closed = new Promise(resolve => server.close(resolve))
    server.closeIdleConnections()
    await Promise.race([closed, new Promise(resolve => setTimeout(resolve, SHUTDOWN_GRACE_MS))])
    server.closeAllConnections()
    await intake.drain()
    await sweeping
    await queues.close()
    await pool.end()
  }
})
