import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest'
import type pg from 'pg'
import { MAX_BODY_BYTES } from '../../src/web/body.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { jobs, post, rows, secret, sign, startWeb, webhook, type Sent, type Web } from './setup.ts'

const payload = JSON.stringify({
  action: 'opened',
  number: 3,
  installation: { id: 5 },
  repository: { id: 9, full_name: 'acme/shop' },
  note: 'ünïcode ✓ \u2028',
})

let database: TestDatabase
let owner: pg.Pool
let web: Web
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
})
afterAll(() => database.drop())
beforeEach(async () => {
  await owner.query('delete from production.deliveries')
  web = await startWeb(database)
})
afterEach(() => web.close())

test('a signed webhook is a row before it is answered 202, and a job soon after', async () => {
  const sent = webhook(payload)
  expect(await post(web.url, sent)).toEqual({ status: 202, body: { delivery: 'accepted' } })
  expect(await rows(owner)).toMatchObject([
    {
      id: sent.headers['x-github-delivery'],
      event: 'pull_request',
      action: 'opened',
      installation_id: '5',
      repository_id: '9',
      payload,
    },
  ])
  await web.intake.drain()
  expect(await jobs(owner)).toContain(sent.headers['x-github-delivery'])
  const trace = sent.headers['x-github-delivery']
  expect(web.logged).toContainEqual({
    fields: { trace, event: 'pull_request', action: 'opened', outcome: 'accepted' },
    message: 'webhook taken',
  })
})

describe('a signature is of the raw bytes', () => {
  const sha1 = `sha1=${createHmac('sha1', secret).update(payload).digest('hex')}`
  it.each<[string, Sent]>([
    ['wrong', webhook(payload, { 'x-hub-signature-256': sign(payload, 'another') })],
    ['absent', webhook(payload, { 'x-hub-signature-256': '' })],
    ['sha1 only', webhook(payload, { 'x-hub-signature-256': '', 'x-hub-signature': sha1 })],
    ['of a body with one more byte', { ...webhook(payload), body: `${payload} ` }],
    [
      'of the same JSON written otherwise',
      { ...webhook(payload), body: JSON.stringify(JSON.parse(payload), null, 1) },
    ],
    ['of no body', { ...webhook(payload), body: '' }],
  ])('%s: 401 and no row', async (_, sent) => {
    expect((await post(web.url, sent)).status).toBe(401)
    expect(await rows(owner)).toEqual([])
  })

  it('an escape or a space in the JSON is kept as it was signed', async () => {
    const odd = '{ "action" : "opened",\r\n "note":"\\u00fc\\ud83d\\ude00", "n": 1.0 }'
    expect((await post(web.url, webhook(odd))).status).toBe(202)
    expect(await rows(owner)).toMatchObject([{ payload: odd }])
  })

  it('both secrets count while one replaces the other, and no third', async () => {
    await web.close()
    web = await startWeb(database, { secrets: ['new secret', 'old secret'] })
    const signedBy = (key: string) =>
      post(web.url, webhook(payload, { 'x-hub-signature-256': sign(payload, key) }))
    expect((await signedBy('new secret')).status).toBe(202)
    expect((await signedBy('old secret')).status).toBe(202)
    expect((await signedBy('older secret')).status).toBe(401)
    expect(await rows(owner)).toHaveLength(2)
  })
})

describe('a repeated delivery changes nothing', () => {
  it('a replay after its row is done does not run it again', async () => {
    const sent = webhook(payload)
    await post(web.url, sent)
    await web.intake.drain()
    await owner.query("update production.deliveries set state = 'done', outcome = 'ok', finished_at = now()")
    expect(await post(web.url, sent)).toEqual({ status: 202, body: { delivery: 'duplicate' } })
    await web.intake.drain()
    expect(await rows(owner)).toMatchObject([{ state: 'done' }])
  })

  it.each([1, 10, 100])('%i concurrent copies are one row, one accepted', async copies => {
    const sent = webhook(payload)
    const answers = await Promise.all(Array.from({ length: copies }, () => post(web.url, sent)))
    expect(answers.filter(answer => answer.status !== 202)).toEqual([])
    const outcomes = answers.map(answer => (answer.body as { delivery: string }).delivery)
    expect(outcomes.filter(outcome => outcome === 'accepted')).toHaveLength(1)
    expect(await rows(owner)).toHaveLength(1)
  })

  it('the first copy counts, also when a later one has another body', async () => {
    const sent = webhook(payload)
    const other = webhook('{"action":"closed"}', {
      'x-github-delivery': sent.headers['x-github-delivery'] ?? '',
    })
    await post(web.url, sent)
    await post(web.url, other)
    expect(await rows(owner)).toMatchObject([{ action: 'opened', payload }])
  })
})

/** A JSON object of exactly so many bytes. */
function sized(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(bytes - 8, 0x78), Buffer.from('"}')])
}

describe('size', () => {
  it('25 MB is stored whole', async () => {
    const body = sized(MAX_BODY_BYTES)
    expect((await post(web.url, webhook(body))).status).toBe(202)
    expect((await rows(owner)).map(row => row.payload.length)).toEqual([MAX_BODY_BYTES])
  })

  it.each([MAX_BODY_BYTES + 1, 2 * MAX_BODY_BYTES + 100_000])('%i bytes are answered 413', async bytes => {
    const answer = await post(web.url, webhook(sized(bytes)))
    expect(answer).toEqual({ status: 413, body: { error: expect.stringContaining('larger than') } })
    expect(await rows(owner)).toEqual([])
  })

  it('a body that ends early is no row, and the server goes on', async () => {
    const { hostname, port } = new URL(web.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    const head = Object.entries(webhook(payload).headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(
      `POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\n${head.join('')}content-length: 9999\r\n\r\n{"action":`,
    )
    socket.end()
    await once(socket.resume(), 'close')
    const refused = () => web.logged.filter(({ message }) => message === 'webhook refused')
    await vi.waitUntil(() => refused().length > 0)
    expect(refused()).toMatchObject([{ fields: { reason: 'the body ended early' } }])
    expect(await rows(owner)).toEqual([])
    expect((await post(web.url, webhook(payload))).status).toBe(202)
  })

  it('a body that finds no room beside others is answered 503, until there is room', async () => {
    await web.close()
    web = await startWeb(database, { maxHeldBytes: 1_000_000 })
    const body = sized(600_000)
    const slow = request(`${web.url}/api/github/webhooks`, { method: 'POST', ...webhook(body), agent: false })
    const answered = once(slow, 'response') as Promise<[IncomingMessage]>
    slow.write(body.subarray(0, 599_999))
    await vi.waitUntil(async () => (await post(web.url, webhook(body))).status === 503)
    expect((await post(web.url, webhook(payload))).status).toBe(202)
    slow.end(body.subarray(599_999))
    expect((await answered)[0].statusCode).toBe(202)
    expect((await post(web.url, webhook(body))).status).toBe(202)
  })
})

const nested = (depth: number) => `{"action":"opened","a":${'['.repeat(depth)}${']'.repeat(depth)}}`

describe('a signed body that is no webhook is refused by name, and never a crash', () => {
  it.each<[string, string | Buffer, string]>([
    ['empty', '', 'not JSON'],
    ['malformed', '{"action":', 'not JSON'],
    ['form encoded', `payload=${encodeURIComponent(payload)}`, 'content type'],
    ['not UTF-8', Buffer.from('{"action":"\xff\xfe"}', 'latin1'), 'not UTF-8'],
    ['UTF-8 cut in a character', Buffer.from('{"a":"é"}').subarray(0, 7), 'not UTF-8'],
    ['UTF-16', Buffer.from(payload, 'utf16le'), 'not UTF-8'],
    ['with a byte order mark', `\ufeff${payload}`, 'not JSON'],
    ['a list', '[]', 'not a webhook payload'],
    ['null', 'null', 'not a webhook payload'],
    ['a word', '"opened"', 'not a webhook payload'],
    ['deep and broken', '['.repeat(1_000_000), 'not JSON'],
    ['an installation that is a list', '{"installation":[]}', 'not a webhook payload'],
    ['an action that is a number', '{"action":3}', 'not a webhook payload'],
    ['an id beyond all numbers', '{"repository":{"id":1e300}}', 'not a webhook payload'],
  ])('%s', async (_, body, reason) => {
    const answer = await post(web.url, webhook(body))
    expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining(reason) } })
    expect(web.logged).toMatchObject([{ fields: { status: 400 } }])
    expect(await rows(owner)).toEqual([])
  })

  it.each<[string, Record<string, string>]>([
    ['no delivery id', { 'x-github-delivery': '' }],
    ['an id with a slash', { 'x-github-delivery': '../x' }],
    ['an id of 101 characters', { 'x-github-delivery': 'a'.repeat(101) }],
    ['no event', { 'x-github-event': '' }],
    ['an event in capitals', { 'x-github-event': 'Push' }],
  ])('%s', async (_, headers) => {
    expect((await post(web.url, webhook(payload, headers))).status).toBe(400)
  })
})

describe('an odd body that is a webhook is taken as it is', () => {
  it.each<[string, string]>([
    ['nested 100,000 deep', nested(100_000)],
    ['with a NUL in a string', '{"action":"opened","a":"\\u0000"}'],
    ['with a NUL in the action', '{"action":"a\\u0000b"}'],
    ['with half a surrogate', '{"action":"\\ud800","a":"\\udfff"}'],
    ['with __proto__', '{"__proto__":{"action":"x"},"constructor":1}'],
    ['with a key twice', '{"action":"opened","action":"closed"}'],
    ['without action, installation and repository', '{}'],
    ['with nulls', '{"installation":null,"repository":null}'],
  ])('%s', async (_, body) => {
    expect((await post(web.url, webhook(body))).status).toBe(202)
    expect(await rows(owner)).toMatchObject([{ payload: body }])
  })

  it.each(['text/plain', 'application/json; charset=utf-8', ''])('content type %j', async type => {
    expect((await post(web.url, webhook(payload, { 'content-type': type }))).status).toBe(202)
  })
})

describe('the other pages', () => {
  it.each<[string, string, number]>([
    ['GET', '/healthz', 200],
    ['GET', '/healthz?probe=1', 200],
    ['GET', '/readyz', 200],
    ['GET', '/api/github/webhooks', 404],
    ['PUT', '/api/github/webhooks', 404],
    ['POST', '/', 404],
    ['GET', '/api/github/webhooks/../../healthz/x', 404],
  ])('%s %s is %i', async (method, path, status) => {
    expect((await fetch(`${web.url}${path}`, { method })).status).toBe(status)
  })

  it('/readyz is 503 and says what is missing', async () => {
    await web.close()
    web = await startWeb(database, { notReady: async () => 'the moon' })
    const answer = await fetch(`${web.url}/readyz`)
    expect([answer.status, await answer.json()]).toEqual([503, { status: 'not ready', missing: 'the moon' }])
  })

  it('/metrics counts webhooks by what became of them', async () => {
    const sent = webhook(payload, { 'x-github-delivery': randomUUID() })
    await post(web.url, sent)
    await post(web.url, sent)
    await post(web.url, { ...sent, body: 'x' })
    const text = await (await fetch(`${web.url}/metrics`)).text()
    for (const outcome of ['accepted', 'duplicate', 'refused'])
      expect(text).toContain(`v2_requests_total{kind="webhook",outcome="${outcome}"} 1`)
    expect(text).toContain('v2_active_requests 0')
  })
})
