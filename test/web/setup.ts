import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { request, type IncomingMessage } from 'node:http'
import type pg from 'pg'
import { deliveryIntake } from '../../src/adapters/postgres/delivery-intake.ts'
import { unpackPayload } from '../../src/adapters/postgres/delivery-payload.ts'
import { prometheusMetrics } from '../../src/adapters/prometheus/metrics.ts'
import { bullQueues } from '../../src/adapters/queue/bull.ts'
import { queueNames, type DeliveryJob } from '../../src/cycle.ts'
import type { Queue } from '../../src/ports/queue.ts'
import { createIntake, type Intake } from '../../src/web/intake.ts'
import { createWebServer, type WebOptions } from '../../src/web/server.ts'
import type { TestDatabase } from '../support/database.ts'

export const secret = 'the-webhook-secret-of-these-tests'

export function sign(body: string | Buffer, key = secret): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
}

export interface Sent {
  body: string | Buffer
  headers: Record<string, string>
}

/** A webhook as GitHub would send it. A header given as '' is left out. */
export function webhook(body: string | Buffer, headers: Record<string, string> = {}): Sent {
  const all = {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(body),
    ...headers,
  }
  return { body, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')) }
}

export async function post(url: string, { body, headers }: Sent): Promise<{ status: number; body: unknown }> {
  const sent = request(`${url}/api/github/webhooks`, { method: 'POST', headers, agent: false })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  return { status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) }
}

export interface Row {
  id: string
  event: string
  action: string | null
  installation_id: string | null
  repository_id: string | null
  payload: string
  state: string
}

export async function rows(owner: pg.Pool): Promise<Row[]> {
  const result = await owner.query<Omit<Row, 'payload'> & { payload: Buffer }>(
    `select id, event, action, installation_id, repository_id, payload, state
     from production.deliveries order by received_at, id`,
  )
  return result.rows.map(row => ({ ...row, payload: unpackPayload(row.payload) }))
}

/** The deliveries that have a job. */
export async function jobs(owner: pg.Pool): Promise<string[]> {
  const result = await owner.query<{ id: string }>('select id from queue_production.job')
  return result.rows.map(row => row.id.replace('j-delivery%3A', ''))
}

export interface Web {
  url: string
  intake: Intake
  queue: Queue<DeliveryJob>
  /** What a process that starts now would count. */
  queueErrors: unknown[]
  logged: { fields: object; message: string }[]
  close(): Promise<void>
}

/** The web server on a free port, in this process, as src/web/main.ts wires it. */
export async function startWeb(
  database: TestDatabase,
  more: Partial<WebOptions> & { pool?: pg.Pool; queueUrl?: string } = {},
): Promise<Web> {
  const logged: Web['logged'] = []
  const note = (fields: object, message: string): void => void logged.push({ fields, message })
  const queueErrors: unknown[] = []
  const queues = bullQueues(
    {
      backend: 'postgres',
      url: more.queueUrl ?? database.url('cupel_web'),
      schema: 'queue_production',
      log: { warn: note },
    },
    { callTimeoutMs: 2_000 },
  )
  const queue = queues.queue<DeliveryJob>(queueNames.deliveries)
  const pool = more.pool ?? database.pool('cupel_web')
  const intake = createIntake(deliveryIntake(pool), queue, error => queueErrors.push(error))
  const { metrics, render, contentType } = prometheusMetrics()
  const server = createWebServer({
    intake,
    secrets: [secret],
    metrics,
    renderMetrics: async () => ({ contentType, text: await render() }),
    notReady: async () => null,
    log: { info: note, warn: note, error: note },
    ...more,
  })
  await listen(server)
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    intake,
    queue,
    queueErrors,
    logged,
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      await intake.drain()
      await queues.close()
    },
  }
}

export interface Proxy {
  /** `url` with this proxy in place of its host. */
  through(url: string): string
  /** Ends every connection and refuses new ones. */
  cut(): void
  /** What the target answers from now on is not passed on. */
  silence(): void
  restore(): void
  close(): Promise<void>
}

/** Stands between a client and a server, to take the server away. */
export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let state: 'open' | 'cut' | 'silent' = 'open'
  const server = createServer(client => {
    if (state === 'cut') return void client.destroy()
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    client.on('data', data => upstream.write(data))
    upstream.on('data', data => state === 'open' && client.write(data))
  })
  await listen(server)
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    through(url) {
      const changed = new URL(url)
      changed.host = `127.0.0.1:${portOf(server)}`
      return changed.href
    },
    cut() {
      state = 'cut'
      endAll()
    },
    silence() {
      state = 'silent'
    },
    restore() {
      // Answers were lost on these.
      if (state === 'silent') endAll()
      state = 'open'
    },
    async close() {
      endAll()
      await new Promise(done => server.close(done))
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise(done => server.listen(0, '127.0.0.1', done))
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
