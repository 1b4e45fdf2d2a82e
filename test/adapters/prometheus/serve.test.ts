import { expect, it } from 'vitest'
import { serveMetrics } from '../../../src/adapters/prometheus/serve.ts'

const metrics = { contentType: 'text/plain', render: async () => 'up 1\n' }

it.each<[string, string | undefined, number]>([
  ['/healthz', 'the database does not answer', 200],
  ['/readyz', 'the database does not answer', 503],
  ['/readyz', 'ready', 200],
  ['/readyz', undefined, 404],
  ['/metrics', undefined, 200],
  ['/else', undefined, 404],
])('%s of a process of which is said %j is answered by %i', async (path, said, status) => {
  const asked = said === undefined ? undefined : async () => (said === 'ready' ? null : said)
  const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 }, asked)
  try {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`)
    expect(answer.status).toBe(status)
    if (path === '/readyz' && said !== undefined) expect(await answer.text()).toBe(said)
  } finally {
    await server.close()
  }
})
