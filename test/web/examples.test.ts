import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { decideEvent } from '../../src/core/event.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { post, rows, startWeb, webhook, type Web } from './setup.ts'

let database: TestDatabase
let owner: pg.Pool
let web: Web
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  web = await startWeb(database)
})
afterAll(async () => {
  await web.close()
  await database.drop()
})

const folder = new URL('../../node_modules/@octokit/webhooks-examples/', import.meta.url)
const versions = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory())

describe.each(versions.map(entry => entry.name))('every webhook example of %s', version => {
  const text = readFileSync(new URL(`${version}/index.json`, folder), 'utf8')
  const sent = (JSON.parse(text) as { name: string; examples: object[] }[]).flatMap(({ name, examples }) =>
    examples.map(example => ({ id: randomUUID(), name, payload: JSON.stringify(example) })),
  )

  test('is stored as it was signed, and means something or is ignored with a reason', async () => {
    expect(sent.length).toBeGreaterThan(40)
    for (const { id, name, payload } of sent) {
      const headers = { 'x-github-event': name, 'x-github-delivery': id }
      expect(await post(web.url, webhook(payload, headers)), name).toEqual({
        status: 202,
        body: { delivery: 'accepted' },
      })
    }
    const stored = new Map((await rows(owner)).map(({ id, event, payload }) => [id, { id, event, payload }]))
    for (const { id, name, payload } of sent) {
      expect(stored.get(id)).toEqual({ id, event: name, payload })
      const event = { name, deliveryId: id, payload: JSON.parse(stored.get(id)?.payload ?? '') as unknown }
      for (const intent of decideEvent(event, { id: 1 })) expect(intent.kind, name).not.toBe('unreadable')
    }
  })
})
