import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { archive } from '../../src/adapters/postgres/archive.ts'
import { createArchiveServer } from '../../src/archive/server.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const configuration = '{"prompt":"<b>review@1</b>"}'
const configurationId = createHash('sha256').update(configuration).digest('hex')
const hostile = '<script>alert(1)</script> & "quoted"'

let database: TestDatabase
let server: Server
let url: string
beforeAll(async () => {
  database = await testDatabase()
  const owner = database.pool('owner')
  await owner.query(
    `insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome,
       failure_reasons, metrics_at_failure, impact_analysis, re_evaluation_eligible_from, quarantined_at)
     select 'r' || n, 'e' || n, $1, $2, 'failed', $3, '{"accuracy":0.5}', '[]', '2026-12-01', timestamptz '2026-11-01' + n * interval '1 hour'
     from generate_series(1, 101) n`,
    [configurationId, configuration, JSON.stringify([hostile])],
  )
  await owner.query(
    `insert into quarantine.blacklist (fingerprint, kind, quarantine_record_id, reason) values ('model:m', 'part', 'r1', $1)`,
    [hostile],
  )
  server = createArchiveServer({
    archive: archive(database.pool('cupel_archive')),
    metrics: { contentType: 'text/plain', render: async () => 'up 1\n' },
    log: { error: () => {} },
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await new Promise(resolve => server.close(resolve))
  await database.drop()
})

const read = async (path: string, method = 'GET') => {
  const response = await fetch(url + path, { method })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

describe('the archive’s API', () => {
  it('lists records, newest first, a page at a time, and each once', async () => {
    const first = JSON.parse((await read('/api/records')).text) as { records: { id: string }[]; more: string }
    expect(first.records.map(record => record.id)).toEqual(
      Array.from({ length: 100 }, (_, n) => `r${101 - n}`),
    )
    const rest = JSON.parse((await read(`/api/records?before=${first.more}`)).text) as typeof first
    expect(rest).toMatchObject({ records: [{ id: 'r1', experimentId: 'e1' }], more: null })
  })

  it('answers a configuration byte for byte, so that its id can be checked', async () => {
    const { status, text } = await read(`/api/configurations/${configurationId}`)
    expect({ status, id: createHash('sha256').update(text).digest('hex') }).toEqual({
      status: 200,
      id: configurationId,
    })
  })

  it.each([
    '/api/records/none',
    `/api/configurations/${'0'.repeat(64)}`,
    '/api/none',
    '/records/%E0%A4%A',
    '/none',
    "/records/'%20or%201=1",
  ])('has nothing at %s', async path => {
    expect((await read(path)).status).toBe(404)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses %s', async method => {
    expect(await read('/api/records', method)).toMatchObject({ status: 405 })
  })
})

test.each([
  ['/', 'r101'],
  ['/records/r1', 'accuracy'],
  ['/blacklist', 'model:m'],
])('the page %s shows what is archived, none of it as markup', async (path, shown) => {
  const { status, text, headers } = await read(path)
  expect(status).toBe(200)
  expect(text).toContain(shown)
  expect(text).not.toContain('<script>')
  expect(text).not.toContain('<b>review')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
})
