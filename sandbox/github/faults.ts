/** A fault for the next requests that match; the first one that matches is used. */
export interface FaultRule {
  method?: string
  /** Part of the path, or a pattern for it. */
  path?: string | RegExp
  /** How many requests; default 1. */
  times?: number
  /** Answered instead of doing it; with `effect`, after doing it. */
  answer?: { status: number; headers?: Record<string, string>; body?: unknown }
  effect?: boolean
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
  /** The hourly limit is used up: 403, or over GraphQL 200 with an error. */
  primaryLimit: (rule: { path?: string | RegExp; times?: number; resetAt: Date }) => void
  /** GraphQL's way to fail: 200, and errors beside what data there is. */
  graphqlErrors: (errors: { type?: string; message: string; path?: string[] }[], data?: unknown) => void
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
    primaryLimit: ({ resetAt, ...rule }) => {
      const headers = {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.floor(resetAt.getTime() / 1000)),
      }
      const message = 'API rate limit exceeded for installation.'
      add(
        rule.path === '/graphql'
          ? {
              ...rule,
              answer: { status: 200, headers, body: { errors: [{ type: 'RATE_LIMITED', message }] } },
            }
          : { ...rule, answer: { status: 403, headers, body: { message } } },
      )
    },
    graphqlErrors: (errors, data = null) =>
      add({ path: '/graphql', answer: { status: 200, body: { data, errors } } }),
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
