import type pg from 'pg'
import { Fault } from '../../core/fault.ts'
import type { Locks } from '../../ports/stores.ts'
import { databaseFault } from './pool.ts'

/** First keys: they keep the locks apart from each other and from other advisory locks of the database. */
const pullRequests = 0x43_55_50_4c
const named = 0x43_55_50_4d

/**
 * Each lock held takes one connection of `pool` for as long as `work` runs: give it a pool of its own, at least as
 * large as the worker's concurrency. Not through a pooler in transaction mode.
 */
export function locks(pool: pg.Pool): Locks {
  return {
    withPullRequest: (repositoryId, number, work) =>
      withLock(
        pool,
        { space: pullRequests, key: `${repositoryId}#${number}` },
        'the pull request’s lock',
        work,
      ),
  }
}

/** 'busy' when somebody else holds the lock of that name. `what` is said of a lock that was lost with its connection. */
export function whileLocked<T>(
  pool: pg.Pool,
  name: string,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'busy'> {
  return withLock(pool, { space: named, key: name }, what, work)
}

async function withLock<T>(
  pool: pg.Pool,
  { space, key }: { space: number; key: string },
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'busy'> {
  const client = await pool.connect()
  const lost = new AbortController()
  const onLost = (error?: Error): void =>
    lost.abort(
      new Fault('database-unavailable', `${what} was lost with its connection`, {
        retry: 'soon',
        cause: error,
      }),
    )
  client.on('error', onLost)
  client.on('end', onLost)
  let broken = true
  try {
    const { rows } = await client.query<{ held: boolean }>(
      'select pg_try_advisory_lock($1, hashtext($2)) as held',
      [space, key],
    )
    if (!rows[0]?.held) {
      broken = false
      return 'busy'
    }
    try {
      return await work(lost.signal)
    } finally {
      const unlocked = await client
        .query('select pg_advisory_unlock($1, hashtext($2))', [space, key])
        .catch(() => null)
      broken = unlocked === null
    }
  } catch (error) {
    throw databaseFault(error)
  } finally {
    client.removeListener('end', onLost)
    // A connection that may still hold the lock is closed, not handed to somebody else.
    client.release(broken)
    client.removeListener('error', onLost)
  }
}
