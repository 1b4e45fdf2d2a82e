export interface Prompt {
  system: string
  user: string
  model: string
  provider: 'openai' | 'anthropic'
}

/** What the pretended model does with one prompt. */
export type Reply =
  | { kind: 'json'; value: unknown }
  | {
      kind: 'text'
      text: string
      /** Holds the stream back after so many characters until the promise resolves. */
      gate?: { after: number; until: Promise<unknown> }
      usage?: { cached?: number; cacheWrite?: number }
    }
  /** The answer stops after so many tokens and says that the output limit was reached. */
  | { kind: 'cut'; text: string; tokens: number }
  | { kind: 'refusal'; text?: string }
  | { kind: 'error'; status: number; type?: string; message?: string; headers?: Record<string, string> }
  /** The request is read and never answered. */
  | { kind: 'hang' }
  /** The connection is torn down after so many characters of `text`; 0 is before the first byte of the answer. */
  | { kind: 'reset'; text?: string; after: number }
  /** The stream reports an error after it began with 200. */
  | { kind: 'stream-error'; type: string; text?: string }

export interface Latency {
  /** Range of the time to the first token, ms. */
  firstTokenMs: [number, number]
  /** Added to it for each prompt token, ms. */
  perPromptTokenMs: number
  tokensPerSecond: number
  /** Same seed, same times. */
  seed: number
}

/** How many characters the stub counts as one token, in prompts and answers. */
export const charactersPerToken = 4

export const tokensOf = (text: string): number => Math.ceil(text.length / charactersPerToken)
