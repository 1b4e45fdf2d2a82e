import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../sandbox/postgres.ts'

let dataDir: string
let servers: EmbeddedPostgres[]
let children: ChildProcess[]
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cupel-embedded-'))
  servers = []
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(servers.map(server => server.stop()))
  // A server that was told to end may still be writing.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 })
})

async function start(
  more: { persistent?: boolean; log?: (line: string) => void } = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, persistent: true, ...more })
  servers.push(server)
  return server
}

/** Starts a server from another process and answers when it is up. */
async function startElsewhere(): Promise<{ url: string; child: ChildProcess }> {
  const holder = fileURLToPath(new URL('./postgres-holder.ts', import.meta.url))
  const child = spawn(process.execPath, [holder, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return { url: line.toString().trim(), child }
}

async function ask<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<T>(text)).rows
  } finally {
    await client.end()
  }
}

async function serverPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0])
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a folder is used again: what was committed is there, under the same password', async () => {
  const first = await start()
  await ask(first.ownerUrl, 'create table t (n int); insert into t values (7)')
  await first.stop()
  await first.stop()
  expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(false)
  const second = await start()
  expect(new URL(second.ownerUrl).password).toBe(new URL(first.ownerUrl).password)
  expect(await ask(second.ownerUrl, 'select n from t')).toEqual([{ n: 7 }])
})

test('it listens on the loopback address only, asks for a password and is durable', async () => {
  const { ownerUrl } = await start()
  expect(
    await ask(
      ownerUrl,
      "select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories', 'fsync', 'full_page_writes') order by 1",
    ),
  ).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'unix_socket_directories', setting: '' },
  ])
  const wrong = new URL(ownerUrl)
  wrong.password = 'wrong'
  await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
})

test('a folder that is not to be kept is gone after stop', async () => {
  const server = await start({ persistent: false })
  await server.stop()
  expect(existsSync(dataDir)).toBe(false)
})

test('a folder that another living process uses is refused, by its number, and its server goes on', async () => {
  const { url, child } = await startElsewhere()
  await expect(start()).rejects.toThrow(
    `the database folder ${dataDir} is in use by process ${child.pid}: stop it, or name another folder`,
  )
  expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a process killed by SIGKILL leaves no server behind, and what it had committed is there', async () => {
  const { url, child } = await startElsewhere()
  await ask(url, 'create table t (n int); insert into t values (7)')
  const server = await serverPid()
  expect(alive(server)).toBe(true)
  child.kill('SIGKILL')
  await expect.poll(() => alive(server), { timeout: 20_000 }).toBe(false)
  const next = await start()
  expect(await ask(next.ownerUrl, 'select n from t')).toEqual([{ n: 7 }])
})

test('a server that an ended process left running is stopped and its folder taken over', async () => {
  const first = await start()
  await ask(first.ownerUrl, 'create table t (n int); insert into t values (7)')
  const orphan = await serverPid()
  // As after a power cut of the supervisor alone: the number of a process that is gone.
  const gone = spawn('true')
  await once(gone, 'exit')
  await writeFile(join(dataDir, 'cupel.pid'), String(gone.pid))
  const second = await start()
  expect(alive(orphan)).toBe(false)
  expect(await ask(second.ownerUrl, 'select n from t')).toEqual([{ n: 7 }])
})

test('what a killed server and a half-made folder leave behind is cleared away', async () => {
  const first = await start()
  await ask(first.ownerUrl, 'create table t (n int); insert into t values (7)')
  process.kill(await serverPid(), 'SIGKILL')
  await first.stop()
  await writeFile(`${dataDir}.password`, 'old')
  expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(true)
  const second = await start()
  expect(await ask(second.ownerUrl, 'select n from t')).toEqual([{ n: 7 }])
  await rm(`${dataDir}.password`)
})
