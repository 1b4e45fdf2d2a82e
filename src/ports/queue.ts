/** A job carries ids, never code, diffs or tokens. */
export interface Job<T> {
  /** Idempotent: adding a job whose id is known changes nothing while that job is waiting, delayed or active. */
  id: string
  data: T
  /** What the log lines of its handler carry; default: what its maker's carried, else its id. */
  trace?: string
}

export interface QueueDepth {
  waiting: number
  delayed: number
  active: number
}

export interface Queue<T> {
  add(job: Job<T>, options?: { delayMs?: number }): Promise<void>
  addMany(jobs: readonly Job<T>[]): Promise<void>
  depth(): Promise<QueueDepth>
  /** Age in ms of the job that has waited longest since it was added, 0 when none waits. Delayed jobs do not wait. */
  oldestWaitingMs(): Promise<number>
  close(): Promise<void>
}

export interface Consumer {
  /** Takes no new job, waits for running handlers up to `graceMs`, then gives them up (they are stalled and run again). */
  close(graceMs: number): Promise<void>
}

export interface Queues {
  queue<T>(name: string): Queue<T>
  /**
   * At least once: a handler whose process died is run again. A handler that throws a Fault with retry
   * soon/later is tried again with exponential back-off and jitter (or at `retryAt`); 'never' ends the job.
   */
  consume<T>(
    name: string,
    handler: (job: Job<T>, context: { attempt: number; signal: AbortSignal }) => Promise<void>,
    options: {
      concurrency: number
      attempts: number
      onGivenUp?: (job: Job<T>, error: unknown) => Promise<void>
    },
  ): Consumer
  close(): Promise<void>
}
