import { UnrecoverableError, type Job as BullJob, type Worker } from 'bullmq'
import { asFault, Fault } from '../../core/fault.ts'
import type { Consumer, Job } from '../../ports/queue.ts'
import type { Trace } from '../../ports/trace.ts'

export interface BullData<T> {
  id: string
  data: T
  trace?: string
}

export interface Timing {
  /** A job whose worker has not renewed its lock for so long (ms) may be taken by another. */
  lockDurationMs: number
  /** How often (ms) workers look for such jobs. */
  stalledIntervalMs: number
  /** First wait (ms) before another attempt, by the Fault's retry class; doubled each time, at most 15 minutes. */
  soonMs: number
  laterMs: number
}

const longestWaitMs = 15 * 60_000

export type OpenWorker = (
  processor: (job: BullJob<BullData<unknown>>) => Promise<void>,
  extra: object,
) => Worker

export function consumeWith<T>(
  open: OpenWorker,
  handler: (job: Job<T>, context: { attempt: number; signal: AbortSignal }) => Promise<void>,
  options: {
    concurrency: number
    attempts: number
    onGivenUp?: (job: Job<T>, error: unknown) => Promise<void>
  },
  { timing, trace, log }: { timing: Timing; trace: Trace; log: (message: string, error: unknown) => void },
): Consumer {
  const running = new Map<string, { done: Promise<void>; abort: AbortController }>()
  const giveUp = async (job: Job<T>, error: unknown): Promise<void> => {
    await options.onGivenUp?.(job, error).catch((failed: unknown) => log('onGivenUp', failed))
  }
  const traced = <R>(data: BullData<unknown>, work: () => R): R => trace.within(data.trace ?? data.id, work)
  const take = async (bull: BullJob<BullData<unknown>>): Promise<void> => {
    const job = bull.data as Job<T>
    const attempt = bull.attemptsMade + 1
    const abort = new AbortController()
    const work = handler({ id: job.id, data: job.data }, { attempt, signal: abort.signal })
    const key = bull.id ?? job.id
    running.set(key, { done: work.then(nothing, nothing), abort })
    try {
      await work
    } catch (error) {
      if (asFault(error).retry !== 'never' && attempt < options.attempts) throw error
      await giveUp(job, error)
      throw new UnrecoverableError(error instanceof Error ? error.message : String(error))
    } finally {
      running.delete(key)
    }
  }
  const worker = open(bull => traced(bull.data, () => take(bull)), {
    concurrency: options.concurrency,
    lockDuration: timing.lockDurationMs,
    stalledInterval: timing.stalledIntervalMs,
    // A job whose workers die three times over is taken to be what kills them.
    maxStalledCount: 3,
    runRetryDelay: 2_000,
    removeOnComplete: { age: 0 },
    removeOnFail: { age: 0 },
    settings: {
      backoffStrategy: (made: number, _type?: string, error?: Error) => waitMs(timing, made, error),
    },
  })
  worker.on('error', error => log('worker connection', error))
  worker.on('failed', (bull, error) => {
    // The only end that no processor of a living process has seen.
    if (bull && error.message.includes('stalled more than'))
      void traced(bull.data, () => giveUp(bull.data as Job<T>, error))
  })

  let closing: Promise<void> | undefined
  const close = async (graceMs: number): Promise<void> => {
    await worker.pause(true).catch((error: unknown) => log('worker pause', error))
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>(done => (timer = setTimeout(done, graceMs)))
    await Promise.race([grace, Promise.all([...running.values()].map(({ done }) => done))])
    clearTimeout(timer)
    const left = running.size > 0
    const stopping = new Fault('queue-unavailable', 'the worker is stopping', { retry: 'soon' })
    for (const { abort } of running.values()) abort.abort(stopping)
    await worker.close(left).catch((error: unknown) => log('worker close', error))
  }
  return { close: graceMs => (closing ??= close(graceMs)) }
}

function nothing(): void {}

/** Until `retryAt` when the Fault says so; otherwise doubling, spread over half to one and a half of it. */
export function waitMs(
  timing: Pick<Timing, 'soonMs' | 'laterMs'>,
  made: number,
  error: unknown,
  now = Date.now(),
): number {
  const fault = asFault(error)
  if (fault.retryAt) return Math.max(0, fault.retryAt.getTime() - now)
  const first = fault.retry === 'later' ? timing.laterMs : timing.soonMs
  return Math.round(Math.min(longestWaitMs, first * 2 ** (made - 1)) * (0.5 + Math.random()))
}
