import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Metrics } from '../ports/metrics.ts'
import { createHolder, type Held, MAX_BODY_BYTES, readBody } from './body.ts'
import { parseDelivery } from './delivery.ts'
import type { Intake } from './intake.ts'
import { isSigned } from './signature.ts'

export interface WebOptions {
  intake: Pick<Intake, 'accept'>
  secrets: readonly string[]
  metrics: Metrics
  /** Exposition text for GET /metrics. */
  renderMetrics(): Promise<{ contentType: string; text: string }>
  /** Null when webhooks can be stored, else what is missing: shown by GET /readyz. */
  notReady(): Promise<string | null>
  /** A row that is not committed by then (ms) is answered 503; default 8,000, as GitHub gives up after 10 s. */
  answerWithinMs?: number
  /** Bodies of all unanswered webhooks together; default 200 MB. What finds no room is answered 503. */
  maxHeldBytes?: number
  log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>
}

type Answer = { status: number; body: object; outcome: 'accepted' | 'duplicate' | 'refused' | 'error' }

/**
 * The HTTP edge. A webhook is answered 202 after its row is committed and before anything else is done:
 * GitHub gives up after 10 s and never sends again by itself, so nothing slow may stand between.
 */
export function createWebServer(options: WebOptions): Server {
  const hold = createHolder(options.maxHeldBytes ?? 8 * MAX_BODY_BYTES)
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
        const missing = await options.notReady()
        return missing === null
          ? send(response, 200, { status: 'ready' })
          : send(response, 503, { status: 'not ready', missing })
      }
      case 'GET /metrics': {
        const { contentType, text } = await options.renderMetrics()
        return send(response, 200, text, contentType)
      }
      default:
        return send(response, 404, { error: 'not found' })
    }
  }

  async function webhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now()
    options.metrics.requestStarted()
    let outcome: Answer['outcome'] = 'error'
    const held = hold()
    try {
      const answer = await take(request, held)
      outcome = answer.outcome
      send(response, answer.status, answer.body)
    } finally {
      held.release()
      options.metrics.requestFinished((performance.now() - started) / 1000, outcome)
    }
  }

  async function take(request: IncomingMessage, held: Held): Promise<Answer> {
    const body = await readBody(request, held)
    if (body === 'too-large') return refuse(413, `the body is larger than ${MAX_BODY_BYTES} bytes`)
    if (body === 'cut') return refuse(400, 'the body ended early')
    if (body === 'no-room') {
      return { ...refuse(503, 'too many large webhooks at once; redeliver it'), outcome: 'error' }
    }
    if (!isSigned(body, header(request, 'x-hub-signature-256'), options.secrets)) {
      return refuse(401, 'X-Hub-Signature-256 does not sign this body with the configured WEBHOOK_SECRET')
    }
    const parsed = parseDelivery(
      { id: header(request, 'x-github-delivery'), event: header(request, 'x-github-event') },
      body,
    )
    if ('refused' in parsed) return refuse(400, parsed.refused)
    try {
      const accepted = options.intake.accept(parsed.delivery)
      const outcome = await before(options.answerWithinMs ?? 8_000, accepted)
      const { id, event, action } = parsed.delivery
      options.log.info({ trace: id, event, action, outcome }, 'webhook taken')
      return { status: 202, body: { delivery: outcome }, outcome }
    } catch (error) {
      options.log.error({ err: error, trace: parsed.delivery.id }, 'delivery could not be stored')
      return {
        status: 503,
        body: { error: 'the delivery could not be stored; redeliver it' },
        outcome: 'error',
      }
    }
  }

  function refuse(status: number, error: string): Answer {
    options.log.warn({ status, reason: error }, 'webhook refused')
    return { status, body: { error }, outcome: 'refused' }
  }

  function send(
    response: ServerResponse,
    status: number,
    body: object | string,
    type = 'application/json',
  ): void {
    if (response.headersSent || response.destroyed) return
    // Once the server is closing, what still comes on an open connection is taken, and its answer is the last.
    if (!server.listening) response.shouldKeepAlive = false
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
  }

  return server
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

async function before<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not committed within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
