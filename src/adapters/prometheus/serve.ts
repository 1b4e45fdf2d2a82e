import { createServer } from 'node:http'
import type { PrometheusMetrics } from './metrics.ts'

/**
 * GET /metrics and GET /healthz of a process that has no web page of its own, and GET /readyz of one that can say whether
 * its work can be done: null, or what is missing. Answers the port and how to close.
 */
export async function serveMetrics(
  { render, contentType }: Pick<PrometheusMetrics, 'render' | 'contentType'>,
  at: { host: string; port: number },
  notReady?: () => Promise<string | null>,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') return void response.end('alive')
    if (request.url === '/readyz' && notReady) {
      void notReady().then(missing =>
        response.writeHead(missing === null ? 200 : 503).end(missing ?? 'ready'),
      )
      return
    }
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    render().then(
      text => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, at.host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
