import { randomUUID } from 'node:crypto'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { administratorsHand, publishedCycle } from '../adapters/postgres/dashboard.ts'
import { openPool } from '../adapters/postgres/pool.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { readEnvironment } from '../adapters/system/environment.ts'
import { listen } from '../adapters/system/listen.ts'
import { createLog } from '../adapters/system/log.ts'
import { runProcess } from '../adapters/system/process.ts'
import { Fault } from '../core/fault.ts'
import { createDashboardServer } from './server.ts'

await runProcess('dashboard', async () => {
  const { databaseUrl, sessionSecret, host, metricsPort, logLevel } = readEnvironment(
    process.env,
    'dashboard',
  )
  if (databaseUrl === null || sessionSecret === null)
    throw new Fault('configuration-invalid', 'DATABASE_URL and CUPEL_SESSION_SECRET are needed here', {
      retry: 'never',
    })
  const log = createLog({ level: logLevel, name: 'dashboard' })
  const pool = openPool(databaseUrl, { max: 4, log, applicationName: 'cupel dashboard' })
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const server = createDashboardServer({
    cycle: publishedCycle(pool),
    hand: administratorsHand(pool),
    secret: sessionSecret,
    clock: systemClock,
    drawKey: randomUUID,
    metrics: { contentType: registry.contentType, render: () => registry.metrics() },
    log,
  })
  await listen(server, { port: metricsPort, host })
  log.info({ host, port: metricsPort }, 'showing the cycle')
  return async () => {
    await new Promise(resolve => {
      server.close(resolve)
      server.closeIdleConnections()
    })
    await pool.end()
  }
})
