import pg from 'pg'
import { until } from './until.ts'
import type { World } from './world.ts'

const FIRST_KEY = 7_800
let made = 0

export interface HeldStatement {
  /** Resolves when a process has sent the statement; it is not committed. */
  reached(): Promise<void>
  /** Ends it as the end of its connection would, and holds nothing from now on. */
  abandon(): Promise<void>
}

/** Holds statements of that kind on a table, whoever sends them: then the sender can be killed in its middle. */
export async function holdStatement(
  world: Pick<World, 'database' | 'log'>,
  table: string,
  operation: 'insert' | 'update' | 'insert or update',
  condition = 'true',
): Promise<HeldStatement> {
  const key = FIRST_KEY + ++made
  const client = new pg.Client({ connectionString: world.database.ownerUrl })
  client.on('error', () => {})
  await client.connect()
  await client.query(`select pg_advisory_lock(${key})`)
  await client.query(`
    create function doors.hold_${key}() returns trigger language plpgsql security definer as $$
      begin
        perform pg_advisory_xact_lock_shared(${key});
        return new;
      end $$;
    create trigger hold_${key} before ${operation} on ${table} for each row when (${condition})
      execute function doors.hold_${key}()`)
  const held = async (): Promise<number[]> => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objid = ${key} and not granted
         and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows.map(row => row.pid)
  }
  return {
    async reached() {
      await until(`a statement on ${table} is held`, async () => (await held()).length > 0, {
        context: world.log,
      })
    },
    async abandon() {
      for (const pid of await held()) await client.query('select pg_terminate_backend($1)', [pid])
      await until('the held statements have ended', async () => (await held()).length === 0)
      await client.query(`drop function doors.hold_${key} cascade`)
      await client.end()
    },
  }
}
