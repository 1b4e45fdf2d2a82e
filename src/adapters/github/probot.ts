import { Probot, ProbotOctokit, type Logger } from 'probot'

/** Token requests carry no signal of ours; this is their deadline in ms. */
const tokenTimeoutMs = 15_000

const timedFetch: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(tokenTimeoutMs) })

/** Octokit logs request bodies at debug level, and those hold code. */
const quiet = (log: Logger) => ({
  debug: () => {},
  info: () => {},
  warn: log.warn.bind(log),
  error: log.error.bind(log),
})

/**
 * Octokit without its throttling and retry plug-ins: limits are kept by our own pacer, and only reads are repeated.
 * The function form of `defaults` is needed; Probot 14 merges the object form away and stays throttled.
 */
export function quietOctokit(log: Logger): typeof ProbotOctokit {
  return ProbotOctokit.defaults((options: Record<string, object | undefined>) => ({
    ...options,
    log: quiet(log),
    throttle: { enabled: false },
    retry: { enabled: false },
    request: { ...options['request'], fetch: timedFetch },
  }))
}

/** The App itself. `webhookSecret` must not be empty: Probot would silently use "development". */
export function createProbot(options: {
  appId: number | string
  privateKey: string
  webhookSecret: string
  baseUrl?: string
  log: Logger
}): Probot {
  if (options.webhookSecret === '') throw new TypeError('webhookSecret is empty')
  return new Probot({
    appId: options.appId,
    privateKey: options.privateKey,
    secret: options.webhookSecret,
    ...(options.baseUrl && { baseUrl: options.baseUrl }),
    log: options.log,
    Octokit: quietOctokit(options.log),
  })
}
