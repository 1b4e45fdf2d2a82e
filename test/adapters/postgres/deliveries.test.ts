import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { deliveryIntake } from '../../../src/adapters/postgres/delivery-intake.ts'
import { deliveryLog } from '../../../src/adapters/postgres/delivery-log.ts'
import type { DeliveryIntake, DeliveryLog, NewDelivery } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let intake: DeliveryIntake
let secondIntake: DeliveryIntake
let log: DeliveryLog
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  intake = deliveryIntake(database.pool('cupel_web'))
  secondIntake = deliveryIntake(database.pool('cupel_web'))
  log = deliveryLog(database.pool('cupel_production'))
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.deliveries'))

function delivery(more: Partial<NewDelivery> = {}): NewDelivery {
  return {
    id: randomUUID(),
    event: 'pull_request',
    action: 'opened',
    installationId: 1,
    repositoryId: 2,
    payload: '{}',
    ...more,
  }
}

async function age(id: string, column: 'received_at' | 'queued_at' | 'finished_at', seconds: number) {
  await owner.query(
    `update production.deliveries set ${column} = now() - make_interval(secs => $2) where id = $1`,
    [id, seconds],
  )
}

test.each([1, 10, 100])('of %i concurrent copies of one delivery exactly one is new', async copies => {
  const one = delivery()
  const answers = await Promise.all(
    Array.from({ length: copies }, (_, n) => (n % 2 ? intake : secondIntake).insert([one])),
  )
  expect(answers.flatMap(fresh => [...fresh])).toEqual([one.id])
})

test('a batch is stored whole, answers what was new, and counts a copy in it once', async () => {
  const known = delivery()
  await intake.insert([known])
  const batch = Array.from({ length: 200 }, () => delivery())
  const fresh = await intake.insert([...batch, known, batch[0] ?? known])
  expect(fresh).toEqual(new Set(batch.map(d => d.id)))
  const { rows } = await owner.query('select count(*)::int as count from production.deliveries')
  expect(rows).toEqual([{ count: 201 }])
  expect(await intake.insert([])).toEqual(new Set())
})

test('the same batch sent to two processes in opposite orders is stored by both without deadlock', async () => {
  for (let round = 0; round < 10; round++) {
    const batch = Array.from({ length: 200 }, () => delivery())
    const answers = await Promise.all([
      intake.insert(batch),
      secondIntake.insert(batch.toReversed()),
      intake.insert(batch.toReversed()),
      secondIntake.insert(batch),
    ])
    expect(answers.flatMap(fresh => [...fresh]).toSorted()).toEqual(batch.map(d => d.id).toSorted())
  }
})

const deep = '['.repeat(100_000) + ']'.repeat(100_000)
test.each<[string, string, string]>([
  ['escaped NULs', '{"a":"\\u0000"}', '{"a":"\\u0000"}'],
  ['nesting 100,000 deep', deep, deep],
  ['escaped lone surrogates', '{"a":"\\ud800"}', '{"a":"\\ud800"}'],
  ['every plane', '{"a":"é \u{1F984} \u202E \u200B \uFEFF \uFFFF \u{10FFFF}"}', ''],
  ['a real NUL', '{"a":"\u0000"}', ''],
  ['a lone surrogate, which UTF-8 cannot hold', '{"a":"\uD800"}', '{"a":"\uFFFD"}'],
  ['25 MB', `{"a":"${'x'.repeat(25_000_000)}"}`, ''],
  ['text that is no JSON', '\\x00{\'";--', ''],
  ['nothing', '', ''],
])('a payload with %s is kept', async (_what, payload, stored) => {
  const one = delivery({ payload })
  const beside = delivery()
  expect(await intake.insert([one, beside])).toEqual(new Set([one.id, beside.id]))
  expect((await log.get(one.id))?.payload === (stored || payload)).toBe(true)
})

test('a delivery comes back as it was stored', async () => {
  const bare = delivery({ action: null, installationId: null, repositoryId: null })
  const full = delivery({ installationId: 2 ** 53 - 1, repositoryId: 2 ** 40, action: 'a\u0000b' })
  await intake.insert([bare, full])
  expect(await log.get(bare.id)).toEqual({ ...bare, state: 'received', receivedAt: expect.any(Date) as Date })
  expect(await log.get(full.id)).toMatchObject({ ...full, action: 'a\uFFFDb' })
  expect(await log.get(randomUUID())).toBeNull()
})

test('only deliveries without a job, or whose job is long overdue, are handed to the sweeper, oldest first', async () => {
  const [fresh, old, older, queued, overdue, done] = Array.from({ length: 6 }, () => delivery()) as [
    NewDelivery,
    NewDelivery,
    NewDelivery,
    NewDelivery,
    NewDelivery,
    NewDelivery,
  ]
  await intake.insert([fresh, old, older, queued, overdue, done])
  await intake.markQueued([queued.id, overdue.id, done.id])
  await log.finish(done.id, 'done', 'reviewed')
  for (const [one, seconds] of [
    [old, 60],
    [older, 120],
    [queued, 240],
    [overdue, 1200],
    [done, 1200],
  ] as const)
    await age(one.id, 'received_at', seconds)
  await age(queued.id, 'queued_at', 599)
  await age(overdue.id, 'queued_at', 601)
  await age(done.id, 'queued_at', 601)
  expect(await intake.unqueued(30_000, 10)).toEqual([overdue.id, older.id, old.id])
  expect(await intake.unqueued(30_000, 1)).toEqual([overdue.id])
  expect(await intake.unqueued(0, 10)).toEqual([overdue.id, older.id, old.id, fresh.id])
})

test('marking a finished delivery as queued changes nothing', async () => {
  const one = delivery()
  await intake.insert([one])
  await log.finish(one.id, 'failed', 'input-malformed \u0000')
  await intake.markQueued([one.id, randomUUID()])
  expect((await log.get(one.id))?.state).toBe('failed')
  const { rows } = await owner.query('select outcome from production.deliveries')
  expect(rows).toEqual([{ outcome: 'input-malformed \uFFFD' }])
})

test('payloads of deliveries that ended longer ago are forgotten, once, and their rows still deduplicate', async () => {
  const [old, recent, open] = [delivery(), delivery(), delivery()]
  await intake.insert([old, recent, open])
  await log.finish(old.id, 'done', '')
  await log.finish(recent.id, 'done', '')
  await age(old.id, 'finished_at', 8 * 86_400)
  await age(recent.id, 'finished_at', 6 * 86_400)
  await age(open.id, 'received_at', 80 * 86_400)
  expect(await log.purgePayloads(7)).toBe(1)
  expect(await log.purgePayloads(7)).toBe(0)
  expect(await log.get(old.id)).toBeNull()
  expect(await log.get(recent.id)).not.toBeNull()
  expect(await log.get(open.id)).not.toBeNull()
  expect(await intake.insert([old])).toEqual(new Set())
})
