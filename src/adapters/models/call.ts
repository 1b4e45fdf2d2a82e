import type { TokenCounts } from './prices.ts'

/** One HTTP request to one provider. */
export interface ModelCall {
  model: string
  maxOutputTokens: number
  system: string
  user: string
  schema: { name: string; json: Record<string, unknown> }
  cacheKey: string
  signal: AbortSignal
  /** Each piece of answer text as it arrives. */
  onText: (text: string) => void
  /** Counts as soon as the provider says them; the last ones stand. */
  onCounts: (counts: TokenCounts) => void
}

/** How an answer ended. Its text and counts went through the callbacks. */
export type ModelEnd = 'complete' | 'truncated' | 'refused'

/** Throws what the provider's SDK throws, or ProviderError for an error told inside the stream. */
export type Provide = (call: ModelCall) => Promise<ModelEnd>

/** An error that arrived inside a stream that had begun with 200, or a stream that stopped before its end. */
export class ProviderError extends Error {
  readonly kind: string
  constructor(kind: string, message: string) {
    super(message)
    this.kind = kind
  }
}
