import type { z } from 'zod'
import type { ModelChoice } from '../core/configuration.ts'
import type { Nonces } from '../core/review/prompt.ts'

export interface ModelRequest<T> {
  /** Trusted instructions. */
  system: string
  /** Holds untrusted text, delimited. */
  user: string
  /** The random words of this request, which stand in both. */
  nonces: Nonces
  /** The whole answer: one object. `name` is sent to the provider. */
  schema: { name: string; type: z.ZodType<T> }
  /** Called with each complete element of the answer's array `streamKey` while the rest still streams; unvalidated. */
  stream?: { key: string; onElement: (element: unknown) => void }
  /** Same key, same prompt prefix: lets the provider cache it. */
  cacheKey: string
}

export interface ModelUsage {
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  /** By the price table; undefined when the model is not in it. */
  usd: number | undefined
}

export interface ModelAnswer<T> {
  value: T
  usage: ModelUsage
  latencyMs: number
  /** True when the first answer was invalid and one repair was asked. Its usage is included. */
  repaired: boolean
}

export interface Models {
  /** Whether a key for this provider is configured. */
  has(provider: ModelChoice['provider']): boolean
  /**
   * Asks one model, with retries, circuit breaker and one repair of an invalid answer inside.
   * Throws Fault: model-unauthorized, model-refused, model-invalid, model-truncated, model-rate-limited,
   * model-unavailable, model-timeout, model-rejected. A Fault that cost tokens carries them in `usageOf`.
   */
  ask<T>(
    choice: ModelChoice,
    request: ModelRequest<T>,
    limits: { deadlineMs: number; signal: AbortSignal },
  ): Promise<ModelAnswer<T>>
}
