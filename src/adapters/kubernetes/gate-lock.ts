import { Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GateLock } from '../../ports/gate.ts'
import type { Lease } from './lease.ts'

/** A third of the Lease's duration. */
const RENEW_MS = 10_000

interface Deps {
  clock: Pick<Clock, 'sleep'>
  log: { warn(fields: object, message: string): void }
}

/**
 * The database's lock, and within it the Lease: who has not both is 'busy'. Where the Lease cannot be asked the lock alone
 * decides, as it keeps two gates apart by itself: a cluster that does not answer must not keep a bad release in force.
 */
export function withLease(lock: GateLock, lease: Lease, { clock, log }: Deps): GateLock {
  const ask = async (): Promise<'held' | 'busy' | 'unknown'> => {
    try {
      return await lease.hold()
    } catch (error) {
      log.warn({ err: error }, 'the gate’s Lease could not be asked; the database’s lock decides alone')
      return 'unknown'
    }
  }
  return {
    whileActive: work =>
      lock.whileActive(async lost => {
        if ((await ask()) === 'busy') return 'busy'
        const done = new AbortController()
        const taken = new AbortController()
        const renewing = renew()
        try {
          return await work(AbortSignal.any([lost, taken.signal]))
        } finally {
          done.abort()
          await renewing
        }

        async function renew(): Promise<void> {
          while (!taken.signal.aborted) {
            await clock.sleep(RENEW_MS, done.signal).catch(() => {})
            if (done.signal.aborted) return
            if ((await ask()) === 'busy')
              taken.abort(
                new Fault('cluster-unavailable', 'the gate’s Lease was taken by another', { retry: 'soon' }),
              )
          }
        }
      }),
  }
}
