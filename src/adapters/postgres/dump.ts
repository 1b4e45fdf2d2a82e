import type pg from 'pg'
import { backedUpSchemas, type BackupEntry } from '../../core/backup.ts'
import { auditHead } from './audit-log.ts'
import { copyOut } from './copy.ts'
import { readStructure } from './structure.ts'

/** How text is written and read, whatever the server's settings are: a dump reads back as what it was. */
export const exactText = `set datestyle = iso; set intervalstyle = postgres; set timezone = utc;
  set extra_float_digits = 3; set client_encoding = utf8; set bytea_output = hex`

/**
 * Everything of the zones as of one moment, as the owner; the connection is in a transaction until it ends. Sequences
 * are read after the rows and are never behind them.
 */
export async function* dump(client: pg.ClientBase): AsyncGenerator<BackupEntry> {
  await client.query(`${exactText}; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0`)
  await client.query('begin isolation level repeatable read read only')
  try {
    yield { kind: 'structure', statements: await readStructure(client) }
    for (const { name, columns } of await readTables(client)) {
      yield { kind: 'table', name, columns }
      const rows = copyOut(client, `copy ${name} (${columns.join(', ')}) to stdout`)
      for (;;) {
        const { done, value } = await rows.next()
        if (!done) yield value
        else {
          yield { kind: 'rows', count: value }
          break
        }
      }
    }
    yield { kind: 'end', sequences: await readSequences(client), head: await auditHead(client) }
  } finally {
    await client.query('rollback').catch(() => {})
  }
}

export interface Table {
  /** Schema-qualified and quoted, as its columns are. */
  name: string
  columns: string[]
}

/** Tables of the zones with the columns that a copy fills; whoever is referred to comes before who refers to it. */
export async function readTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table & { needs: string[] }>(
    `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name,
       (select array_agg(quote_ident(a.attname) order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
       (select coalesce(array_agg(quote_ident(fn.nspname) || '.' || quote_ident(f.relname)), '{}')
         from pg_constraint k join pg_class f on f.oid = k.confrelid join pg_namespace fn on fn.oid = f.relnamespace
         where k.contype = 'f' and k.conrelid = c.oid and f.oid <> c.oid) as needs
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname = any ($1) order by array_position($1, n.nspname::text), c.relname`,
    [backedUpSchemas],
  )
  const ordered = new Map<string, Table>()
  const add = (name: string): void => {
    const table = rows.find(row => row.name === name)
    if (!table || ordered.has(name)) return
    table.needs.forEach(add)
    ordered.set(name, { name: table.name, columns: table.columns })
  }
  for (const { name } of rows) add(name)
  return [...ordered.values()]
}

/** The last number that each sequence has given out; one that gave none is left out. */
export async function readSequences(client: pg.ClientBase): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string; last: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(sequencename) as name, last_value as last
     from pg_sequences where schemaname = any ($1) and last_value is not null order by 1`,
    [backedUpSchemas],
  )
  return Object.fromEntries(rows.map(({ name, last }) => [name, Number(last)]))
}

/** Migrations that the database has been through, in order. */
export async function readMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select name from public.cupel_migrations order by id',
  )
  return rows.map(({ name }) => name)
}
