import type { AddressInfo } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redeliver, type RedeliverDeps } from '../../../jobs/production/redeliver.ts'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import { connectApp } from '../../../src/adapters/github/connect.ts'
import { arrivedDeliveries } from '../../../src/adapters/postgres/delivery-log.ts'
import { deliveryIntake } from '../../../src/adapters/postgres/delivery-intake.ts'
import { prometheusMetrics } from '../../../src/adapters/prometheus/metrics.ts'
import type { DeliveryJob } from '../../../src/cycle.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { Queue } from '../../../src/ports/queue.ts'
import { createIntake } from '../../../src/web/intake.ts'
import { createWebServer } from '../../../src/web/server.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

const SECRET = 'a webhook secret'
const quiet = pino({ level: 'silent' })
const noQueue = { addMany: async () => {} } as unknown as Queue<DeliveryJob>
const at = { repo: 'acme/shop', number: 1 }

let dir: string
let database: TestDatabase
let github: LocalGitHub
let web: Server
let webhookUrl: string
const accepted: string[] = []
let deps: RedeliverDeps

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redeliver-'))
  database = await testDatabase()
  const intake = createIntake(deliveryIntake(database.pool('cupel_web')), noQueue, () => {})
  const { metrics } = prometheusMetrics()
  web = createWebServer({
    intake: {
      ...intake,
      accept: async delivery => {
        const outcome = await intake.accept(delivery)
        accepted.push(`${delivery.id} ${outcome}`)
        return outcome
      },
    },
    secrets: [SECRET],
    metrics,
    renderMetrics: async () => ({ contentType: '', text: '' }),
    notReady: async () => null,
    log: quiet,
  })
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve))
  const { port } = web.address() as AddressInfo
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  webhookUrl = `http://127.0.0.1:${port}/api/github/webhooks`
  github = await startLocalGitHub({
    dataDir: dir,
    app: { id: 7, privateKey, slug: 'cupel', webhookUrl, webhookSecret: SECRET },
  })
  const clock = { ...systemClock, sleep: async () => {} }
  const { hook } = await connectApp({ id: 7, privateKey, baseUrl: github.url, log: quiet, clock })
  const pool = database.pool('cupel_production')
  deps = { hook, arrived: guids => arrivedDeliveries(pool, guids), clock, log: quiet }
})
afterAll(async () => {
  await github?.close()
  web?.closeAllConnections()
  await new Promise(resolve => web?.close(resolve))
  await database?.drop()
  await rm(dir, { recursive: true, force: true })
})

const sweep = async () => {
  const outcome = await redeliver(deps)
  await github.control.settled()
  return outcome
}
/** Nothing listens there. */
const goDown = () => github.control.setWebhookUrl({ url: 'http://127.0.0.1:1/' })
const comeUp = () => github.control.setWebhookUrl({ url: webhookUrl })
/** As if that much time had passed since everything GitHub sent. */
const age = (ms: number) => {
  for (const delivery of github.deliveries)
    delivery.deliveredAt = new Date(delivery.deliveredAt.getTime() - ms)
}
const rows = async () => {
  const { rows } = await database.pool('owner').query<{ id: string }>('select id from production.deliveries')
  return rows.map(row => row.id).toSorted()
}
const sent = () => [...new Set(github.deliveries.map(delivery => delivery.guid))].toSorted()

it('brings every webhook that GitHub could not deliver, each exactly once', async () => {
  await github.control.createRepository({ owner: 'acme', name: 'shop', files: { 'a.txt': 'one\n' } })
  await github.control.commit({
    repo: 'acme/shop',
    branch: 'work',
    files: { 'a.txt': 'two\n' },
    message: 'Two',
    author: 'ann',
  })
  await github.control.openPullRequest({ repo: 'acme/shop', head: 'work', title: 'Two', author: 'ann' })
  await github.control.settled()
  const before = accepted.length
  expect(await rows()).toEqual(sent())
  expect(await sweep()).toEqual({ failed: 0, asked: 0 })

  await goDown()
  for (let index = 0; index < 120; index++)
    await github.control.comment({ ...at, by: 'ann', body: `comment ${index}` })
  await github.control.settled()
  expect(accepted).toHaveLength(before)

  // Still down: each is asked for once, in vain, and then not again before its wait is over.
  expect(await sweep()).toEqual({ failed: 120, asked: 120 })
  expect(await sweep()).toEqual({ failed: 120, asked: 0 })

  await comeUp()
  age(10 * 60_000)
  expect(await sweep()).toEqual({ failed: 120, asked: 120 })
  expect(await sweep()).toEqual({ failed: 0, asked: 0 })
  expect(await rows()).toEqual(sent())
  expect(accepted.filter(line => line.endsWith('accepted'))).toHaveLength(sent().length)
  expect(accepted.filter(line => line.endsWith('duplicate'))).toEqual([])
})

it('asks for nothing whose row is there although GitHub saw no answer', async () => {
  await github.control.comment({ ...at, by: 'ann', body: 'answer lost' })
  await github.control.settled()
  const delivery = github.deliveries.at(-1)
  if (delivery) Object.assign(delivery, { status: 'timed out', statusCode: 0 })
  expect(await sweep()).toEqual({ failed: 0, asked: 0 })
})

it('lets go of what GitHub no longer keeps', async () => {
  await goDown()
  await github.control.comment({ ...at, by: 'ann', body: 'forgotten' })
  await github.control.settled()
  const lost = github.deliveries.at(-1)
  age(4 * 86_400_000)
  expect(await sweep()).toEqual({ failed: 0, asked: 0 })
  expect(await deps.hook.redeliver(lost?.id ?? 0)).toBe('gone')
  await comeUp()
})

it('ends with a fault when GitHub limits the App, and the next sweep goes on', async () => {
  await goDown()
  for (const body of ['x', 'y']) await github.control.comment({ ...at, by: 'ann', body })
  await github.control.settled()
  await comeUp()
  github.faults.secondaryLimit({ method: 'POST', path: '/attempts', retryAfterSeconds: 60 })
  await expect(redeliver(deps)).rejects.toMatchObject({ code: 'github-rate-limited' })
  age(10 * 60_000)
  expect(await sweep()).toEqual({ failed: 2, asked: 2 })
  expect(await sweep()).toEqual({ failed: 0, asked: 0 })
  expect(github.validationErrors).toEqual([])
})
