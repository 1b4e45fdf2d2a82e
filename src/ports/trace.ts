/** One id that every log line of one piece of work carries, through queues as well. */
export interface Trace {
  current(): string | undefined
  /** What `work` begins carries `id`, whatever it waits for. */
  within<T>(id: string, work: () => T): T
}
