import { APIError as AnthropicApiError } from '@anthropic-ai/sdk'
import { APIError as OpenAiApiError } from 'openai'
import { Fault, type FaultCode } from '../../core/fault.ts'
import type { ModelUsage } from '../../ports/model.ts'
import { ProviderError } from './call.ts'

const usages = new WeakMap<Fault, ModelUsage>()

/** The tokens that a failed call cost all the same. Counts the provider did not tell are estimated. */
export function usageOf(fault: unknown): ModelUsage | undefined {
  return fault instanceof Fault ? usages.get(fault) : undefined
}

export function withUsage(fault: Fault, usage: ModelUsage): Fault {
  if (usage.inputTokens + usage.outputTokens > 0) usages.set(fault, usage)
  return fault
}

/** Providers quote keys in their refusals and prompts in their complaints: short, and without anything like a key. */
export function redact(message: string, secrets: readonly string[]): string {
  let text = message
  for (const secret of secrets) if (secret.length > 3) text = text.replaceAll(secret, '[key]')
  return text
    .replace(/\b(?:sk|rk|pk|key)-[\w*.-]{3,}/gi, '[key]')
    .replace(/\bBearer\s+\S+/gi, '[key]')
    .replace(/\s+/g, ' ')
    .slice(0, 200)
}

const codeOf: Record<string, FaultCode> = {
  authentication_error: 'model-unauthorized',
  permission_error: 'model-unauthorized',
  billing_error: 'model-unauthorized',
  invalid_api_key: 'model-unauthorized',
  rate_limit_error: 'model-rate-limited',
  rate_limit_exceeded: 'model-rate-limited',
  insufficient_quota: 'model-rate-limited',
  overloaded_error: 'model-unavailable',
  api_error: 'model-unavailable',
  server_error: 'model-unavailable',
  stream_cut: 'model-unavailable',
  timeout_error: 'model-timeout',
}

function codeOfStatus(status: number): FaultCode {
  if (status === 401 || status === 402 || status === 403) return 'model-unauthorized'
  if (status === 408) return 'model-timeout'
  if (status === 409 || status === 429) return 'model-rate-limited'
  if (status >= 500) return 'model-unavailable'
  return 'model-rejected'
}

const retryOf = (code: FaultCode): 'soon' | 'later' | 'never' =>
  code === 'model-unavailable'
    ? 'soon'
    : code === 'model-rate-limited' || code === 'model-timeout'
      ? 'later'
      : 'never'

/**
 * What a provider's SDK or stream threw, as a Fault. The cause is left behind on purpose: it holds the request, with
 * its key and the code under review.
 */
export function classify(error: unknown, provider: string, now: Date, secrets: readonly string[]): Fault {
  if (error instanceof Fault) return error
  let code: FaultCode = 'model-unavailable'
  let detail = 'connection failed'
  let retryAt: Date | undefined
  let spentUp = false
  if (error instanceof ProviderError) {
    code = codeOf[error.kind] ?? 'model-rejected'
    detail = `${error.kind}: ${error.message}`
    spentUp = error.kind === 'insufficient_quota'
  } else if (error instanceof OpenAiApiError || error instanceof AnthropicApiError) {
    const { status, type } = error as { status: number | undefined; type?: string | null }
    const name = (error as { code?: string | null }).code
    if (status !== undefined) code = codeOfStatus(status)
    else if (type || name) code = codeOf[type ?? ''] ?? codeOf[name ?? ''] ?? 'model-rejected'
    detail = status === undefined && !type && !name ? connectionDetail(error) : error.message
    spentUp = name === 'insufficient_quota' || type === 'insufficient_quota'
    if (code === 'model-rate-limited' || code === 'model-unavailable') retryAt = retryTime(error.headers, now)
  } else {
    detail = connectionDetail(error)
  }
  // An account without money answers 429 too, and no waiting helps.
  const retry = spentUp ? 'never' : retryAt ? 'later' : retryOf(code)
  return new Fault(code, `${provider}: ${redact(detail, secrets)}`, {
    retry,
    retryAt: spentUp ? undefined : retryAt,
  })
}

/** Only names and system codes: a connection error's message may hold an address with credentials. */
function connectionDetail(error: unknown): string {
  const codes: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string') codes.push(code)
  }
  return `connection failed ${codes.join(' ')}`.trim()
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date. At most a day; undefined when absent or unreadable. */
function retryTime(headers: Headers | undefined, now: Date): Date | undefined {
  const inMs = headers?.get('retry-after-ms')
  const after = headers?.get('retry-after')
  let ms = Number.NaN
  if (inMs) ms = Number(inMs)
  else if (after) ms = /^[\d.]+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now.getTime()
  if (!Number.isFinite(ms)) return undefined
  return new Date(now.getTime() + Math.min(86_400_000, Math.max(0, ms)))
}
