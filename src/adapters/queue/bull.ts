import { createPostgresBackend, Queue as BullQueue, Worker as BullWorker, withBackend } from 'bullmq'
import { Fault } from '../../core/fault.ts'
import type { Job, Queue, Queues } from '../../ports/queue.ts'
import type { Trace } from '../../ports/trace.ts'
import { consumeWith, type BullData, type OpenWorker, type Timing } from './consume.ts'

/** Connection trouble is logged, not thrown: BullMQ goes on trying by itself. */
export type QueueTarget = (
  | { backend: 'redis'; url: string; prefix: string }
  | { backend: 'postgres'; url: string; schema: string }
) & { log?: { warn(fields: object, message: string): void } }

export interface QueueOptions extends Partial<Timing> {
  /** Limit in ms of one `add`, `addMany` or `depth`; default 5,000. Beyond it: Fault queue-unavailable. */
  callTimeoutMs?: number
  /** Carried from whoever adds a job to its handler. */
  trace?: Trace
}

/**
 * BullMQ on Redis or PostgreSQL, one code path. Never its QueueEvents (they lose events on PostgreSQL) and never
 * retention by count (it deadlocks there): a job that ended is removed, and its id may be added again.
 */
export function bullQueues(target: QueueTarget, options: QueueOptions = {}): Queues {
  const log = (message: string, error: unknown): void => target.log?.warn({ err: error }, message)
  const callTimeoutMs = options.callTimeoutMs ?? 5_000
  const timing: Timing = {
    lockDurationMs: options.lockDurationMs ?? 30_000,
    stalledIntervalMs: options.stalledIntervalMs ?? 15_000,
    soonMs: options.soonMs ?? 1_000,
    laterMs: options.laterMs ?? 30_000,
  }
  const trace = options.trace ?? untraced
  const classes = classesOf(target)
  const closers = new Set<() => Promise<void>>()

  return {
    queue<T>(name: string): Queue<T> {
      let bull: BullQueue<BullData<T>> | undefined
      const opened = (): BullQueue<BullData<T>> => {
        bull ??= new classes.Queue(name, connectionOf(target, 'queue')) as BullQueue<BullData<T>>
        if (bull.listenerCount('error') === 0) bull.on('error', error => log('queue connection', error))
        return bull
      }
      const call = async <R>(work: (queue: BullQueue<BullData<T>>) => Promise<R>): Promise<R> => {
        const queue = opened()
        try {
          return await within(callTimeoutMs, work(queue))
        } catch (error) {
          // BullMQ keeps a failed first connection to PostgreSQL for ever: the next call begins with a new object.
          if (bull === queue) bull = undefined
          void end(queue).catch(() => {})
          throw queueFault(error)
        }
      }
      const close = async (): Promise<void> => {
        closers.delete(close)
        const queue = bull
        bull = undefined
        if (queue) await within(2_000, end(queue)).catch(error => log('queue close', error))
      }
      closers.add(close)
      return {
        add: async (job, added) => {
          const { data, opts } = entry(name, job, trace.current(), added?.delayMs)
          await call(queue => (queue as BullQueue).add(name, data, opts))
        },
        addMany: async jobs => {
          if (jobs.length === 0) return
          const current = trace.current()
          await call(queue => (queue as BullQueue).addBulk(jobs.map(job => entry(name, job, current))))
        },
        depth: async () => {
          const counts = await call(queue =>
            queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
          )
          return {
            waiting: (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0),
            delayed: counts['delayed'] ?? 0,
            active: counts['active'] ?? 0,
          }
        },
        oldestWaitingMs: async () => {
          const [oldest] = await call(queue => queue.getJobs(['waiting'], 0, 0, true))
          return oldest ? Math.max(0, Date.now() - oldest.timestamp) : 0
        },
        close,
      }
    },
    consume(name, handler, consumeOptions) {
      const open: OpenWorker = (processor, extra) =>
        new classes.Worker(name, processor, { ...connectionOf(target, 'worker'), ...extra })
      const consumer = consumeWith(open, handler, consumeOptions, { timing, trace, log })
      const close = (): Promise<void> => consumer.close(0)
      closers.add(close)
      return {
        close: graceMs => {
          closers.delete(close)
          return consumer.close(graceMs)
        },
      }
    },
    async close() {
      await Promise.all([...closers].map(close => close()))
      closers.clear()
    },
  }
}

const untraced: Trace = { current: () => undefined, within: (_, work) => work() }

/** Closing asks Redis first; one that does not answer must be let go all the same, or it is connected to for ever. */
async function end(queue: Pick<BullQueue, 'close' | 'disconnect'>): Promise<void> {
  await queue.close().catch(() => queue.disconnect())
}

function classesOf(target: QueueTarget): { Queue: typeof BullQueue; Worker: typeof BullWorker } {
  if (target.backend === 'redis') return { Queue: BullQueue, Worker: BullWorker }
  // The same classes with another first type parameter: their callers here use what both have.
  return withBackend(createPostgresBackend) as unknown as {
    Queue: typeof BullQueue
    Worker: typeof BullWorker
  }
}

function connectionOf(target: QueueTarget, use: 'queue' | 'worker'): { connection: object; prefix?: string } {
  switch (target.backend) {
    case 'redis':
      return {
        connection: {
          url: target.url,
          connectTimeout: 4_000,
          maxRetriesPerRequest: use === 'queue' ? 3 : null,
        },
        prefix: target.prefix,
      }
    case 'postgres':
      return {
        connection: {
          connectionString: target.url,
          schema: target.schema,
          // What a crash of the server loses of the queue, the sweepers make again from rows that are committed.
          options: '-c synchronous_commit=off',
          max: 4,
          connectionTimeoutMillis: 4_000,
        },
      }
  }
}

function entry<T>(
  name: string,
  job: Job<T>,
  current: string | undefined,
  delayMs?: number,
): { name: string; data: BullData<T>; opts: object } {
  const trace = job.trace ?? current
  return {
    name,
    data: { id: job.id, data: job.data, ...(trace !== undefined && { trace }) },
    opts: {
      // BullMQ refuses ids with ':' and ids that are whole numbers.
      jobId: `j-${job.id.replaceAll('%', '%25').replaceAll(':', '%3A')}`,
      ...(delayMs === undefined ? {} : { delay: Math.max(0, Math.round(delayMs)) }),
      // The consumer decides when to give up; BullMQ's own limit only has to be out of its way.
      attempts: 10_000,
      backoff: { type: 'custom' },
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 1,
    },
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function queueFault(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error)
  return new Fault('queue-unavailable', `the queue did not answer: ${message}`, {
    retry: 'soon',
    ambiguous: true,
    cause: error,
  })
}
