import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { bullQueues } from '../../../src/adapters/queue/bull.ts'
import { migrate } from '../../../src/adapters/postgres/migrate.ts'
import { rolePassword, roles, roleUrl } from '../../../src/adapters/postgres/roles.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../sandbox/postgres.ts'

// A server of its own: roles are the server's, and these tests make them under another owner.
let server: EmbeddedPostgres
beforeAll(async () => {
  server = await startEmbeddedPostgres({
    dataDir: await mkdtemp(join(tmpdir(), 'cupel-migrate-')),
    persistent: false,
  })
})
afterAll(() => server.stop())

let name: string
beforeEach(() => (name = `m_${randomBytes(4).toString('hex')}`))
afterEach(async () => {
  await as(server.ownerUrl, `drop database if exists ${name} with (force)`)
})

async function as<T extends pg.QueryResultRow>(url: string, ...statements: string[]): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: T[] = []
    for (const statement of statements) rows = (await client.query<T>(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

function urlOf(user?: string, password?: string): string {
  const url = new URL(server.ownerUrl)
  url.pathname = `/${name}`
  if (user) url.username = user
  if (password) url.password = password
  return url.href
}

async function applied(url: string): Promise<string[]> {
  const rows = await as<{ name: string }>(url, 'select name from public.cupel_migrations order by id')
  return rows.map(row => row.name)
}
const files = async () => (await readdir('migrations')).map(file => file.replace(/\.sql$/, '')).toSorted()

test('an owner who is no superuser and owns only the database can migrate, and the queue works for both its roles', async () => {
  await as(
    server.ownerUrl,
    `create role manager login createrole password 'secret'`,
    `create database ${name} owner manager`,
  )
  const owner = urlOf('manager', 'secret')
  const lines: string[] = []
  await migrate(owner, line => lines.push(line))
  await migrate(owner, line => lines.push(line))
  expect(lines).toEqual([])
  expect(await applied(owner)).toEqual(await files())
  const queues = (['cupel_web', 'cupel_production'] as const).map(role =>
    bullQueues({ backend: 'postgres', url: roleUrl(owner, role), schema: 'queue_production' }),
  )
  for (const [n, queue] of queues.entries()) {
    await queue.queue('q').addMany([
      { id: `${n}-a`, data: null },
      { id: `${n}-b`, data: null },
    ])
  }
  expect((await queues[0]?.queue('q').depth())?.waiting).toBe(4)
  await Promise.all(queues.map(queue => queue.close()))
  await as(
    server.ownerUrl,
    `drop database ${name} with (force)`,
    ...roles.map(role => `drop role ${role}`),
    'drop role manager',
  )
})

test('four starters at once bring one database to this version, each waiting for its turn', async () => {
  await as(server.ownerUrl, `create database ${name}`)
  await Promise.all(Array.from({ length: 4 }, () => migrate(urlOf())))
  expect(await applied(urlOf())).toEqual(await files())
  expect(await as(urlOf(), 'select id from production.releases')).toEqual([{ id: 'genesis' }])
})

test('each role logs in with the password that derives from the owner’s, and with no other role’s', async () => {
  await as(server.ownerUrl, `create database ${name}`)
  await migrate(urlOf())
  for (const role of roles) {
    expect(await as(roleUrl(urlOf(), role), 'select current_user::text as me')).toEqual([{ me: role }])
    const other = roles.find(candidate => candidate !== role) as (typeof roles)[number]
    await expect(as(urlOf(role, rolePassword(urlOf(), other)), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    })
  }
})

test('a role that has no business in another database of the server cannot connect to ours without a grant', async () => {
  await as(
    server.ownerUrl,
    `create database ${name}`,
    'drop role if exists stranger',
    `create role stranger login password 'x'`,
  )
  await migrate(urlOf())
  await expect(as(urlOf('stranger', 'x'), 'select 1')).rejects.toMatchObject({ code: '42501' })
})

test('an owner’s URL without a password is refused before anything is changed', async () => {
  await as(server.ownerUrl, `create database ${name}`)
  const url = new URL(urlOf())
  url.password = ''
  await expect(migrate(url.href)).rejects.toMatchObject({ code: 'configuration-invalid', retry: 'never' })
  expect(await as(urlOf(), "select nspname from pg_namespace where nspname = 'production'")).toEqual([])
})
