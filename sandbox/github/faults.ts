/** A fault for the next requests that match; the first one that matches is used. */
export interface FaultRule {
  method?: string
  /** Part of the path, or a pattern for it. */
  path?: string | RegExp
  /** How many requests; default 1. */
  times?: number
  /** Answered instead of doing it. */
  answer?: { status: number; headers?: Record<string, string>; body?: unknown }
  /** Does it, then destroys the connection: the caller cannot know. */
  dropResponse?: boolean
  /** Waits that long before anything else. Milliseconds. */
  delayMs?: number
}

export interface Faults {
  add: (rule: FaultRule) => void
  /** GitHub's secondary limit for the next matching requests. */
  secondaryLimit: (rule: {
    method?: string
    path?: string | RegExp
    times?: number
    status?: 403 | 429
    retryAfterSeconds?: number | null
  }) => void
  clear: () => void
  take: (method: string, path: string) => FaultRule | null
}

export const createFaults = (initial: readonly FaultRule[]): Faults => {
  let rules = initial.map(rule => ({ ...rule, left: rule.times ?? 1 }))
  const add = (rule: FaultRule): void => {
    rules.push({ ...rule, left: rule.times ?? 1 })
  }
  return {
    add,
    secondaryLimit: ({ status = 403, retryAfterSeconds = null, ...rule }) =>
      add({
        ...rule,
        answer: {
          status,
          headers: retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) },
          body: {
            message:
              'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
            documentation_url:
              'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
          },
        },
      }),
    clear: () => {
      rules = []
    },
    take: (method, path) => {
      const found = rules.find(
        rule =>
          rule.left > 0 &&
          (rule.method === undefined || rule.method.toUpperCase() === method) &&
          (rule.path === undefined ||
            (typeof rule.path === 'string' ? path.includes(rule.path) : rule.path.test(path))),
      )
      if (found === undefined) return null
      found.left -= 1
      return found
    },
  }
}
