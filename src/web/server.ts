import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Metrics } from '../ports/metrics.ts'
import { parseDelivery } from './delivery.ts'
import type { Intake } from './intake.ts'
import { isSigned } from './signature.ts'

export interface WebOptions {
  intake: Intake
  secrets: readonly string[]
  metrics: Metrics
  /** Exposition text for GET /metrics. */
  renderMetrics(): Promise<{ contentType: string; text: string }>
  /** Null when webhooks can be taken, else what is missing: shown by GET /readyz. */
  notReady(): string | null
  log: { warn(fields: object, message: string): void; error(fields: object, message: string): void }
}

/** GitHub sends at most 25 MB. */
const MAX_BODY_BYTES = 25 * 1024 * 1024

type Answer = { status: number; body: object; outcome: 'accepted' | 'duplicate' | 'refused' | 'error' }

/**
 * The HTTP edge. A webhook is answered 202 after its row is committed and before anything else is done:
 * GitHub gives up after 10 s and never sends again by itself, so nothing slow may stand between.
 */
export function createWebServer(options: WebOptions): Server {
  const server = createServer((request, response) => {
    void route(request, response).catch(error => {
      options.log.error({ err: error }, 'request failed')
      send(response, 500, { error: 'internal error; the delivery was not stored, redeliver it' })
    })
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0]
    switch (`${request.method} ${path}`) {
      case 'POST /api/github/webhooks':
        return webhook(request, response)
      case 'GET /healthz':
        return send(response, 200, { status: 'alive' })
      case 'GET /readyz': {
        const missing = options.notReady()
        return missing === null
          ? send(response, 200, { status: 'ready' })
          : send(response, 503, { status: 'not ready', missing })
      }
      case 'GET /metrics': {
        const { contentType, text } = await options.renderMetrics()
        response.writeHead(200, { 'content-type': contentType }).end(text)
        return
      }
      default:
        return send(response, 404, { error: 'not found' })
    }
  }

  async function webhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now()
    options.metrics.requestStarted()
    let outcome: Answer['outcome'] = 'error'
    try {
      const answer = await take(request)
      outcome = answer.outcome
      send(response, answer.status, answer.body)
    } finally {
      options.metrics.requestFinished((performance.now() - started) / 1000, outcome)
    }
  }

  async function take(request: IncomingMessage): Promise<Answer> {
    const refuse = (status: number, error: string): Answer => ({
      status,
      body: { error },
      outcome: 'refused',
    })
    const missing = options.notReady()
    if (missing !== null) return { status: 503, body: { error: missing }, outcome: 'error' }
    const body = await readBody(request)
    if (body === 'too-large') return refuse(413, `the body is larger than ${MAX_BODY_BYTES} bytes`)
    if (body === 'cut') return refuse(400, 'the body ended early')
    if (!isSigned(body, header(request, 'x-hub-signature-256'), options.secrets)) {
      return refuse(401, 'X-Hub-Signature-256 does not sign this body with the configured WEBHOOK_SECRET')
    }
    const parsed = parseDelivery(
      { id: header(request, 'x-github-delivery'), event: header(request, 'x-github-event') },
      body,
    )
    if ('refused' in parsed) return refuse(400, parsed.refused)
    try {
      const outcome = await options.intake.accept(parsed.delivery)
      return { status: 202, body: { delivery: outcome }, outcome }
    } catch (error) {
      options.log.error({ err: error, delivery: parsed.delivery.id }, 'delivery could not be stored')
      return {
        status: 503,
        body: { error: 'the delivery could not be stored; redeliver it' },
        outcome: 'error',
      }
    }
  }

  return server
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Reads on to the end even when too large, so that the sender gets its answer instead of a reset. */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'cut'> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
      else chunks.length = 0
      if (bytes > 2 * MAX_BODY_BYTES) break
    }
  } catch {
    return 'cut'
  }
  return bytes > MAX_BODY_BYTES ? 'too-large' : Buffer.concat(chunks)
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
