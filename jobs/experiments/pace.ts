import type { Provider } from '../../src/core/configuration.ts'
import type { Clock } from '../../src/ports/clock.ts'

/** Requests a minute to each provider, over all runs of this process. */
export interface Pace {
  /** Waits until that many calls may be made, or as many as a minute allows. Answers how to tell what was made. */
  enter(
    planned: ReadonlyMap<Provider, number>,
    signal: AbortSignal,
  ): Promise<(made: ReadonlyMap<Provider, number>) => void>
}

/**
 * A bucket per provider that fills evenly. A run waits before it begins and never in the middle of it: its latency is
 * the configuration's, not the limit's. Calls beyond the plan are owed by the runs that come after.
 */
export function createPace(perMinute: number, clock: Pick<Clock, 'elapsed' | 'sleep'>): Pace {
  const buckets = new Map<Provider, { tokens: number; at: number }>()
  let last: Promise<unknown> = Promise.resolve()

  const bucketOf = (provider: Provider) => {
    const now = clock.elapsed()
    const bucket = buckets.get(provider) ?? { tokens: perMinute, at: now }
    bucket.tokens = Math.min(perMinute, bucket.tokens + ((now - bucket.at) * perMinute) / 60_000)
    bucket.at = now
    buckets.set(provider, bucket)
    return bucket
  }
  const missingMs = (planned: ReadonlyMap<Provider, number>): number =>
    Math.max(
      0,
      ...[...planned].map(([provider, calls]) => {
        const missing = Math.min(calls, perMinute) - bucketOf(provider).tokens
        return missing <= 0 ? 0 : Math.max(1, Math.ceil((missing * 60_000) / perMinute))
      }),
    )
  const take = (calls: ReadonlyMap<Provider, number>, sign: 1 | -1): void => {
    for (const [provider, count] of calls) bucketOf(provider).tokens -= sign * count
  }
  const enter = async (planned: ReadonlyMap<Provider, number>, signal: AbortSignal): Promise<void> => {
    for (let wait = missingMs(planned); wait > 0; wait = missingMs(planned)) await clock.sleep(wait, signal)
    take(planned, 1)
  }

  return {
    async enter(planned, signal) {
      // One after the other, so that a run of many calls is not overtaken for ever by runs of few.
      const turn = last.then(() => enter(planned, signal))
      last = turn.catch(() => {})
      await turn
      return made => {
        take(planned, -1)
        take(made, 1)
      }
    },
  }
}
