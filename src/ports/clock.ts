export interface Clock {
  now(): Date
  /** Milliseconds since an arbitrary start; never goes back. */
  elapsed(): number
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
