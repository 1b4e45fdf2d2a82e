import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../../sandbox/postgres.ts'
import { deliveryIntake } from '../../../src/adapters/postgres/delivery-intake.ts'
import { migrate } from '../../../src/adapters/postgres/migrate.ts'
import { openPool } from '../../../src/adapters/postgres/pool.ts'
import { roleUrl } from '../../../src/adapters/postgres/roles.ts'
import { bullQueues, type QueueTarget } from '../../../src/adapters/queue/bull.ts'
import { Fault } from '../../../src/core/fault.ts'
import { redisMissing, startRedis } from '../../support/redis.ts'

/** A queue's server that keeps what it has acknowledged, and that can be killed and started again. */
interface Backend {
  target: QueueTarget
  /** A row committed to disk, as `markQueued` does after adding jobs. */
  commitRow(): Promise<void>
  kill(): Promise<void>
  start(): Promise<void>
  /** Of clients that are still there, our own look at it left out. */
  connections(): Promise<number>
  remove(): Promise<void>
}

async function redis(): Promise<Backend> {
  const dir = await mkdtemp(join(tmpdir(), 'cupel-redis-'))
  let server = await startRedis({ dir })
  const { url, port } = server
  return {
    target: { backend: 'redis', url, prefix: 'cupel:test' },
    commitRow: async () => {},
    kill: () => server.stop(),
    start: async () => void (server = await startRedis({ dir, port })),
    connections: async () => {
      const client = new Redis(url)
      const list = (await client.client('LIST')) as string
      client.disconnect()
      return list.trim().split('\n').length - 1
    },
    remove: async () => {
      await server.stop()
      await rm(dir, { recursive: true })
    },
  }
}

/** The server alone is not enough: its children answer a moment longer, and a job they take is no job refused. */
function killWithChildren(pid: number): void {
  process.kill(pid, 'SIGSTOP')
  const list = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const children = list
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid && child ? [child] : []))
  for (const one of [...children, pid]) process.kill(one, 'SIGKILL')
}

async function postgres(): Promise<Backend> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cupel-outage-'))
  let server = await startEmbeddedPostgres({ dataDir, persistent: true })
  await migrate(server.ownerUrl)
  const port = Number(new URL(server.ownerUrl).port)
  return {
    target: {
      backend: 'postgres',
      url: roleUrl(server.ownerUrl, 'cupel_production'),
      schema: 'queue_production',
    },
    // BullMQ's own commits do not wait for the disk; this one does, and takes those before it along.
    commitRow: async () => {
      const pool = openPool(roleUrl(server.ownerUrl, 'cupel_web'), { max: 1 })
      await deliveryIntake(pool).insert([
        { id: 'd', event: 'ping', action: null, installationId: null, repositoryId: null, payload: '{}' },
      ])
      await pool.end()
    },
    kill: async () => {
      killWithChildren(Number((await readFile(join(dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]))
      await server.stop()
    },
    start: async () => void (server = await startEmbeddedPostgres({ dataDir, persistent: true, port })),
    connections: async () => {
      const client = new pg.Client({ connectionString: server.ownerUrl })
      await client.connect()
      const { rows } = await client.query<{ count: number }>(
        "select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
      )
      await client.end()
      return rows[0]?.count ?? -1
    },
    remove: async () => {
      await server.stop()
      await rm(dataDir, { recursive: true })
    },
  }
}

const missing = redisMissing()
if (missing) test.skip(missing, () => {})
const backends = [...(missing ? [] : [['redis', redis] as const]), ['postgres', postgres] as const]

test.each(backends)(
  '%s killed by SIGKILL and started again: adding says so meanwhile, and no job is lost after which a row was committed',
  { timeout: 90_000 },
  async (_name, open) => {
    const backend = await open()
    const queues = bullQueues(backend.target, {
      lockDurationMs: 1000,
      stalledIntervalMs: 500,
      soonMs: 50,
      callTimeoutMs: 2000,
    })
    const queue = queues.queue<null>('q')
    const wanted = [
      'active',
      'delayed',
      ...Array.from({ length: 30 }, (_, n) => `waiting-${n}`),
      'meanwhile',
      'after',
    ]
    const seen = new Map<string, number>()
    const taken = Promise.withResolvers<void>()
    const back = Promise.withResolvers<void>()
    const all = Promise.withResolvers<void>()
    const consumer = queues.consume<null>(
      'q',
      async job => {
        seen.set(job.id, (seen.get(job.id) ?? 0) + 1)
        if (wanted.every(id => seen.has(id))) all.resolve()
        taken.resolve()
        if (job.id === 'active' && seen.get(job.id) === 1) await back.promise
      },
      { concurrency: 1, attempts: 5 },
    )
    await queue.add({ id: 'active', data: null })
    await taken.promise
    await queue.add({ id: 'delayed', data: null }, { delayMs: 100 })
    await queue.addMany(wanted.filter(id => id.startsWith('waiting')).map(id => ({ id, data: null })))

    await backend.commitRow()
    await backend.kill()
    await expect(queue.add({ id: 'meanwhile', data: null })).rejects.toBeInstanceOf(Fault)
    await expect(queue.depth()).rejects.toMatchObject({ code: 'queue-unavailable', retry: 'soon' })
    await backend.start()
    back.resolve()

    // What the sweeper does: again until it is accepted.
    await expect
      .poll(
        () =>
          queue.add({ id: 'meanwhile', data: null }).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true)
    await queue.add({ id: 'after', data: null })
    await all.promise
    await consumer.close(5000)
    expect([...seen.keys()].toSorted()).toEqual(wanted.toSorted())
    await queues.close()
    // The server notices a closed socket a moment later.
    await expect.poll(() => backend.connections()).toBe(0)
    await backend.remove()
  },
)
