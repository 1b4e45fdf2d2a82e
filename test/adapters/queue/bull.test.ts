import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bullQueues, type QueueTarget } from '../../../src/adapters/queue/bull.ts'
import { waitMs } from '../../../src/adapters/queue/consume.ts'
import { systemTrace } from '../../../src/adapters/system/trace.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Queues } from '../../../src/ports/queue.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { redisMissing, startRedis } from '../../support/redis.ts'

const timing = { lockDurationMs: 500, stalledIntervalMs: 200, soonMs: 20, laterMs: 20 }
const missing = redisMissing()
let database: TestDatabase
let redis: { url: string; stop(): Promise<void> } | undefined
beforeAll(async () => {
  database = await testDatabase()
  if (!missing) redis = await startRedis()
})
afterAll(async () => {
  await redis?.stop()
  await database.drop()
})

const backends: ['redis' | 'postgres'][] = missing ? [['postgres']] : [['redis'], ['postgres']]
if (missing) test.skip(missing, () => {})

describe.each(backends)('queues on %s', backend => {
  let target: QueueTarget
  let queues: Queues
  beforeAll(() => {
    target =
      backend === 'redis'
        ? { backend, url: redis?.url ?? '', prefix: 'cupel:test' }
        : { backend, url: database.url('cupel_production'), schema: 'queue_production' }
    queues = bullQueues(target, { ...timing, trace: systemTrace })
  })
  afterAll(() => queues.close())

  test('runs every job, with its data, and loses none', async () => {
    const name = randomUUID()
    const jobs = Array.from({ length: 200 }, (_, n) => ({ id: `${n}`, data: { n } }))
    await queues.queue(name).addMany(jobs)
    const seen = new Set<number>()
    const all = Promise.withResolvers<void>()
    const consumer = queues.consume<{ n: number }>(
      name,
      async job => {
        seen.add(job.data.n)
        if (seen.size === jobs.length) all.resolve()
      },
      { concurrency: 8, attempts: 1 },
    )
    await all.promise
    await consumer.close(1000)
    expect(await queues.queue(name).depth()).toEqual({ waiting: 0, delayed: 0, active: 0 })
  })

  test('a job id is taken once while it waits, and again after it ended', async () => {
    const name = randomUUID()
    const queue = queues.queue(name)
    await queue.add({ id: 'a:b%1', data: 1 })
    await queue.add({ id: 'a:b%1', data: 2 })
    await queue.add({ id: 'a:b%2', data: 3 }, { delayMs: 60_000 })
    expect(await queue.depth()).toEqual({ waiting: 1, delayed: 1, active: 0 })
    const seen: unknown[] = []
    let ran = Promise.withResolvers<void>()
    const consumer = queues.consume(name, async job => (seen.push([job.id, job.data]), ran.resolve()), {
      concurrency: 1,
      attempts: 1,
    })
    await ran.promise
    ran = Promise.withResolvers<void>()
    // The id is free once the job has left `active`, a moment after its handler returned.
    while ((await queue.depth()).active > 0) await new Promise(done => setTimeout(done, 5))
    await queue.add({ id: 'a:b%1', data: 4 })
    await ran.promise
    await consumer.close(1000)
    expect(seen).toEqual([
      ['a:b%1', 1],
      ['a:b%1', 4],
    ])
  })

  test('a handler, and whoever gives its job up, carries the trace of who added the job', async () => {
    const name = randomUUID()
    const queue = queues.queue<null>(name)
    await systemTrace.within('delivery-1', () => queue.add({ id: 'carried', data: null }))
    await queue.addMany([
      { id: 'given', data: null, trace: 'delivery-2' },
      { id: 'none', data: null },
    ])
    const seen: Record<string, string | undefined> = {}
    const all = Promise.withResolvers<void>()
    const consumer = queues.consume<null>(
      name,
      async () => {
        throw new Fault('model-unavailable', 'down', { retry: 'never' })
      },
      {
        concurrency: 3,
        attempts: 1,
        onGivenUp: async job => {
          seen[job.id] = systemTrace.current()
          if (Object.keys(seen).length === 3) all.resolve()
        },
      },
    )
    await all.promise
    await consumer.close(1000)
    expect(seen).toEqual({ carried: 'delivery-1', given: 'delivery-2', none: 'none' })
    expect(systemTrace.current()).toBeUndefined()
  })

  test('tells how long the oldest waiting job has waited, and leaves delayed ones out', async () => {
    const queue = queues.queue(randomUUID())
    expect(await queue.oldestWaitingMs()).toBe(0)
    await queue.add({ id: 'later', data: null }, { delayMs: 60_000 })
    expect(await queue.oldestWaitingMs()).toBe(0)
    const before = Date.now()
    await queue.add({ id: 'first', data: null })
    const between = Date.now()
    while (Date.now() < between + 2) await new Promise(done => setImmediate(done))
    await queue.add({ id: 'second', data: null })
    const asked = Date.now()
    const age = await queue.oldestWaitingMs()
    // Two clocks of whole milliseconds: the database's and ours.
    expect(age).toBeGreaterThanOrEqual(asked - between - 2)
    expect(age).toBeLessThanOrEqual(Date.now() - before + 2)
  })

  test.each([
    ['soon', 3, [1, 2, 3]],
    ['later', 2, [1, 2]],
    ['never', 3, [1]],
  ] as const)(
    'a Fault with retry %s and %i attempts is tried %j, then given up',
    async (retry, attempts, expected) => {
      const name = randomUUID()
      const tried: number[] = []
      const given = Promise.withResolvers<unknown>()
      const consumer = queues.consume(
        name,
        async (_job, { attempt }) => {
          tried.push(attempt)
          throw new Fault('model-unavailable', 'down', { retry })
        },
        {
          concurrency: 1,
          attempts,
          onGivenUp: async (job, error) => given.resolve([job.id, (error as Fault).code]),
        },
      )
      await queues.queue(name).add({ id: 'x', data: null })
      expect(await given.promise).toEqual(['x', 'model-unavailable'])
      await consumer.close(1000)
      expect(tried).toEqual(expected)
    },
  )

  test('a delayed job is run', async () => {
    const name = randomUUID()
    const ran = Promise.withResolvers<string>()
    const consumer = queues.consume(name, async job => ran.resolve(job.id), { concurrency: 1, attempts: 1 })
    await queues.queue(name).add({ id: 'd', data: null }, { delayMs: 50 })
    expect(await ran.promise).toBe('d')
    await consumer.close(1000)
  })

  test('close waits for the running handler', async () => {
    const name = randomUUID()
    const taken = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    let finished = false
    const consumer = queues.consume(
      name,
      async () => {
        taken.resolve()
        await release.promise
        finished = true
      },
      { concurrency: 1, attempts: 1 },
    )
    await queues.queue(name).add({ id: 'c', data: null })
    await taken.promise
    const closed = consumer.close(10_000).then(() => finished)
    release.resolve()
    expect(await closed).toBe(true)
    expect(await queues.queue(name).depth()).toEqual({ waiting: 0, delayed: 0, active: 0 })
  })

  test('close gives up a handler that outlives the grace, aborts its signal, and its job is run again', async () => {
    const name = randomUUID()
    const taken = Promise.withResolvers<AbortSignal>()
    const consumer = queues.consume(
      name,
      async (_job, { signal }) => {
        taken.resolve(signal)
        await new Promise(() => {})
      },
      { concurrency: 1, attempts: 1 },
    )
    await queues.queue(name).add({ id: 'g', data: null })
    const signal = await taken.promise
    await consumer.close(0)
    expect(signal.aborted).toBe(true)
    const ran = Promise.withResolvers<string>()
    const next = queues.consume(name, async job => ran.resolve(job.id), { concurrency: 1, attempts: 1 })
    expect(await ran.promise).toBe('g')
    await next.close(1000)
  })

  test('a job that its workers do not outlive is given up at the fourth', async () => {
    const name = randomUUID()
    await queues.queue(name).add({ id: 'poison', data: null })
    for (let death = 1; death <= 4; death++) {
      const taken = Promise.withResolvers<void>()
      const consumer = queues.consume(
        name,
        async () => {
          taken.resolve()
          await new Promise(() => {})
        },
        { concurrency: 1, attempts: 10 },
      )
      await taken.promise
      await consumer.close(0)
    }
    const given = Promise.withResolvers<string>()
    const consumer = queues.consume(name, async () => given.resolve('run a fifth time'), {
      concurrency: 1,
      attempts: 10,
      onGivenUp: async job => given.resolve(job.id),
    })
    expect(await given.promise).toBe('poison')
    await consumer.close(1000)
    expect(await queues.queue(name).depth()).toEqual({ waiting: 0, delayed: 0, active: 0 })
  })

  test('jobs added together keep their ids: one that is known stays as it is', async () => {
    const name = randomUUID()
    const queue = queues.queue<number>(name)
    await queue.add({ id: 'delivery:1', data: 1 })
    await queue.addMany([
      { id: 'delivery:1', data: 2 },
      { id: 'delivery:2', data: 3 },
      { id: 'delivery:2', data: 4 },
    ])
    await queue.addMany([])
    expect((await queue.depth()).waiting).toBe(2)
    const seen: unknown[] = []
    const all = Promise.withResolvers<void>()
    const consumer = queues.consume(
      name,
      async job => {
        seen.push([job.id, job.data])
        if (seen.length === 2) all.resolve()
      },
      { concurrency: 1, attempts: 1 },
    )
    await all.promise
    await consumer.close(1000)
    expect(seen).toEqual([
      ['delivery:1', 1],
      ['delivery:2', 3],
    ])
  })

  test('of forty that add one job at once, one job comes of it', async () => {
    const name = randomUUID()
    const others = Array.from({ length: 4 }, () => bullQueues(target, timing))
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (others[n % 4] as Queues).queue(name).add({ id: 'same', data: n }, n % 2 ? { delayMs: 0 } : {}),
      ),
    )
    const { waiting, delayed } = await queues.queue(name).depth()
    expect(waiting + delayed).toBe(1)
    await Promise.all(others.map(other => other.close()))
  })

  test('a Fault’s own time is waited for before the next attempt', async () => {
    const name = randomUUID()
    const retryAt = new Date(Date.now() + 400)
    const again = Promise.withResolvers<number>()
    const consumer = queues.consume(
      name,
      async (_job, { attempt }) => {
        if (attempt === 2) return again.resolve(Date.now())
        throw new Fault('github-rate-limited', 'wait', { retry: 'later', retryAt })
      },
      { concurrency: 1, attempts: 2 },
    )
    await queues.queue(name).add({ id: 'r', data: null })
    expect(await again.promise).toBeGreaterThanOrEqual(retryAt.getTime())
    await consumer.close(1000)
  })

  test('an error nobody classified ends the job at once, also when giving it up fails', async () => {
    const name = randomUUID()
    const tried: unknown[] = []
    const given = Promise.withResolvers<void>()
    const consumer = queues.consume(
      name,
      async (job, { attempt }) => {
        tried.push([job.id, attempt])
        if (job.id === 'after') return given.resolve()
        throw new TypeError('a bug')
      },
      {
        concurrency: 1,
        attempts: 5,
        onGivenUp: async () => {
          throw new Error('the database is down too')
        },
      },
    )
    await queues.queue(name).addMany([
      { id: 'b', data: null },
      { id: 'after', data: null },
    ])
    await given.promise
    await consumer.close(1000)
    expect(tried).toEqual([
      ['b', 1],
      ['after', 1],
    ])
    expect(await queues.queue(name).depth()).toEqual({ waiting: 0, delayed: 0, active: 0 })
  })

  test('no more handlers run at once than the concurrency, and that many do', async () => {
    const name = randomUUID()
    const full = Promise.withResolvers<void>()
    let running = 0
    let most = 0
    let left = 20
    const all = Promise.withResolvers<void>()
    const consumer = queues.consume(
      name,
      async () => {
        most = Math.max(most, ++running)
        if (running === 3) full.resolve()
        await full.promise
        running -= 1
        if (--left === 0) all.resolve()
      },
      { concurrency: 3, attempts: 1 },
    )
    await queues.queue(name).addMany(Array.from({ length: 20 }, (_, n) => ({ id: `${n}`, data: null })))
    await all.promise
    await consumer.close(1000)
    expect(most).toBe(3)
  })

  test('the job of a worker killed by SIGKILL is run again', async () => {
    const name = randomUUID()
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('./crash-worker.ts', import.meta.url)), JSON.stringify(target), name],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    await queues.queue(name).add({ id: 'k', data: null })
    await new Promise(done => child.stdout.once('data', done))
    child.kill('SIGKILL')
    const ran = Promise.withResolvers<string>()
    const consumer = queues.consume(name, async job => ran.resolve(job.id), { concurrency: 1, attempts: 1 })
    expect(await ran.promise).toBe('k')
    await consumer.close(1000)
  })
})

test.each<[string, QueueTarget]>([
  ['redis', { backend: 'redis', url: 'redis://127.0.0.1:1', prefix: 'x' }],
  ['postgres', { backend: 'postgres', url: 'postgres://a:b@127.0.0.1:1/x', schema: 'queue_production' }],
])('adding to a %s that is down ends in queue-unavailable', async (_name, target) => {
  const queues = bullQueues(target, { callTimeoutMs: 300 })
  await expect(queues.queue('q').add({ id: '1', data: null })).rejects.toMatchObject({
    code: 'queue-unavailable',
  })
  await queues.close()
})

test('web and production worker share a queue whichever made it first', async () => {
  const url = (role: 'cupel_web' | 'cupel_production'): QueueTarget => ({
    backend: 'postgres',
    url: database.url(role),
    schema: 'queue_production',
  })
  const web = bullQueues(url('cupel_web'))
  const worker = bullQueues(url('cupel_production'))
  for (const [first, second] of [
    [web, worker],
    [worker, web],
  ] as const) {
    const name = randomUUID()
    await first.queue(name).add({ id: 'a', data: null })
    await second.queue(name).add({ id: 'b', data: null })
    expect((await web.queue(name).depth()).waiting).toBe(2)
  }
  await Promise.all([web.close(), worker.close()])
})

test('a Fault’s own time is waited for exactly, other waits double within their spread', () => {
  const fault = new Fault('github-rate-limited', 'x', { retry: 'later', retryAt: new Date(5_000) })
  expect(waitMs({ soonMs: 10, laterMs: 100 }, 1, fault, 1_000)).toBe(4_000)
  const third = waitMs({ soonMs: 10, laterMs: 100 }, 3, new Fault('bug', 'x', { retry: 'later' }))
  expect(third).toBeGreaterThanOrEqual(200)
  expect(third).toBeLessThanOrEqual(600)
})
