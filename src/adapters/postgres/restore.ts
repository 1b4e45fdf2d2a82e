import type pg from 'pg'
import type { BackedUpSchema, BackupEntry } from '../../core/backup.ts'
import { Fault } from '../../core/fault.ts'
import { copyIn } from './copy.ts'
import { exactText, readMigrations, readSequences, readTables, type Table } from './dump.ts'
import { makeMissing, readStructure } from './structure.ts'

export interface RestoreOrder {
  schemas: readonly BackedUpSchema[]
  takenAt: string
  migrations: readonly string[]
  /** Said in the audit log. */
  actor: string
}

/**
 * Puts the rows of some schemas back as they were, and what was dropped of the structure, as the owner and in one
 * transaction: until it commits, everybody sees what was there before. Other schemas' rows are not touched; whoever
 * uses a table that is being restored waits. Answers the rows by table. Throws Fault configuration-invalid where the
 * backup does not fit this database.
 */
export async function restore(
  client: pg.ClientBase,
  entries: AsyncIterable<BackupEntry>,
  order: RestoreOrder,
): Promise<Map<string, number>> {
  await client.query(`${exactText}; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0`)
  await client.query("begin; set local lock_timeout = '60s'")
  try {
    const restored = await restoreRows(client, entries, order)
    await client.query('commit')
    return restored
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

const schemaOf = (name: string): string => name.split('.')[0] ?? ''
const misfit = (why: string): Fault => new Fault('configuration-invalid', why, { retry: 'never' })

async function restoreRows(
  client: pg.ClientBase,
  entries: AsyncIterable<BackupEntry>,
  { schemas, takenAt, migrations, actor }: RestoreOrder,
): Promise<Map<string, number>> {
  const wanted = (name: string): boolean => schemas.some(schema => schema === schemaOf(name))
  // No migration meanwhile: it takes the same lock.
  await client.query("select pg_advisory_xact_lock(hashtext('cupel migrate'))")
  await refuseOtherVersion(client, migrations)

  const iterator = entries[Symbol.asyncIterator]()
  const first = (await iterator.next()).value as BackupEntry | undefined
  if (first === undefined || Buffer.isBuffer(first) || first.kind !== 'structure') throw malformed()
  const known = new Set((await readStructure(client)).map(({ key }) => key))
  const missing = first.statements.filter(({ key }) => !known.has(key))
  const lost = missing.filter(({ key }) => key.startsWith('table ') && !wanted(key.slice('table '.length)))
  if (lost.length > 0)
    throw misfit(
      `${lost.map(({ key }) => key).join(', ')} ${lost.length === 1 ? 'is' : 'are'} missing too: restore that schema as well`,
    )
  await makeMissing(client, missing)

  const present = new Map((await readTables(client)).map(table => [table.name, table]))
  const tables = [...present.keys()].filter(wanted)
  for (const name of tables) await client.query(`alter table ${name} disable trigger user`)
  await client.query(`truncate ${tables.join(', ')}`)
  const restored = new Map<string, number>()
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const entry = next.value
    if (Buffer.isBuffer(entry)) continue
    if (entry.kind === 'table' && wanted(entry.name)) {
      refuseOtherColumns(entry, present.get(entry.name))
      restored.set(entry.name, await restoreTable(client, entry, iterator))
    }
    if (entry.kind === 'end') await advance(client, entry.sequences, wanted)
  }
  for (const name of tables) await client.query(`alter table ${name} enable trigger user`)
  await client.query('select audit.append($1, $2, $3, $4)', [
    actor,
    'database.restore',
    'database',
    JSON.stringify({ takenAt, schemas }),
  ])
  return restored
}

async function restoreTable(
  client: pg.ClientBase,
  { name, columns }: Table,
  iterator: AsyncIterator<BackupEntry>,
): Promise<number> {
  let count: number | undefined
  async function* rows(): AsyncGenerator<Buffer> {
    for (;;) {
      const { value, done } = await iterator.next()
      if (done) throw malformed()
      if (Buffer.isBuffer(value)) yield value
      else if (value.kind === 'rows') return void (count = value.count)
      else throw malformed()
    }
  }
  const copied = await copyIn(client, `copy ${name} (${columns.join(', ')}) from stdin`, rows())
  if (copied === count) return copied
  throw new Fault('input-malformed', `${name} took ${copied} rows of ${count}`, { retry: 'never' })
}

async function refuseOtherVersion(client: pg.ClientBase, migrations: readonly string[]): Promise<void> {
  const here = await readMigrations(client).catch(() => [])
  if (here.join() === migrations.join()) return
  throw misfit(
    `the backup is of a database at ${migrations.at(-1)}, this one is at ${here.at(-1) ?? 'no version'}: restore with the ` +
      'release that made the backup, into a database that its `cupel migrate` prepared, and upgrade afterwards',
  )
}

function refuseOtherColumns({ name, columns }: Table, present: Table | undefined): void {
  if (present?.columns.toSorted().join() === columns.toSorted().join()) return
  throw misfit(`${name} has other columns than in the backup`)
}

/** Never back: a number that was given out since the backup is not given out again. */
async function advance(
  client: pg.ClientBase,
  last: Readonly<Record<string, number>>,
  wanted: (name: string) => boolean,
): Promise<void> {
  const here = await readSequences(client)
  for (const [name, value] of Object.entries(last)) {
    // Unlike setval, this is undone with the transaction.
    if (wanted(name) && value > (here[name] ?? 0))
      await client.query(`alter sequence ${name} restart with ${value}; select nextval('${name}')`)
  }
}

function malformed(): Fault {
  return new Fault('input-malformed', 'the backup’s parts are not in their order', { retry: 'never' })
}
