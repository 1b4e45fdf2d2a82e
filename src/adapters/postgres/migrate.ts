import { fileURLToPath } from 'node:url'
import { runMigrations } from 'bullmq'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { Fault } from '../../core/fault.ts'
import { rolePassword, roles, type Role } from './roles.ts'

/** BullMQ's own schema per zone, used when its jobs lie in PostgreSQL, and who puts and takes jobs there. */
export const queueSchemas = {
  queue_production: ['cupel_web', 'cupel_production'],
  queue_experiments: ['cupel_experiments'],
} as const satisfies Record<string, readonly Role[]>

const folder = fileURLToPath(new URL('../../../migrations', import.meta.url))

/**
 * Brings the database to this version: migrations/*.sql in order, BullMQ's schemas, the roles' passwords.
 * Several starters may call it at the same time; they take turns. Needs a role that may create roles.
 */
export async function migrate(ownerUrl: string, log: (line: string) => void = () => {}): Promise<void> {
  // Refuses an URL from which no passwords derive before anything is changed.
  rolePassword(ownerUrl, roles[0])
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'cupel migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', error => log(`the database connection was lost: ${error.message}`))
  try {
    await client.connect().catch((error: unknown) => {
      const { host, pathname } = new URL(ownerUrl)
      const why = error instanceof Error ? error.message : String(error)
      throw new Fault(
        'database-unavailable',
        `the database ${host}${pathname} cannot be used (${why}); start it or correct DATABASE_URL`,
        { retry: 'never', cause: error },
      )
    })
    await refuseStranger(client)
    // node-pg-migrate's own lock makes the second starter fail; ours makes it wait.
    await client.query("select pg_advisory_lock(hashtext('cupel migrate'))")
    await client.query("set client_min_messages = 'warning'")
    await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'cupel_migrations',
      migrationsSchema: 'public',
      singleTransaction: true,
      noLock: true,
      logger: { debug: () => {}, info: () => {}, warn: log, error: log },
    })
    await client.query(joinRoles)
    for (const [schema, users] of Object.entries(queueSchemas)) {
      await runMigrations(client, schema)
      await client.query(grantQueue(schema, users))
    }
    await admitRoles(client, ownerUrl)
  } finally {
    await client.end()
  }
}

async function refuseStranger(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    `select (r.rolsuper or r.rolcreaterole) and pg_has_role(d.datdba, 'usage') as may
     from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()`,
  )
  if (rows[0]?.may) return
  throw new Fault(
    'configuration-invalid',
    'DATABASE_URL must name the database’s owner, and that role must be allowed to create roles (CREATEROLE)',
    { retry: 'never' },
  )
}

/**
 * An owner who is no superuser (a managed server's) may set a role's default privileges only as its member, and
 * who makes a role is not yet one. It gains nothing: it may set the roles' passwords.
 */
const joinRoles = `do $$
  declare
    role_name text;
  begin
    foreach role_name in array array[${[...new Set(Object.values(queueSchemas).flat())].map(role => `'${role}'`).join(', ')}] loop
      if not pg_has_role(current_user, role_name, 'usage') then
        execute format('grant %I to %I', role_name, current_user);
      end if;
    end loop;
  end
  $$`

/**
 * BullMQ makes a sequence per queue at first use, so its users need CREATE on their own queue schema, and
 * each of them must reach the sequences that another of them made. A temporary table of job states takes
 * USAGE on that type, which 0001_roles.sql withholds from everybody.
 */
function grantQueue(schema: string, users: readonly Role[]): string {
  const to = users.join(', ')
  return `revoke all on all functions in schema ${schema} from public;
    grant usage, create on schema ${schema} to ${to};
    grant select, insert, update, delete on all tables in schema ${schema} to ${to};
    grant usage, select, update on all sequences in schema ${schema} to ${to};
    grant execute on all functions in schema ${schema} to ${to};
    revoke insert, update, delete on ${schema}.migration from ${to};
    do $$
    declare
      type_name text;
    begin
      for type_name in
        select typname from pg_type where typnamespace = '${schema}'::regnamespace and typtype = 'e'
      loop
        execute format('grant usage on type ${schema}.%I to ${to}', type_name);
      end loop;
    end
    $$;
    ${users.map(user => `alter default privileges for role ${user} in schema ${schema} grant usage, select, update on sequences to ${to};`).join('\n')}`
}

/**
 * What a new database and a restored one need again: who may connect is not part of a template or dump,
 * and roles are the server's. Advisory locks are per database, so two databases of one server may meet here.
 */
export async function admitRoles(client: pg.Client, ownerUrl: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select quote_ident(current_database()) as name')
  const database = rows[0]?.name ?? ''
  const statements = [
    `revoke all on database ${database} from public`,
    `grant connect on database ${database} to ${roles.join(', ')}`,
    // BullMQ adds jobs in bulk through a temporary table.
    `grant temporary on database ${database} to ${[...new Set(Object.values(queueSchemas).flat())].join(', ')}`,
    ...roles.map(role => `alter role ${role} password ${pg.escapeLiteral(rolePassword(ownerUrl, role))}`),
    'alter role cupel_archive set default_transaction_read_only = on',
  ]
  for (const statement of statements) await repeatOnConflict(() => client.query(statement))
}

async function repeatOnConflict(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      const conflict = error instanceof Error && error.message.includes('tuple concurrently updated')
      if (!conflict || attempt === 20) throw error
      await new Promise(done => setTimeout(done, 10 * attempt))
    }
  }
}
