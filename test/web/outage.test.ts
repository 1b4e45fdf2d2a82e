import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type pg from 'pg'
import { openPool } from '../../src/adapters/postgres/pool.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { jobs, post, rows, startProxy, startWeb, webhook, type Proxy, type Web } from './setup.ts'

let database: TestDatabase
let owner: pg.Pool
let proxy: Proxy
let pool: pg.Pool
let web: Web
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
})
afterAll(() => database.drop())
beforeEach(async () => {
  await owner.query('delete from production.deliveries')
  proxy = await startProxy(database.ownerUrl)
  pool = openPool(proxy.through(database.url('cupel_web')), { queryTimeoutMs: 700 })
})
afterEach(async () => {
  proxy.restore()
  await web.close()
  await pool.end()
  await proxy.close()
})

const unavailable = {
  status: 503,
  body: { error: 'the delivery could not be stored; redeliver it' },
}
const body = '{"action":"opened"}'
const states = async () => (await rows(owner)).map(row => row.state)

test('while the database is away webhooks are answered 503; when it is back they can be sent again, and none is lost', async () => {
  web = await startWeb(database, { pool })
  const before = webhook(body)
  expect((await post(web.url, before)).status).toBe(202)
  await web.intake.drain()
  proxy.cut()
  const during = Array.from({ length: 20 }, () => webhook(body))
  for (const answer of await Promise.all(during.map(sent => post(web.url, sent))))
    expect(answer).toEqual(unavailable)
  expect(await states()).toEqual(['received'])
  proxy.restore()
  for (const answer of await Promise.all(during.map(sent => post(web.url, sent))))
    expect(answer).toEqual({ status: 202, body: { delivery: 'accepted' } })
  await web.intake.drain()
  const sent = [before, ...during].map(one => one.headers['x-github-delivery'] ?? '')
  expect(new Set((await rows(owner)).map(row => row.id))).toEqual(new Set(sent))
  expect(await jobs(owner)).toEqual(expect.arrayContaining(sent))
})

test('a row whose commit was not heard of is answered 503 in time, kept, and gets its job', async () => {
  web = await startWeb(database, { pool, answerWithinMs: 300 })
  await post(web.url, webhook(body))
  await web.intake.drain()
  await owner.query('delete from production.deliveries')
  proxy.silence()
  const sent = webhook(body)
  expect(await post(web.url, sent)).toEqual(unavailable)
  await vi.waitUntil(async () => (await states()).length === 1)
  proxy.restore()
  await web.intake.drain()
  expect(await post(web.url, sent)).toEqual({ status: 202, body: { delivery: 'duplicate' } })
  expect(await web.intake.sweep(0)).toBe(1)
  expect(await states()).toEqual(['queued'])
})

test('after a database that went silent the next webhook is taken: no connection stays stuck', async () => {
  web = await startWeb(database, { pool, answerWithinMs: 300 })
  proxy.silence()
  for (let i = 0; i < 6; i++) expect(await post(web.url, webhook(body))).toEqual(unavailable)
  proxy.restore()
  await web.intake.drain()
  expect((await post(web.url, webhook(body))).status).toBe(202)
})

test('while the queue is away webhooks are answered 202; the sweeper makes their jobs later, once', async () => {
  web = await startWeb(database, { queueUrl: proxy.through(database.url('cupel_web')) })
  const waiting = (await web.queue.depth()).waiting
  proxy.cut()
  const sent = Array.from({ length: 5 }, () => webhook(body))
  for (const answer of await Promise.all(sent.map(one => post(web.url, one)))) expect(answer.status).toBe(202)
  await web.intake.drain()
  expect(web.queueErrors).not.toEqual([])
  expect(await states()).toEqual(Array(5).fill('received'))
  await expect(web.intake.sweep(0)).rejects.toMatchObject({ code: 'queue-unavailable' })
  proxy.restore()
  expect(await web.intake.sweep(60_000)).toBe(0)
  expect(await web.intake.sweep(0)).toBe(5)
  expect(await web.intake.sweep(0)).toBe(0)
  expect(await states()).toEqual(Array(5).fill('queued'))
  expect((await web.queue.depth()).waiting - waiting).toBe(5)
})

test('a long outage of the queue is swept up in one go', async () => {
  web = await startWeb(database)
  await owner.query(
    `insert into production.deliveries (id, event, payload)
     select 'old-' || n, 'push', '' from generate_series(1, 1200) as n`,
  )
  const waiting = (await web.queue.depth()).waiting
  expect(await web.intake.sweep(0)).toBe(1200)
  expect((await web.queue.depth()).waiting - waiting).toBe(1200)
})
