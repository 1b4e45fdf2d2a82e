import { z } from 'zod'

export const providers = ['openai', 'anthropic'] as const
export type Provider = (typeof providers)[number]
export const analyserNames = ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep'] as const
export type AnalyserName = (typeof analyserNames)[number]

const modelChoice = z.strictObject({
  provider: z.enum(providers),
  /** As the provider names it; never written in code elsewhere. */
  model: z.string().min(1).max(200),
  maxOutputTokens: z.int().min(256).max(32_000),
})
export type ModelChoice = z.infer<typeof modelChoice>

const routing = z.discriminatedUnion('strategy', [
  z.strictObject({ strategy: z.literal('none') }),
  z.strictObject({ strategy: z.literal('primary'), primary: modelChoice }),
  z.strictObject({ strategy: z.literal('secondary'), secondary: modelChoice }),
  z.strictObject({ strategy: z.literal('ensemble'), primary: modelChoice, secondary: modelChoice }),
  z.strictObject({ strategy: z.literal('adaptive'), primary: modelChoice, secondary: modelChoice }),
])
export type Routing = z.infer<typeof routing>

/** How to review. Immutable; its id is the SHA-256 of its canonical JSON (RFC 8785), see configurationId. */
export const configurationSchema = z.strictObject({
  version: z.literal(1),
  routing,
  /** A file of src/core/review/prompts/, by name and version: `review@1`. */
  prompt: z.string().regex(/^[a-z-]+@\d+$/),
  /** How the models are asked. `analysers-first` gives the analysers' findings to the models as context. */
  technique: z.strictObject({
    pass: z.enum(['single-pass', 'per-file']),
    analysersFirst: z.boolean(),
    selfCheck: z.boolean(),
  }),
  analysers: z.array(z.enum(analyserNames)),
  limits: z.strictObject({
    /** Findings that have not arrived by then (ms after the review began) are late: posted in the summary, not inline. */
    deadlineMs: z.int().min(500).max(600_000),
    /** When model calls are aborted (ms after the review began). */
    abortMs: z.int().min(500).max(600_000),
    files: z.int().min(1).max(3000),
    /** Bytes of one file's contents an analyser or prompt may see. */
    fileBytes: z.int().min(1_000).max(2_000_000),
    /** Estimated input tokens of one model call. */
    callTokens: z.int().min(1_000).max(400_000),
    /** Per review, all calls together. */
    reviewTokens: z.int().min(1_000).max(4_000_000),
    reviewUsd: z.number().min(0).max(1_000),
    parallelCalls: z.int().min(1).max(64),
    /** Findings below this confidence are not posted. */
    minConfidence: z.number().min(0).max(1),
  }),
})
export type Configuration = z.infer<typeof configurationSchema>
