import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest'
import type pg from 'pg'
import { packPayload } from '../../src/adapters/postgres/delivery-payload.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { jobs, post, rows, secret, startProxy, webhook, type Sent } from './setup.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

let database: TestDatabase
let owner: pg.Pool
let child: ChildProcess | undefined
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.deliveries'))
afterEach(() => void child?.kill('SIGKILL'))

interface Started {
  url: string
  said(): string
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** The real process; `ready` resolves when it said so, as to a supervisor. */
async function startMain(env: Record<string, string>): Promise<Started> {
  const port = await freePort()
  const started = spawn(process.execPath, ['src/web/main.ts'], {
    cwd: root,
    env: { PORT: String(port), WEBHOOK_SECRET: secret, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child = started
  let text = ''
  started.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const ended = once(started, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }))
  await Promise.race([once(started, 'message'), ended])
  return { url: `http://127.0.0.1:${port}`, said: () => text, ended }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}

describe('stopping', () => {
  /** Answers 202 or another status, or null when the connection was refused or ended without an answer. */
  function send(url: string, agent: Agent, { body, headers }: Sent): Promise<number | null> {
    return new Promise(resolve => {
      const sent = request(`${url}/api/github/webhooks`, { method: 'POST', headers, agent })
      sent.on('error', () => resolve(null))
      sent.on('response', response => {
        response.resume().on('error', () => resolve(null))
        response.on('end', () => resolve(response.statusCode ?? null))
      })
      sent.end(body)
    })
  }

  it('SIGTERM under load: every 202 has its row and its job, and every row had its 202', async () => {
    const { url, said, ended } = await startMain({ DATABASE_URL: database.url('cupel_web') })
    const accepted = new Set<string>()
    const others: (number | null)[] = []
    const agent = new Agent({ keepAlive: true })
    const sender = async (): Promise<void> => {
      for (let refusedInARow = 0; refusedInARow < 3;) {
        const sent = webhook('{"action":"opened"}')
        const status = await send(url, agent, sent)
        if (status === 202) accepted.add(sent.headers['x-github-delivery'] ?? '')
        else others.push(status)
        refusedInARow = status === null ? refusedInARow + 1 : 0
        if (accepted.size >= 300) child?.kill('SIGTERM')
      }
    }
    await Promise.all(Array.from({ length: 16 }, sender))
    expect(await ended, said()).toEqual({ code: 0, signal: null })
    agent.destroy()
    expect(accepted.size).toBeGreaterThanOrEqual(300)
    expect(others.filter(status => status !== null)).toEqual([])
    const stored = await rows(owner)
    expect(new Set(stored.map(row => row.id))).toEqual(accepted)
    expect(new Set(await jobs(owner))).toEqual(accepted)
  })

  it('a webhook whose body is still coming is finished', async () => {
    const { url, ended } = await startMain({ DATABASE_URL: database.url('cupel_web') })
    const { body, headers } = webhook('{"action":"opened"}')
    const slow = request(`${url}/api/github/webhooks`, {
      method: 'POST',
      headers: { ...headers, expect: '100-continue', 'content-length': body.length },
      agent: new Agent({ keepAlive: true }),
    })
    slow.flushHeaders()
    // The server has begun to take the request.
    await once(slow, 'continue')
    child?.kill('SIGTERM')
    // It listens no more.
    await vi.waitUntil(() =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      ),
    )
    slow.end(body)
    const [response] = (await once(slow, 'response')) as [IncomingMessage]
    expect([response.statusCode, response.headers.connection]).toEqual([202, 'close'])
    response.resume()
    expect(await ended).toEqual({ code: 0, signal: null })
    expect(await rows(owner)).toHaveLength(1)
  })

  it('the end of the supervisor stops it too', async () => {
    const { ended } = await startMain({ DATABASE_URL: database.url('cupel_web') })
    child?.disconnect()
    expect(await ended).toEqual({ code: 0, signal: null })
  })
})

test('rows left without a job by a process that died are given one', async () => {
  await owner.query(
    `insert into production.deliveries (id, event, payload, received_at)
     values ('left', 'push', $1, now() - interval '1 minute')`,
    [packPayload('{}')],
  )
  await startMain({ DATABASE_URL: database.url('cupel_web') })
  await vi.waitUntil(async () => (await rows(owner))[0]?.state === 'queued', { timeout: 20_000 })
})

test('without its database it lives, is not ready, refuses, and takes webhooks when the database is there', async () => {
  const proxy = await startProxy(database.ownerUrl)
  proxy.cut()
  const { url } = await startMain({ DATABASE_URL: proxy.through(database.url('cupel_web')) })
  const ready = async () => (await fetch(`${url}/readyz`)).status
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await ready()).toBe(503)
  expect((await post(url, webhook('{}'))).status).toBe(503)
  proxy.restore()
  expect(await ready()).toBe(200)
  expect((await post(url, webhook('{}'))).status).toBe(202)
  await proxy.close()
})

test.each<[string, Record<string, string>, string]>([
  ['no database', {}, 'DATABASE_URL is missing'],
  [
    'no secret',
    { WEBHOOK_SECRET: '', DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' },
    'WEBHOOK_SECRET is missing',
  ],
  ['the well-known secret', { WEBHOOK_SECRET: 'development' }, 'well-known word'],
  ['a port that is none', { PORT: '70000' }, 'PORT is not a port'],
])('%s: it ends with 1 and a message that names the variable and no value', async (_, env, message) => {
  const { ended, said } = await startMain(env)
  expect(await ended).toEqual({ code: 1, signal: null })
  expect(said()).toContain(message)
  expect(said()).not.toContain(secret)
})

test('a port that is taken: it ends with 1 and says so', async () => {
  const taken = createServer()
  await new Promise<void>(done => taken.listen(0, '127.0.0.1', done))
  const port = String((taken.address() as AddressInfo).port)
  const { ended, said } = await startMain({ DATABASE_URL: database.url('cupel_web'), PORT: port })
  expect(await ended).toEqual({ code: 1, signal: null })
  expect(said()).toContain('EADDRINUSE')
  await new Promise(done => taken.close(done))
})
