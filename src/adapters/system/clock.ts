import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    try {
      await delay(ms, undefined, { signal })
    } catch (error) {
      // The timer rejects with an AbortError of its own; callers were promised the signal's reason.
      throw signal?.aborted ? signal.reason : error
    }
  },
}
