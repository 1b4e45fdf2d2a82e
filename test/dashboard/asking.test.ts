import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { dashboardWorld, fieldsOf, type DashboardWorld } from './dashboard-world.ts'

let world: DashboardWorld
let cookie: string
let promote: Record<string, string>
beforeAll(async () => {
  world = await dashboardWorld()
  await world.gate.trial('open', 'unjudged')
  await world.gate.trial('late', 'slow')
  await world.gate.tick()
  cookie = await world.signIn('ann')
  promote = fieldsOf((await world.get('/experiments/open', cookie)).text, 'promote')
})
afterAll(() => world.close())

const asked = async (): Promise<number> =>
  (await world.gate.owner.query('select 1 from gate.actions')).rows.length

test('a form sent twice is one action with one audit row, which names the login', async () => {
  const fields: Record<string, string> = { ...promote, reason: 'it is time' }
  const both = await Promise.all([1, 2].map(() => world.post('/actions', fields, { cookie })))
  for (const { status, headers } of both) {
    expect(status).toBe(303)
    expect(headers.get('location')).toBe(`/actions/${fields['key']}`)
  }
  const { rows } = await world.gate.owner.query(
    'select id, kind, subject, reason, actor, source from gate.actions',
  )
  expect(rows).toEqual([
    {
      id: fields['key'],
      kind: 'promote',
      subject: 'open',
      reason: 'it is time',
      actor: 'ann',
      source: 'dashboard',
    },
  ])
  const audited = await world.gate.owner.query<{ actor: string }>(
    `select event::json ->> 'actor' as actor from audit.event_log where event::json ->> 'action' = 'gate.action.promote'`,
  )
  expect(audited.rows).toEqual([{ actor: 'ann' }])
})

test('what is asked waits for the gate, which takes it in its next turn, and its answer is shown', async () => {
  const path = `/actions/${promote['key']}`
  const waiting = (await world.get(path, cookie)).text
  expect(waiting).toContain('the gate answers in its next turn')
  expect(waiting).toContain('http-equiv="refresh"')
  await world.gate.tick()
  const answered = (await world.get(path, cookie)).text
  expect(answered).toMatch(/done: wait \(verdict .*0 of 60 labelled/)
  expect(answered).not.toContain('http-equiv="refresh"')
  expect((await world.get('/actions', cookie)).text).toContain('dashboard')
})

test('a record is asked to be blacklisted, whole or in part, and to be tried again once it may be', async () => {
  const [record] = await world.gate.deps.quarantine.records()
  const path = `/quarantine/${record?.id}`
  const before = (await world.get(path, cookie)).text
  expect(() => fieldsOf(before, 'reevaluate')).toThrow('no form')
  world.now = new Date(world.now.getTime() + 8 * 86_400_000)
  const own = await world.signIn('bea')
  const later = (await world.get(path, own)).text
  world.now = new Date()
  expect(fieldsOf(later, 'reevaluate')).toMatchObject({ subject: record?.id })
  const fields: Record<string, string> = {
    ...fieldsOf(before, 'blacklist'),
    part: 'model',
    reason: 'it leaks',
  }
  await world.post('/actions', fields, { cookie })
  await world.gate.tick()
  expect(await world.gate.answerTo(fields['key'] ?? '')).toEqual({
    state: 'done',
    outcome: 'model openai/model-of-late is blacklisted',
  })
})

describe('nothing is asked by a form', () => {
  it.each<[string, number, () => Promise<{ status: number; text: string }>]>([
    ['without a session', 401, () => world.post('/actions', { ...promote, reason: 'r' })],
    [
      'of another session',
      403,
      async () => world.post('/actions', { ...promote, reason: 'r' }, { cookie: await world.signIn('eve') }),
    ],
    ['without its token', 403, () => send({ token: '' })],
    ['from another origin', 403, () => send({}, { origin: 'https://evil.example' })],
    ['from a page without an origin', 403, () => send({}, { origin: 'null' })],
    ['from another site', 403, () => send({}, { 'sec-fetch-site': 'cross-site' })],
    ['from another port of this host', 403, () => send({}, { 'sec-fetch-site': 'same-site' })],
    ['without a reason', 400, () => send({ reason: ' ' })],
    ['with too long a reason', 400, () => send({ reason: 'x'.repeat(2001) })],
    ['with a key of its own making', 400, () => send({ key: 'comment:1' })],
    ['for what nobody can ask', 400, () => send({ kind: 'destroy' })],
    ['without a subject', 400, () => send({ subject: '' })],
    ['that is too large', 413, () => send({ reason: 'x'.repeat(100_000) })],
    ['that is JSON', 415, () => send({}, { 'content-type': 'application/json' })],
    ['sent to a page', 405, () => world.post('/experiments', promote, { cookie })],
  ])('%s: %i', async (_, status, attempt) => {
    const before = await asked()
    expect((await attempt()).status).toBe(status)
    expect(await asked()).toBe(before)
  })

  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    world.post(
      '/actions',
      { ...promote, key: randomUUID(), reason: 'because', ...fields },
      { cookie, ...headers },
    )
})
