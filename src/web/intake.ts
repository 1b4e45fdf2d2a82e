import { setTimeout } from 'node:timers/promises'
import type { DeliveryJob } from '../cycle.ts'
import type { Queue } from '../ports/queue.ts'
import type { DeliveryIntake, NewDelivery } from '../ports/stores.ts'

export interface Intake {
  /** Resolves once the row is committed. The job is made afterwards; should that fail, the sweeper makes it. */
  accept(delivery: NewDelivery): Promise<'accepted' | 'duplicate'>
  /**
   * Makes a job for every committed row that is older and not finished, and notes it on the row. Most rows are
   * finished sooner, so nothing is noted when they are accepted; where the job exists it stays as it is. Answers how many.
   */
  sweep(olderThanMs: number): Promise<number>
  /** Waits for everything accepted so far, its jobs included. */
  drain(): Promise<void>
}

/** While one waits for the disk, the next is prepared. */
const INSERTS_AT_ONCE = 2
const MAX_BATCH_ROWS = 200
const MAX_BATCH_LENGTH = 16_000_000
/** Jobs made by one call of the queue, which has a deadline. */
const MAX_JOBS = 500

/**
 * From so many jobs in one call on, the next begins so many milliseconds later: a job of a call for 20 costs three
 * times one of a call for 400. With fewer than 160 webhooks a second a job waits for nothing.
 */
const BUSY_JOBS = [
  { from: 40, pauseMs: 200 },
  { from: 8, pauseMs: 50 },
]

interface Waiting {
  delivery: NewDelivery
  resolve(outcome: 'accepted' | 'duplicate'): void
  reject(error: unknown): void
}

/**
 * Group commit: while INSERTs are under way, arrivals wait together for the next. Under load a commit then
 * serves many webhooks; without load a webhook waits for nobody. bench/intake.ts holds the figures.
 */
export function createIntake(
  deliveries: DeliveryIntake,
  queue: Queue<DeliveryJob>,
  onQueueError: (error: unknown) => void,
): Intake {
  let waiting: Waiting[] = []
  const inserting = new Set<Promise<void>>()
  const unqueued: string[] = []
  let queueing: Promise<void> | null = null

  async function insertWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const fresh = await deliveries.insert(batch.map(entry => entry.delivery))
        unqueued.push(...fresh)
        if (fresh.size > 0) queueing ??= Promise.resolve().then(queueUnqueued)
        for (const { delivery, resolve } of batch) {
          // Two copies of one delivery in one batch: the first is the row, the second the duplicate.
          resolve(fresh.delete(delivery.id) ? 'accepted' : 'duplicate')
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  function insertSoon(): void {
    if (inserting.size >= INSERTS_AT_ONCE) return
    const work = Promise.resolve()
      .then(insertWaiting)
      .finally(() => {
        inserting.delete(work)
        // What arrived after the last look found this place still taken.
        if (waiting.length > 0) insertSoon()
      })
    inserting.add(work)
  }

  function takeBatch(): Waiting[] {
    let length = 0
    const fits = waiting.findIndex(({ delivery }, index) => {
      length += delivery.payload.length
      return index > 0 && (index >= MAX_BATCH_ROWS || length > MAX_BATCH_LENGTH)
    })
    const batch = fits === -1 ? waiting : waiting.slice(0, fits)
    waiting = fits === -1 ? [] : waiting.slice(fits)
    return batch
  }

  async function queueUnqueued(): Promise<void> {
    while (unqueued.length > 0) {
      const ids = unqueued.splice(0, MAX_JOBS)
      const busy = BUSY_JOBS.find(({ from }) => ids.length >= from)
      const pause = busy && setTimeout(busy.pauseMs)
      try {
        await makeJobs(ids)
      } catch (error) {
        onQueueError(error)
      }
      await pause
    }
    queueing = null
  }

  async function makeJobs(ids: readonly string[]): Promise<void> {
    await queue.addMany(ids.map(id => ({ id: `delivery:${id}`, data: { deliveryId: id }, trace: id })))
  }

  return {
    accept(delivery) {
      return new Promise((resolve, reject) => {
        waiting.push({ delivery, resolve, reject })
        insertSoon()
      })
    },
    async sweep(olderThanMs) {
      for (let made = 0; ;) {
        const ids = await deliveries.unqueued(olderThanMs, MAX_JOBS)
        if (ids.length > 0) {
          await makeJobs(ids)
          await deliveries.markQueued(ids)
        }
        made += ids.length
        if (ids.length < MAX_JOBS) return made
      }
    },
    async drain() {
      while (inserting.size > 0 || queueing !== null) await Promise.all([...inserting, queueing])
    },
  }
}
