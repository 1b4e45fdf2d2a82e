import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { bullQueues } from '../../src/adapters/queue/bull.ts'
import { freePort } from '../support/free-port.ts'
import { redisMissing } from '../support/redis.ts'
import { one, rendered } from './objects.ts'

const dev = rendered('dev')
const acl = one(dev, 'Secret', 'redis-acl').stringData?.['users.acl'] ?? ''
const rulesOf = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map(line => line.trim().replace(/#\{\{.*?\}\}|#\S+/, '#…'))

test('production’s users are those of development, by the passwords of the vault', () => {
  const { spec } = one(rendered('prod'), 'ExternalSecret', 'redis-acl') as unknown as {
    spec: { target: { template: { data: Record<string, string> } } }
  }
  expect(rulesOf(spec.target.template.data['users.acl'] ?? '')).toEqual(rulesOf(acl))
})

const users = ['production', 'experiments']
const secretOf: Record<string, string> = {
  production: 'cupel-production',
  experiments: 'cupel-experiments',
}
const urlOf = (zone: string): URL =>
  new URL(one(dev, 'Secret', secretOf[zone] ?? '').stringData?.['REDIS_URL'] ?? '')

test('each zone with a queue has one user, whose password is the one of its REDIS_URL', () => {
  for (const zone of users) {
    const { username, password } = urlOf(zone)
    expect(acl).toContain(`user ${username} on #${createHash('sha256').update(password).digest('hex')} `)
  }
  expect(rulesOf(acl).map(line => line.split(' ')[1])).toEqual([
    'default',
    ...users.map(zone => `cupel-${zone}`),
  ])
})

const missing = redisMissing()
describe.skipIf(missing)(missing ?? 'a real Redis with these users and settings', () => {
  let server: ChildProcess
  let port: number
  let folder: string
  const clients: Redis[] = []
  const at = (zone: string): string =>
    Object.assign(urlOf(zone), { hostname: '127.0.0.1', port: String(port) }).href
  const client = (url: string): Redis => {
    const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 1 })
    redis.on('error', () => {})
    clients.push(redis)
    return redis
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cupel-acl-'))
    port = await freePort()
    const settings = dev.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('redis-settings'),
    )
    writeFileSync(join(folder, 'users.acl'), acl)
    writeFileSync(
      join(folder, 'redis.conf'),
      (settings?.data?.['redis.conf'] ?? '').replace('/etc/redis/acl/users.acl', join(folder, 'users.acl')),
    )
    const given = [join(folder, 'redis.conf'), '--dir', folder, '--port', String(port), '--bind', '127.0.0.1']
    server = spawn('redis-server', given, { stdio: ['ignore', 'pipe', 'ignore'] })
    await new Promise<void>((ready, fail) => {
      server.once('exit', code => fail(new Error(`redis-server ended (${code})`)))
      server.stdout
        ?.setEncoding('utf8')
        .on('data', (text: string) => text.includes('Ready to accept') && ready())
    })
  })
  afterAll(async () => {
    for (const redis of clients) redis.disconnect()
    const ended = new Promise(done => server.once('exit', done))
    server.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true })
  })

  it.each(users)('%s puts jobs on its queues, takes them, delays and counts them', async zone => {
    const refused: unknown[] = []
    const queues = bullQueues(
      {
        backend: 'redis',
        url: at(zone),
        prefix: `cupel:${zone}`,
        log: { warn: fields => refused.push(fields) },
      },
      { lockDurationMs: 5_000 },
    )
    const queue = queues.queue<{ n: number }>('reviews')
    await queue.addMany([1, 2].map(n => ({ id: `job ${n}`, data: { n } })))
    await queue.add({ id: 'later', data: { n: 3 } }, { delayMs: 60_000 })
    const taken = await new Promise<number[]>(done => {
      const seen: number[] = []
      queues.consume<{ n: number }>(
        'reviews',
        async job => {
          seen.push(job.data.n)
          if (seen.length === 2) done(seen)
        },
        { concurrency: 1, attempts: 1 },
      )
    })
    expect(new Set(taken)).toEqual(new Set([1, 2]))
    expect((await queue.depth()).delayed).toBe(1)
    await queues.close()
    expect(refused).toEqual([])
  })

  it.each(users.flatMap(zone => users.filter(other => other !== zone).map(other => [zone, other] as const)))(
    '%s neither reads nor writes what is %s’s, not even by a script',
    async (zone, other) => {
      const redis = client(at(zone))
      const key = `cupel:${other}:reviews:wait`
      await expect(redis.lrange(key, 0, -1)).rejects.toThrow('NOPERM')
      await expect(redis.lpush(key, 'x')).rejects.toThrow('NOPERM')
      await expect(redis.eval(`return redis.call('LPUSH', '${key}', 'x')`, 0)).rejects.toThrow(
        /NOPERM|can't access/,
      )
    },
  )

  it.each([
    ['keys', '*'],
    ['flushall'],
    ['flushdb'],
    ['config', 'get', '*'],
    ['acl', 'list'],
    ['shutdown'],
    ['replicaof', 'no', 'one'],
    ['monitor'],
  ])('no zone may say %s', async (...said) => {
    await expect(client(at('experiments')).call(...(said as [string]))).rejects.toThrow('NOPERM')
  })

  it('nobody comes in without a name', async () => {
    await expect(client(`redis://127.0.0.1:${port}`).ping()).rejects.toThrow(/NOAUTH/)
  })
})
