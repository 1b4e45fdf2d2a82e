import { lookup } from 'node:dns/promises'
import { egressMetrics } from '../adapters/prometheus/egress-metrics.ts'
import { serveMetrics } from '../adapters/prometheus/serve.ts'
import { readEnvironment } from '../adapters/system/environment.ts'
import { listen } from '../adapters/system/listen.ts'
import { createLog } from '../adapters/system/log.ts'
import { runProcess } from '../adapters/system/process.ts'
import { parseAllowed } from './allowed.ts'
import { createProxy } from './proxy.ts'

/** A model's answer under way may still come; what takes longer is asked again by the experiment. */
const SHUTDOWN_GRACE_MS = 50_000

// V1's way to the models' providers in Kubernetes. `cupel start` has none: there the process holds no key to misuse.
await runProcess('egress', async () => {
  const { host, port, metricsPort, logLevel } = readEnvironment(process.env)
  const allowed = parseAllowed(process.env['CUPEL_EGRESS_ALLOW'])
  const log = createLog({ level: logLevel, name: 'egress', secrets: [] })
  const metrics = egressMetrics()
  const server = createProxy({
    allowed,
    lookup: name => lookup(name, { all: true, family: 4 }),
    opened: authority => metrics.opened(authority.toLowerCase()),
    refused: (reason, authority) => {
      metrics.refused(reason)
      log.warn({ reason, authority: authority.slice(0, 200) }, 'connection refused')
    },
  })
  await listen(server, { port, host })
  const exposed = await serveMetrics(metrics, { host, port: metricsPort })
  log.info({ port, metricsPort: exposed.port, allowed: [...allowed] }, 'proxying')

  return async () => {
    const closed = new Promise(done => server.close(done))
    await Promise.race([closed, new Promise(done => setTimeout(done, SHUTDOWN_GRACE_MS).unref())])
    await exposed.close()
  }
})
