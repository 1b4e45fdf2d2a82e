import { Redis } from 'ioredis'
import { Fault } from '../../core/fault.ts'

/**
 * Asks the Redis of REDIS_URL once, so that a wrong address stops the start instead of every job. Answers a warning
 * when it may evict keys, which would lose jobs, else null. Throws Fault queue-unavailable.
 */
export async function checkRedis(url: string): Promise<string | null> {
  const { host } = new URL(url)
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 4_000, retryStrategy: () => null })
  // What went wrong is on the connection's event; the call only says that it is closed.
  let reason = ''
  redis.on('error', error => (reason = error.message))
  try {
    await redis.connect()
    await redis.ping()
    const policy = await redis.config('GET', 'maxmemory-policy').catch(() => null)
    const value = Array.isArray(policy) ? String(policy[1]) : 'noeviction'
    return value === 'noeviction'
      ? null
      : `the Redis at ${host} may evict jobs: set its maxmemory-policy to noeviction, not ${value}`
  } catch (error) {
    const why = reason || (error instanceof Error ? error.message : String(error))
    throw new Fault(
      'queue-unavailable',
      `the Redis at ${host} cannot be used (${why}); start it or correct REDIS_URL`,
      {
        retry: 'never',
        cause: error,
      },
    )
  } finally {
    redis.disconnect()
  }
}
