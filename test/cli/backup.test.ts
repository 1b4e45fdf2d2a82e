import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type pg from 'pg'
import { lastBackup } from '../../src/adapters/postgres/backups.ts'
import { readStructure } from '../../src/adapters/postgres/structure.ts'
import { backedUpSchemas } from '../../src/core/backup.ts'
import { runCupel, type Said } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { zoneRows } from '../support/zone-rows.ts'

const key = Buffer.alloc(32, 7).toString('base64')
let database: TestDatabase
let owner: pg.Pool
let folder: string
let file: string
let before: Record<string, string>
let pools: Record<(typeof zoneQueries)[number][1], pg.Pool>

const cupel = (args: string[], env: Record<string, string> = {}): Promise<Said> =>
  runCupel(args, { DATABASE_URL: database.ownerUrl, CUPEL_BACKUP_KEY: key, ...env })

/** Per table how many rows it has and a digest of all of them, whatever their order. */
async function contents(): Promise<Record<string, string>> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname = any ($1) order by 1`,
    [backedUpSchemas],
  )
  const found: Record<string, string> = {}
  for (const { name } of tables) {
    const { rows } = await owner.query<{ said: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as said from ${name} t`,
    )
    found[name] = rows[0]?.said ?? ''
  }
  return found
}

/** Every object and how it is made, in whatever order. */
const objects = async () =>
  Object.fromEntries((await readStructure(owner)).map(({ key: name, sql }) => [name, sql]))

const inSchema = (all: Record<string, string>, schema: string) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith(`${schema}.`)))

const zoneQueries = [
  ['production', 'cupel_production', 'select count(*) from production.code_reviews'],
  ['experiments_v1', 'cupel_experiments', 'select count(*) from experiments_v1.code_analyses'],
  ['gate', 'cupel_gate', 'select count(*) from gate.labels'],
  ['quarantine', 'cupel_archive', 'select count(*) from quarantine.quarantine_summary'],
  ['audit', 'cupel_operator', 'select count(*) from audit.event_log'],
] as const

/** Every zone but one asks its own tables again and again while the work is done; answers how often the slowest was answered. */
async function servingOthers(schema: string, work: () => Promise<void>): Promise<number> {
  let over = false
  const others = zoneQueries.filter(([zone]) => zone !== schema)
  const serving = Promise.all(
    others.map(async ([, role, sql]) => {
      let answers = 0
      for (; !over; answers++) await pools[role].query(sql)
      return answers
    }),
  )
  await work().finally(() => (over = true))
  return Math.min(...(await serving))
}

beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 2)
  pools = {
    cupel_production: database.pool('cupel_production', 1),
    cupel_experiments: database.pool('cupel_experiments', 1),
    cupel_gate: database.pool('cupel_gate', 1),
    cupel_archive: database.pool('cupel_archive', 1),
    cupel_operator: database.pool('cupel_operator', 1),
  }
  folder = await mkdtemp(join(tmpdir(), 'cupel-backup-'))
  await owner.query(zoneRows(100))
  before = await contents()
  const said = await cupel(['backup', '--to', folder, '--textfile', join(folder, 'cupel.prom')])
  expect(said).toMatchObject({ code: 0, err: '' })
  const [name] = (await readdir(folder)).filter(each => each.endsWith('.backup'))
  file = join(folder, name ?? '')
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

describe('cupel backup', () => {
  it('says when it last succeeded, to the gate, the operator and in a textfile', async () => {
    const taken = await lastBackup(pools.cupel_gate)
    expect(taken?.getTime()).toBeGreaterThan(Date.now() - 600_000)
    expect(await lastBackup(pools.cupel_operator)).toEqual(taken)
    expect(await readFile(join(folder, 'cupel.prom'), 'utf8')).toMatch(
      new RegExp(
        `\ncupel_backup_last_success_timestamp_seconds ${Math.floor((taken?.getTime() ?? 0) / 1_000)}\n$`,
      ),
    )
  })

  it('shows nothing of the rows without the key, and all of the counts with it', async () => {
    const bytes = await readFile(file, 'latin1')
    for (const word of ['delivery-1', 'owner', 'repo-1', 'create table']) expect(bytes).not.toContain(word)
    const said = await cupel(['backup', 'verify', file])
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toContain('\n  production.review_findings 300\n')
    expect(said.out).toMatch(/whole, \d+ rows/)
  })
})

describe('restore drill', () => {
  it.each([
    ['production', 'dropped', 'drop schema production cascade'],
    ['gate', 'dropped', 'drop schema gate cascade'],
    [
      'experiments_v1',
      'emptied',
      'truncate experiments_v1.samples, experiments_v1.code_analyses, experiments_v1.model_answers',
    ],
    [
      'production',
      'damaged, sequence and all',
      `update production.review_findings set path = 'x'; drop table production.feedback cascade`,
    ],
  ])(
    '%s was %s: it is as it was, and everybody else was served all the while',
    async (schema, _how, destroy) => {
      const structure = await objects()
      const all = await contents()
      await owner.query(destroy)
      expect(inSchema(await contents(), schema)).not.toEqual(inSchema(before, schema))
      const answers = await servingOthers(schema, async () => {
        const said = await cupel(['restore', file, '--schema', schema])
        expect(said).toMatchObject({ code: 0, err: '' })
      })
      expect(answers).toBeGreaterThan(5)
      expect(await objects()).toEqual(structure)
      const after = await contents()
      expect(inSchema(after, schema)).toEqual(inSchema(before, schema))
      // The restore itself stands in the audit log and nowhere else.
      for (const other of backedUpSchemas.filter(each => each !== schema && each !== 'audit'))
        expect(inSchema(after, other)).toEqual(inSchema(all, other))
      expect(await cupel(['audit', 'verify'])).toMatchObject({ code: 0, err: '' })
      const { rows } = await owner.query<{ data: unknown }>(
        `select event::json -> 'data' as data from audit.event_log where action = 'database.restore' order by sequence desc limit 1`,
      )
      expect(rows[0]?.data).toMatchObject({ schemas: [schema] })
      // Numbers go on after the last that was given out, also where the table was made anew.
      const { rows: fresh } = await owner.query<{ id: string }>(
        `insert into production.feedback (repository_id, number, comment_id, kind, author_id, author_login, standing, content, given_at)
       values (1, 1, 1, 'reply', 1, 'ann', 'author', 'after', now()) returning id`,
      )
      expect(Number(fresh[0]?.id)).toBeGreaterThan(100)
      await owner.query("delete from production.feedback where content = 'after'")
    },
  )

  it('a destroyed audit log is the chain of the backup again, and goes on from there', async () => {
    await owner.query('drop schema audit cascade')
    const said = await cupel(['restore', file, '--schema', 'audit'])
    expect(said).toMatchObject({ code: 0, err: '' })
    const verified = await cupel(['audit', 'verify'])
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/^intact: 101 rows/) as string })
    await expect(owner.query('delete from audit.event_log')).rejects.toThrow('append-only')
    await expect(owner.query('delete from quarantine.blacklist')).rejects.toThrow('append-only')
  })

  it('another schema that is gone as well is named, and nothing is changed', async () => {
    await owner.query('alter schema quarantine rename to hidden')
    await owner.query('delete from production.feedback where id = 1')
    const damaged = await contents()
    expect(await cupel(['restore', file, '--schema', 'production'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^cupel: table quarantine\.quarantine_records, table quarantine\.blacklist are missing too: restore that schema/,
      ) as string,
    })
    expect(await contents()).toEqual(damaged)
    await owner.query('alter schema hidden rename to quarantine')
    expect(await cupel(['restore', file, '--all'])).toMatchObject({ code: 0, err: '' })
    const after = await contents()
    for (const schema of backedUpSchemas.filter(each => each !== 'audit'))
      expect(inSchema(after, schema)).toEqual(inSchema(before, schema))
  })
})

describe('a backup that must not be restored', () => {
  let all: Record<string, string>
  beforeAll(async () => void (all = await contents()))
  const spoiled = async (spoil: (bytes: Buffer) => Buffer): Promise<string> => {
    const copy = join(folder, 'spoiled')
    await writeFile(copy, spoil(await readFile(file)))
    return copy
  }
  const header = (bytes: Buffer, from: string, to: string): Buffer => {
    const line = bytes.indexOf('\n')
    return Buffer.concat([
      Buffer.from(bytes.subarray(0, line).toString().replace(from, to)),
      bytes.subarray(line),
    ])
  }
  const flip = (bytes: Buffer, at: number): Buffer => {
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }

  it.each<[string, (bytes: Buffer) => Buffer, Record<string, string>, RegExp]>([
    [
      'another key',
      bytes => bytes,
      { CUPEL_BACKUP_KEY: Buffer.alloc(32, 8).toString('base64') },
      /made with another key/,
    ],
    ['no key', bytes => bytes, { CUPEL_BACKUP_KEY: '' }, /CUPEL_BACKUP_KEY must hold 32 bytes/],
    ['its end cut off', bytes => bytes.subarray(0, -1), {}, /changed or cut off/],
    [
      'whole parts cut off',
      bytes => bytes.subarray(0, bytes.indexOf('\n') + 1 + 65_536 + 16),
      {},
      /^cupel: the file is cut off/,
    ],
    [
      'one changed bit in the middle',
      bytes => flip(bytes, bytes.length >> 1),
      {},
      /was changed or cut off: its part \d+ /,
    ],
    ['one changed bit at the end', bytes => flip(bytes, bytes.length - 1), {}, /was changed or cut off/],
    [
      'something after its end',
      bytes => Buffer.concat([bytes, Buffer.from('x')]),
      {},
      /was changed or cut off/,
    ],
    [
      'a changed header',
      bytes => header(bytes, '"takenAt":"2', '"takenAt":"3'),
      {},
      /was changed or cut off: its part 1 /,
    ],
    [
      'another format',
      bytes => header(bytes, '"version":1', '"version":2'),
      {},
      /has format 2; this Cupel reads format 1/,
    ],
    ['no header', () => Buffer.from('PGDMP'), {}, /no backup of Cupel/],
    ['nothing in it', () => Buffer.alloc(0), {}, /no backup of Cupel/],
  ])('%s: it is refused with the reason, and the database stays as it is', async (_what, spoil, env, why) => {
    const said = await cupel(['restore', await spoiled(spoil), '--all'], env)
    expect(said).toMatchObject({ code: 1, out: '', err: expect.stringMatching(why) as string })
    expect(said.err).toMatch(/^cupel: [^\n]*\n$/)
    expect(await contents()).toEqual(all)
  })

  it('of a database at another version: refused with what to do', async () => {
    await owner.query("insert into public.cupel_migrations (name, run_on) values ('9999_later', now())")
    expect(await cupel(['restore', file, '--all'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^cupel: the backup is of a database at \d{4}_\w+, this one is at 9999_later: /,
      ) as string,
    })
    await owner.query("delete from public.cupel_migrations where name = '9999_later'")
  })

  it('says what it needs', async () => {
    expect(await cupel(['backup'])).toEqual({
      code: 2,
      out: '',
      err: 'say where backups lie: --to FOLDER\n',
    })
    expect(await cupel(['restore', file])).toEqual({
      code: 2,
      out: '',
      err: 'say what is to be replaced: --schema NAME, or --all\n',
    })
    expect((await cupel(['restore', file, '--schema', 'public'])).err).toContain(
      'write one of audit, production',
    )
    expect(await cupel(['restore', file, '--all'], { DATABASE_URL: '' })).toMatchObject({ code: 2 })
  })
})

it('a backup that fails leaves neither a file nor a success behind', async () => {
  const last = await lastBackup(owner)
  const files = await readdir(folder)
  const failed = await cupel(['backup', '--to', folder], { DATABASE_URL: database.url('cupel_gate') })
  expect(failed).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('permission denied') as string,
  })
  expect(await readdir(folder)).toEqual(files)
  expect(await lastBackup(owner)).toEqual(last)
})

it('a new backup takes the place of what nothing keeps any more', async () => {
  const old = join(folder, 'cupel-2020-01-01T00-00-00Z.backup')
  await copyFile(file, old)
  const keep = ['--keep-hours', '1', '--keep-days', '1', '--keep-months', '1']
  const said = await cupel(['backup', '--to', folder, ...keep])
  expect(said).toMatchObject({ code: 0, out: expect.stringMatching(/ [12] old ones deleted\n$/) as string })
  expect(await readdir(folder)).not.toContain('cupel-2020-01-01T00-00-00Z.backup')
})
