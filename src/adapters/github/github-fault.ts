import { z } from 'zod'
import { asFault, Fault } from '../../core/fault.ts'

/** What Octokit's RequestError carries. No `response`: none arrived (reset, timeout, unknown host). */
const requestError = z.looseObject({
  status: z.number(),
  message: z.string(),
  response: z
    .looseObject({ headers: z.record(z.string(), z.union([z.string(), z.number(), z.undefined()])) })
    .optional(),
  request: z.looseObject({ url: z.string() }).optional(),
})

export interface FaultContext {
  /** The request would change something, so an answer that never came leaves its effect unknown. */
  write: boolean
  now: Date
  /** How long to pause when GitHub says to stop and names no time. */
  pauseMs: number
}

const rateLimitMessage = /secondary rate limit|abuse detection|rate limit exceeded/i
/** Errors of connecting: the request was never sent, so a write cannot have happened. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Classifies whatever an Octokit request threw; see the table in docs/github.md. */
export function githubFault(error: unknown, context: FaultContext): Fault {
  if (error instanceof Fault) return error
  if (error instanceof z.ZodError)
    return new Fault('github-unavailable', `GitHub's answer cannot be read: ${z.prettifyError(error)}`, {
      retry: 'soon',
      ambiguous: context.write,
      cause: error,
    })
  const parsed = requestError.safeParse(error)
  if (!parsed.success) return isAbort(error) ? unavailable(error, 'aborted', context.write) : asFault(error)
  const { status, message, response, request } = parsed.data
  // The token is asked for inside the request: when that fails, the request itself was not sent.
  const forToken = request?.url.endsWith('/access_tokens') ?? false
  const write = context.write && !forToken
  if (!response) return unavailable(error, message, write && !neverSent.has(connectionCode(error)))
  if (forToken && status === 422) return tokenRefused(message, error)
  return statusFault(status, message, response.headers, { ...context, write }, error)
}

/** A token that cannot be narrowed as asked: the installation lacks a permission, or the repository left it. */
function tokenRefused(message: string, cause: unknown): Fault {
  const said = `GitHub gave no token: ${message.slice(0, 2_000)}`
  return new Fault(/permission/i.test(message) ? 'github-forbidden' : 'github-not-found', said, {
    retry: 'never',
    cause,
  })
}

type Headers = Readonly<Record<string, string | number | undefined>>

function statusFault(
  status: number,
  message: string,
  headers: Headers,
  context: FaultContext,
  cause: unknown,
): Fault {
  const said = `GitHub answered ${status}: ${message.slice(0, 2_000)}`
  if ((status === 403 || status === 429) && isRateLimit(status, message, headers))
    return new Fault('github-rate-limited', said, {
      retry: 'later',
      retryAt: resumeAt(headers, context),
      cause,
    })
  if (status === 401) return new Fault('github-unauthorized', said, { retry: 'soon', cause })
  if (status === 403 || status === 451) return new Fault('github-forbidden', said, { retry: 'never', cause })
  if (status === 404 || status === 410) return new Fault('github-not-found', said, { retry: 'never', cause })
  if (status === 408 || status >= 500) return unavailable(cause, said, context.write)
  return new Fault('github-unprocessable', said, { retry: 'never', cause })
}

function isRateLimit(status: number, message: string, headers: Headers): boolean {
  return (
    status === 429 ||
    headers['retry-after'] !== undefined ||
    String(headers['x-ratelimit-remaining']) === '0' ||
    rateLimitMessage.test(message)
  )
}

/** GitHub's order: retry-after, then the reset of an exhausted limit, then our own pause. Never in the past. */
export function resumeAt(headers: Headers, { now, pauseMs }: Pick<FaultContext, 'now' | 'pauseMs'>): Date {
  const retryAfter = Number(headers['retry-after'])
  if (Number.isFinite(retryAfter) && retryAfter > 0) return new Date(now.getTime() + retryAfter * 1000)
  const reset = Number(headers['x-ratelimit-reset']) * 1000
  if (String(headers['x-ratelimit-remaining']) === '0' && reset > now.getTime()) return new Date(reset + 1000)
  return new Date(now.getTime() + pauseMs)
}

function unavailable(cause: unknown, message: string, ambiguous: boolean): Fault {
  return new Fault('github-unavailable', `GitHub did not answer: ${message}`, {
    retry: 'soon',
    ambiguous,
    cause,
  })
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

/** fetch wraps the socket's error once or twice, Octokit once more. */
function connectionCode(error: unknown): string {
  for (
    let cause: unknown = error, depth = 0;
    cause instanceof Error && depth < 5;
    cause = cause.cause, depth++
  )
    if ('code' in cause && typeof cause.code === 'string') return cause.code
  return ''
}
