import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type pg from 'pg'
import { runCupel, type Said } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const bin = fileURLToPath(new URL('../../bin/cupel.js', import.meta.url))
let database: TestDatabase
let owner: pg.Pool
let folder: string
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  folder = await mkdtemp(join(tmpdir(), 'cupel-audit-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})
beforeEach(() =>
  owner.query(
    `alter table audit.event_log disable trigger all; truncate audit.event_log;
     update audit.head set sequence = 0, hash = repeat('0', 64);
     select audit.append('ann', 'pull-request.pause', 'pull:' || n, '{}') from generate_series(1, 20) n`,
  ),
)

const cupel = (
  args: string[],
  env: Record<string, string> = { DATABASE_URL: database.ownerUrl },
): Promise<Said> => runCupel(args, env)

/** Runs the command as a user would, in a folder of its own: no file of ours is read. */
async function started(
  args: string[],
  env: Record<string, string> = { DATABASE_URL: database.ownerUrl },
): Promise<Said> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const code = new Promise<number>(done => child.once('close', status => done(status ?? -1)))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, out, err }
}

async function exported(content: string): Promise<string> {
  const file = join(folder, 'heads.jsonl')
  await writeFile(file, content)
  return file
}

describe('cupel audit verify', () => {
  test('answers 0 and the head of an intact chain, for the owner and the operator, heads given or not', async () => {
    const { rows } = await owner.query<{ hash: string }>('select hash from audit.head')
    const intact = { code: 0, out: `intact: 20 rows, head ${rows[0]?.hash}\n`, err: '' }
    for (const run of [started, cupel]) expect(await run(['audit', 'verify'])).toEqual(intact)
    const heads = await cupel(['audit', 'heads', '--database', database.url('cupel_operator')], {})
    expect(heads).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(heads.out)).toEqual({
      sequence: 20,
      hash: rows[0]?.hash,
      time: expect.any(String) as string,
    })
    const file = await exported(`${heads.out}\n\n${heads.out}`)
    const operator = ['--database', database.url('cupel_operator')]
    expect(await cupel(['audit', 'verify', '--heads', file, ...operator], {})).toEqual(intact)
  })

  test.each<[string, string, string]>([
    [
      'a changed row',
      "update audit.event_log set event = replace(event, 'ann', 'eve') where sequence = 7",
      'broken at row 7: hash\n',
    ],
    ['a cut tail', 'delete from audit.event_log where sequence > 15', 'broken at row 16: tail-cut\n'],
  ])('answers 1 and names %s', async (_what, tamper, out) => {
    await owner.query(tamper)
    for (const run of [started, cupel])
      expect(await run(['audit', 'verify'])).toEqual({ code: 1, out, err: '' })
  })

  test('finds a tail that was cut together with the head by the heads kept elsewhere only', async () => {
    const file = await exported((await cupel(['audit', 'heads'])).out)
    await owner.query(
      `delete from audit.event_log where sequence > 15;
       update audit.head set sequence = 15, hash = (select hash from audit.event_log where sequence = 15)`,
    )
    expect((await cupel(['audit', 'verify'])).code).toBe(0)
    expect(await cupel(['audit', 'verify', '--heads', file])).toEqual({
      code: 1,
      out: 'broken at row 16: tail-cut\n',
      err: '',
    })
  })

  test('answers 2 to a heads file that is none and names the line', async () => {
    const file = await exported(`{"sequence":1,"hash":"${'a'.repeat(64)}"}\n\n{"sequence":1,\n`)
    expect(await cupel(['audit', 'verify', '--heads', file])).toEqual({
      code: 2,
      out: '',
      err: `could not check: ${file} line 3 is no line of \`cupel audit heads\`\n`,
    })
  })

  test('answers 2 when it could not look: no database, none there, no right to look, no heads file', async () => {
    expect(await cupel(['audit', 'verify'], {})).toEqual({
      code: 2,
      out: '',
      err: 'no database: set DATABASE_URL or pass --database\n',
    })
    const unreachable = await cupel(['audit', 'heads', '--database', 'postgres://a:secret@127.0.0.1:1/x'])
    expect(unreachable).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('could not check: ') as string,
    })
    expect(unreachable.err).not.toContain('secret')
    expect(
      await cupel(['audit', 'verify'], { DATABASE_URL: database.url('cupel_production') }),
    ).toMatchObject({
      code: 2,
      err: 'could not check: permission denied for schema audit\n',
    })
    expect(await cupel(['audit', 'verify', '--heads', join(folder, 'nowhere')])).toMatchObject({
      code: 2,
      out: '',
    })
  })
})

test.each([
  'audit heads',
  'migrate',
  'cost',
  'experiment list',
  'feedback show',
  'gate show',
  'label',
  'samples purge',
])('the help of cupel %s prints no password', async command => {
  const answer = await started([...command.split(' '), '--help'], { DATABASE_URL: 'postgres://a:secret@h/x' })
  expect(answer).toMatchObject({ code: 0, out: expect.stringContaining('DATABASE_URL') as string })
  expect(answer.out).not.toContain('secret')
})

describe('cupel migrate', () => {
  test('answers 0, also when there is nothing to do', async () => {
    for (const run of [started, cupel])
      expect(await run(['migrate'])).toEqual({ code: 0, out: 'the database is up to date\n', err: '' })
  })

  test('--wait tries again while the server refuses, and goes on when it does not', async () => {
    const url = new URL(database.ownerUrl)
    const { hostname } = url
    const port = Number(url.port)
    let refusals = 0
    const server = createServer(socket => {
      if (refusals++ === 0) return void socket.destroy()
      socket.pipe(connect(port, hostname)).pipe(socket)
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const refused = await cupel(['migrate'], { DATABASE_URL: url.href })
      expect(refused).toMatchObject({ code: 1, out: '' })
      refusals = 0
      const answer = await cupel(['migrate', '--wait', '60'], { DATABASE_URL: url.href })
      expect(answer).toMatchObject({ code: 0, out: 'the database is up to date\n' })
      expect(answer.err).toMatch(/^the database .* cannot be used .*; trying again\n$/)
    } finally {
      server.close()
    }
  })

  test.each<[string, number, () => Record<string, string>, RegExp]>([
    ['no database', 2, () => ({}), /^no database: set DATABASE_URL or pass --database\n$/],
    ['no URL', 1, () => ({ DATABASE_URL: 'localhost' }), /^cupel: DATABASE_URL is not a URL: .*\n$/],
    [
      'a password that is not encoded',
      1,
      () => ({ DATABASE_URL: 'postgres://a:secret%zz@h/x' }),
      /^cupel: DATABASE_URL is not a URL: .*\n$/,
    ],
    [
      'no password',
      1,
      () => ({ DATABASE_URL: 'postgres://a@h/x' }),
      /^cupel: DATABASE_URL needs a password: .*\n$/,
    ],
    [
      'a server that is not there',
      1,
      () => ({ DATABASE_URL: 'postgres://a:secret@127.0.0.1:1/x' }),
      /^cupel: the database 127\.0\.0\.1:1\/x cannot be used \(.*ECONNREFUSED.*\); .*\n$/,
    ],
    [
      'a role that may not',
      1,
      () => ({ DATABASE_URL: database.url('cupel_production') }),
      /^cupel: DATABASE_URL must name the database’s owner, .*CREATEROLE\)\n$/,
    ],
  ])('with %s answers %i and one line that says what to do', async (_what, code, env, err) => {
    const answer = await cupel(['migrate'], env())
    expect(answer).toMatchObject({ code, out: '', err: expect.stringMatching(err) as string })
    expect(answer.err).not.toContain('secret')
  })
})
