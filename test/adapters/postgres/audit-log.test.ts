import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { auditHead, auditLog, auditRows } from '../../../src/adapters/postgres/audit-log.ts'
import {
  auditHash,
  chainStart,
  verifyChain,
  type AuditHead,
  type ChainVerdict,
} from '../../../src/core/audit.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let production: pg.Pool
let operator: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  production = database.pool('cupel_production', 5)
  operator = database.pool('cupel_operator', 1)
})
afterAll(() => database.drop())
beforeEach(() =>
  owner.query(
    `alter table audit.event_log disable trigger all; truncate audit.event_log;
     alter table audit.event_log enable trigger all; update audit.head set sequence = 0, hash = repeat('0', 64)`,
  ),
)

const event = (n: number) => ({
  actor: 'ann',
  action: 'pull-request.pause',
  subject: `pull:${n}`,
  data: { n },
})

async function verified(heads: readonly AuditHead[] = []): Promise<ChainVerdict> {
  const client = await operator.connect()
  try {
    return await verifyChain(auditRows(client), heads)
  } finally {
    client.release()
  }
}

/** What somebody with the superuser's hand on the server could do. */
async function tamper(text: string): Promise<void> {
  await owner.query('alter table audit.event_log disable trigger all')
  await owner.query(text)
}

test('twenty appenders at once make one chain without gap or fork', async () => {
  const logs = [1, 2, 3, 4].map(() => auditLog(database.pool('cupel_production', 5)))
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => (logs[n % logs.length] as (typeof logs)[number]).append(event(n))),
  )
  expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))
  const head = await auditHead(owner)
  expect(head.sequence).toBe(200)
  expect(await verified([head])).toEqual({ outcome: 'intact', head })
})

test('an append whose transaction is rolled back leaves no trace and no gap', async () => {
  await auditLog(production).append(event(1))
  const client = await production.connect()
  await client.query('begin')
  expect(await auditLog(client).append(event(2))).toBe(2)
  await client.query('rollback')
  client.release()
  expect(await auditLog(production).append(event(3))).toBe(2)
  expect(await verified()).toMatchObject({ outcome: 'intact', head: { sequence: 2 } })
})

test('a row says who logged in, whatever it is told, and hashes as the code does', async () => {
  await auditLog(production).append({
    actor: 'ann',
    action: 'forget',
    subject: 'installation:1',
    data: { role: 'cupel_gate', actor: 'nobody', recordedAt: '1970' },
  })
  const { rows } = await owner.query<Record<string, string>>(
    'select sequence, previous_hash, hash, event, role, actor, action, subject, recorded_at from audit.event_log',
  )
  const row = rows[0] ?? {}
  expect(row).toMatchObject({
    sequence: '1',
    previous_hash: chainStart,
    hash: auditHash(chainStart, 1, row['event'] ?? ''),
    role: 'cupel_production',
    actor: 'ann',
    action: 'forget',
    subject: 'installation:1',
    recorded_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
  })
})

test.each<[string, string]>([
  ['NUL', '\u0000'],
  ['a lone surrogate', '\uD800'],
  ['quotes and backslashes', '"\\u0000\\"},"role":"postgres"'],
  ['every plane', 'é \u{1F984} \u202E \uFFFF'],
  ['100 kB', 'x'.repeat(100_000)],
])('%s in every field is recorded and the chain stays intact', async (_what, odd) => {
  const log = auditLog(production)
  await log.append({ actor: odd, action: odd, subject: odd, data: { [odd]: [odd] } })
  await log.append(event(2))
  expect(await verified([await auditHead(owner)])).toMatchObject({ outcome: 'intact', head: { sequence: 2 } })
  const { rows } = await owner.query<{ role: string; data: unknown }>(
    "select role, event::json -> 'data' as data from audit.event_log where sequence = 1",
  )
  const storable = odd.toWellFormed().replaceAll('\u0000', '\uFFFD')
  expect(rows).toEqual([{ role: 'cupel_production', data: { [storable]: [storable] } }])
})

describe('of a chain of 1,100 rows', () => {
  let heads: AuditHead[]
  beforeEach(async () => {
    await owner.query(
      "select audit.append('ann', 'pull-request.pause', 'pull:' || n, '{}') from generate_series(1, 1100) n",
    )
    heads = [await auditHead(owner)]
  })

  test('every row is read, in order, over several pages', async () => {
    expect(await verified(heads)).toEqual({ outcome: 'intact', head: heads[0] })
  })

  test.each<[string, string, number, string]>([
    [
      'a changed row',
      `update audit.event_log set event = replace(event, 'pause', 'resume') where sequence = 1050`,
      1050,
      'hash',
    ],
    [
      'a changed row with its hash made anew',
      `update audit.event_log set event = replace(event, 'pause', 'resume'), hash = encode(sha256(convert_to(
         previous_hash || sequence || replace(event, 'pause', 'resume'), 'UTF8')), 'hex') where sequence = 1050`,
      1051,
      'link',
    ],
    ['a removed row', 'delete from audit.event_log where sequence = 1000', 1000, 'row-missing'],
    ['a removed first row', 'delete from audit.event_log where sequence = 1', 1, 'row-missing'],
    ['a cut tail', 'delete from audit.event_log where sequence > 1090', 1091, 'tail-cut'],
    ['a log emptied', 'truncate audit.event_log', 1, 'tail-cut'],
    [
      'a tail cut and grown again',
      `delete from audit.event_log where sequence > 1090;
       update audit.head set sequence = 1090, hash = (select hash from audit.event_log where sequence = 1090);
       select audit.append('eve', 'pull-request.pause', 'pull:' || n, '{}') from generate_series(1, 20) n`,
      1100,
      'not-the-exported-row',
    ],
  ])('%s is named', async (_what, text, sequence, why) => {
    await tamper(text)
    expect(await verified(heads)).toEqual({ outcome: 'broken', sequence, why })
  })
})

test('reading while others append sees one moment of the log', async () => {
  const log = auditLog(production)
  await owner.query("select audit.append('a', 'b', 'c', '{}') from generate_series(1, 1500) n")
  const client = await operator.connect()
  const rows = auditRows(client)
  await rows.next()
  await log.append(event(1))
  let last = 1
  for await (const row of rows) last = row.sequence
  client.release()
  expect(last).toBe(1500)
})

test.each([
  ['update', 'update audit.event_log set event = event where sequence = 1'],
  ['delete', 'delete from audit.event_log'],
  ['truncate', 'truncate audit.event_log'],
  ['remove the head', 'delete from audit.head'],
  ['truncate the head', 'truncate audit.head'],
])('not even the owner may %s', async (_what, text) => {
  await auditLog(production).append(event(1))
  await expect(owner.query(text)).rejects.toMatchObject({
    code: '42501',
    message: expect.stringContaining('append-only') as string,
  })
})

const hash = "repeat('a', 64)"
const whole = `'{"role":"r","actor":"a","action":"b","subject":"c","recordedAt":"d"}'`
test.each([
  ['sequence 0', `0, ${hash}, repeat('b', 64), ${whole}`, '23514'],
  ['a hash that is none', `1, ${hash}, 'x', ${whole}`, '23514'],
  ['an event that is no JSON', `1, ${hash}, repeat('b', 64), 'x'`, '22P02'],
  ['an event without its parts', `1, ${hash}, repeat('b', 64), '{}'`, '23502'],
  ['a sequence that is taken', `9, repeat('c', 64), repeat('d', 64), ${whole}`, '23505'],
  ['a predecessor that has a successor', `10, repeat('e', 64), repeat('d', 64), ${whole}`, '23505'],
])('the table refuses %s', async (_what, values, code) => {
  const insert = 'insert into audit.event_log (sequence, previous_hash, hash, event) values'
  await owner.query(`${insert} (9, repeat('e', 64), repeat('f', 64), ${whole})`)
  await expect(owner.query(`${insert} (${values})`)).rejects.toMatchObject({ code })
})

test('there is one head and no second', async () => {
  await expect(owner.query("insert into audit.head (sequence, hash) values (1, '')")).rejects.toMatchObject({
    code: '23505',
  })
  await expect(
    owner.query("insert into audit.head (only_row, sequence, hash) values (false, 1, '')"),
  ).rejects.toMatchObject({ code: '23514' })
})
