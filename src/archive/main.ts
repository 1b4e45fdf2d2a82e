import { collectDefaultMetrics, Registry } from 'prom-client'
import { archive } from '../adapters/postgres/archive.ts'
import { openPool } from '../adapters/postgres/pool.ts'
import { readEnvironment } from '../adapters/system/environment.ts'
import { listen } from '../adapters/system/listen.ts'
import { createLog } from '../adapters/system/log.ts'
import { runProcess } from '../adapters/system/process.ts'
import { Fault } from '../core/fault.ts'
import { createArchiveServer } from './server.ts'

await runProcess('archive', async () => {
  const { databaseUrl, host, metricsPort, logLevel } = readEnvironment(process.env, 'archive')
  if (databaseUrl === null)
    throw new Fault('configuration-invalid', 'DATABASE_URL is needed here', { retry: 'never' })
  const log = createLog({ level: logLevel, name: 'archive' })
  const pool = openPool(databaseUrl, { max: 4, log, applicationName: 'cupel archive' })
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const server = createArchiveServer({
    archive: archive(pool),
    metrics: { contentType: registry.contentType, render: () => registry.metrics() },
    log,
  })
  await listen(server, { port: metricsPort, host })
  log.info({ host, port: metricsPort }, 'showing the archive')
  return async () => {
    await new Promise(resolve => {
      server.close(resolve)
      server.closeIdleConnections()
    })
    await pool.end()
  }
})
