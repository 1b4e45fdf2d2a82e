import pg from 'pg'
import { Fault } from '../../core/fault.ts'

/** What a store needs of a connection: a pool, or one client inside a transaction. */
export type Db = Pick<pg.Pool, 'query'>

export interface PoolOptions {
  /** Most connections at once; default 4. */
  max?: number
  applicationName?: string
  /** Told of idle connections that were lost; the pool replaces them. */
  log?: { warn(fields: object, message: string): void }
  /** Server-side limit of one statement in ms; default 30,000. */
  statementTimeoutMs?: number
  /** Client-side limit of one query in ms, for a server that went silent; default none. Its connection is given up. */
  queryTimeoutMs?: number
}

/** A pool whose connection errors are Fault database-unavailable (retry soon); the server's refusals stay as pg throws them. */
export function openPool(url: string, options: PoolOptions = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 4,
    application_name: options.applicationName ?? 'cupel',
    connectionTimeoutMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    ...(options.queryTimeoutMs && { query_timeout: options.queryTimeoutMs }),
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  })
  pool.on('error', error => options.log?.warn({ err: error }, 'an idle database connection was lost'))
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  const connect = pool.connect.bind(pool) as (...args: unknown[]) => Promise<pg.PoolClient>
  // pg's own query() takes a connection by connect(callback): only our callers' promises are wrapped.
  const own = {
    query: (...args: unknown[]) => query(...args).catch(refuse),
    connect: (...args: unknown[]) => (args.length > 0 ? connect(...args) : connect().catch(refuse)),
  }
  return Object.assign(pool, own)
}

/** Runs `work` in one transaction: committed when it answers, rolled back when it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (db: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // Without a listener the loss of a checked-out connection would end the process; the running query rejects anyway.
  const ignore = (): void => {}
  client.on('error', ignore)
  let broken: Error | undefined
  try {
    await client.query('begin')
    const answer = await work(client)
    await client.query('commit')
    return answer
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => (broken = lost))
    throw databaseFault(error)
  } finally {
    client.removeListener('error', ignore)
    client.release(broken)
  }
}

/** Several queries on one connection, without a transaction of their own. */
export async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  // Without a listener the loss of a checked-out connection would end the process; the running query rejects anyway.
  let broken: Error | undefined
  const lost = (error: Error): void => void (broken = error)
  client.on('error', lost)
  try {
    return await work(client)
  } catch (error) {
    throw databaseFault(error)
  } finally {
    client.removeListener('error', lost)
    client.release(broken)
  }
}

function refuse(error: unknown): never {
  throw databaseFault(error)
}

const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
/** Classes 08 connection, 53 resources, 57P shutdown; 40 serialization and deadlock; 55P03 and 57014 timeouts. */
const passing = /^(08|53|57P|40|55P03|57014|25P03)/
const lostInFlight =
  /connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|server closed|Client was closed/i

/** Fault database-unavailable for what passes by itself; anything else (a constraint, a missing right) as it was. */
export function databaseFault(error: unknown): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const code = (error as { code?: unknown }).code
  const known = typeof code === 'string' && (network.has(code) || passing.test(code))
  if (!known && !lostInFlight.test(error.message)) return error
  return new Fault('database-unavailable', `the database did not answer: ${error.message}`, {
    retry: 'soon',
    ambiguous: true,
    cause: error,
  })
}

/** PostgreSQL's text holds no NUL; GitHub's JSON may. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD')
}
