import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type pg from 'pg'
import { locks, whileLocked } from '../../../src/adapters/postgres/locks.ts'
import type { Locks } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let pool: pg.Pool
let store: Locks
let other: Locks
beforeAll(async () => {
  database = await testDatabase()
  pool = database.pool('cupel_production', 4)
  store = locks(pool)
  other = locks(database.pool('cupel_production', 4))
})
afterAll(() => database.drop())

/** Takes the lock and holds it until `release`. */
async function hold(
  of: Locks,
  number: number,
): Promise<{ release(): void; done: Promise<unknown>; signal: AbortSignal }> {
  const taken = Promise.withResolvers<AbortSignal>()
  const released = Promise.withResolvers<void>()
  const done = of.withPullRequest(2, number, async signal => {
    taken.resolve(signal)
    await released.promise
    return 'worked'
  })
  return { release: released.resolve, done, signal: await taken.promise }
}

test('a held lock is busy for others, free for other pull requests, and free again after the work', async () => {
  const held = await hold(store, 3)
  const never = async () => expect.unreachable('worked without the lock')
  expect(await other.withPullRequest(2, 3, never)).toBe('busy')
  expect(await store.withPullRequest(2, 3, never)).toBe('busy')
  expect(await other.withPullRequest(2, 4, async () => 'four')).toBe('four')
  expect(await other.withPullRequest(23, 3, async () => 'other repository')).toBe('other repository')
  held.release()
  expect(await held.done).toBe('worked')
  expect(await other.withPullRequest(2, 3, async () => 'mine')).toBe('mine')
})

test('a turn is one process’s at a time, and keeps no pull request from anybody', async () => {
  const [one, two] = [database.pool('cupel_gate', 2), database.pool('cupel_gate', 2)]
  const inside = await whileLocked(one, 'a', 'the lock', async () => [
    await whileLocked(two, 'a', 'the lock', async () => 'second'),
    await whileLocked(two, 'b', 'the lock', async () => 'another'),
    await other.withPullRequest(2, 3, async () => 'pull request'),
  ])
  expect(inside).toEqual(['busy', 'another', 'pull request'])
  expect(await whileLocked(two, 'a', 'the lock', async () => 'second')).toBe('second')
})

test('of fifty workers at once one works and the others are told at once', async () => {
  const held = await hold(store, 5)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => other.withPullRequest(2, 5, async () => 'worked')),
  )
  expect(new Set(answers)).toEqual(new Set(['busy']))
  held.release()
  await held.done
})

test('work that fails lets go of the lock and its error goes through', async () => {
  const error = new Error('broken')
  await expect(
    store.withPullRequest(2, 6, async () => {
      throw error
    }),
  ).rejects.toBe(error)
  expect(await other.withPullRequest(2, 6, async () => 'mine')).toBe('mine')
})

test('a lock whose connection is lost aborts the work’s signal and is another’s', async () => {
  const held = await hold(store, 7)
  const aborted = once(held.signal, 'abort')
  const { rows } = await database
    .pool('owner', 1)
    .query<{ pid: number }>(
      "select l.pid, pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())",
    )
  expect(rows).toHaveLength(1)
  await aborted
  expect(held.signal.reason).toMatchObject({ code: 'database-unavailable', retry: 'soon' })
  expect(await other.withPullRequest(2, 7, async () => 'mine')).toBe('mine')
  held.release()
  await held.done
  // The dead connection is not handed out again.
  expect(await store.withPullRequest(2, 7, async () => 'again')).toBe('again')
})

test('the lock of a process killed by SIGKILL falls', async () => {
  const holder = fileURLToPath(new URL('./lock-holder.ts', import.meta.url))
  const child = spawn(process.execPath, [holder, database.url('cupel_production')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  expect(await store.withPullRequest(2, 3, async () => 'mine')).toBe('busy')
  child.kill('SIGKILL')
  await once(child, 'exit')
  // The server notices the closed socket a moment after the process is gone.
  await expect.poll(() => store.withPullRequest(2, 3, async () => 'mine')).toBe('mine')
})
