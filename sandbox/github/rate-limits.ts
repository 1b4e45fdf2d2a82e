const LIMIT = 5000

export interface RateLimits {
  /** Counts one request of `who`, unless it is free (a 304), and answers the headers to send along. */
  spend: (who: string, resource: 'core' | 'graphql', free: boolean) => Record<string, string>
  /** The body of `GET /rate_limit`. */
  overview: () => object
}

/** Counted, never enforced: a long benchmark is not to stop here. Faults are for that. */
export const createRateLimits = (now: () => Date): RateLimits => {
  const spent = new Map<string, number>()
  const reset = (): number => Math.floor(now().getTime() / 1000) + 3600
  return {
    spend: (who, resource, free) => {
      const key = `${who} ${resource}`
      const used = (spent.get(key) ?? 0) + (free ? 0 : 1)
      spent.set(key, used)
      return {
        'x-ratelimit-limit': String(LIMIT),
        'x-ratelimit-remaining': String(Math.max(LIMIT - used, 1)),
        'x-ratelimit-used': String(used),
        'x-ratelimit-resource': resource,
        'x-ratelimit-reset': String(reset()),
      }
    },
    overview: () => {
      const core = { limit: LIMIT, used: 0, remaining: LIMIT, reset: reset() }
      return { resources: { core, search: core, graphql: core }, rate: core }
    },
  }
}
