import { setTimeout as sleep } from 'node:timers/promises'
import { asFault } from '../../src/core/fault.ts'
import type { Job, Queue } from '../../src/ports/queue.ts'

const ATTEMPTS = 10
const RETRY_MS = 200

/** A queue in memory whose jobs are taken at once, so many beside each other; a handler that throws gets its job again. */
export interface Lane<T> {
  queue: Queue<T>
  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void>
}

export function lane<T>(
  concurrency: number,
  handle: (job: Job<T>) => Promise<unknown>,
  giveUp: (job: Job<T>, error: unknown) => void,
): Lane<T> {
  const waiting: { job: Job<T>; since: number }[] = []
  const delayed = new Set<Promise<void>>()
  const running = new Set<Promise<void>>()

  const pump = (): void => {
    while (running.size < concurrency) {
      const next = waiting.shift()
      if (next === undefined) return
      const work: Promise<void> = attempt(next.job).finally(() => {
        running.delete(work)
        pump()
      })
      running.add(work)
    }
  }
  const attempt = async (job: Job<T>): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await handle(job)
        return
      } catch (error) {
        if (tries === ATTEMPTS || asFault(error).retry === 'never') return giveUp(job, error)
        await sleep(RETRY_MS * tries)
      }
    }
  }
  const put = (job: Job<T>): void => {
    waiting.push({ job, since: performance.now() })
    pump()
  }
  return {
    queue: {
      async add(job, { delayMs = 0 } = {}) {
        if (delayMs <= 0) return put(job)
        const later: Promise<void> = sleep(delayMs).then(() => {
          delayed.delete(later)
          put(job)
        })
        delayed.add(later)
      },
      addMany: async jobs => jobs.forEach(put),
      oldestWaitingMs: async () => (waiting[0] === undefined ? 0 : performance.now() - waiting[0].since),
      depth: async () => ({ waiting: waiting.length, delayed: delayed.size, active: running.size }),
      close: async () => {},
    },
    async idle() {
      while (running.size > 0 || delayed.size > 0) await Promise.all([...running, ...delayed])
    },
  }
}
