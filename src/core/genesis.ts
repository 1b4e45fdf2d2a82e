import type { Configuration, ModelChoice, Routing } from './configuration.ts'

/** Analysers only: needs no key, is in force before anything else and the last rollback target. */
export const genesisConfiguration: Configuration = {
  version: 1,
  routing: { strategy: 'none' },
  prompt: 'review@1',
  technique: { pass: 'single-pass', analysersFirst: true, selfCheck: false },
  analysers: ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep'],
  limits: {
    deadlineMs: 15_000,
    abortMs: 30_000,
    files: 300,
    fileBytes: 500_000,
    callTokens: 60_000,
    reviewTokens: 400_000,
    reviewUsd: 1,
    parallelCalls: 8,
    minConfidence: 0.3,
  },
}

/**
 * The first configuration with models: one asked per file, the other as its stand-in when both keys are there.
 * The deadline is the latency threshold of the gate (3,000 ms) less what posting takes; findings that come
 * later stand in the summary. Null when no model can be asked.
 */
export function genesisModelsConfiguration(models: {
  openai: string | null
  anthropic: string | null
}): Configuration | null {
  const routing = routingFor(models)
  if (routing === null) return null
  return {
    ...genesisConfiguration,
    routing,
    technique: { pass: 'per-file', analysersFirst: false, selfCheck: false },
    // All calls of a thousand changed lines at once: one that waits for another misses the deadline.
    limits: { ...genesisConfiguration.limits, deadlineMs: 2_500, abortMs: 60_000, parallelCalls: 16 },
  }
}

function routingFor(models: { openai: string | null; anthropic: string | null }): Routing | null {
  const choice = (provider: ModelChoice['provider'], model: string): ModelChoice => ({
    provider,
    model,
    maxOutputTokens: 4_000,
  })
  if (models.openai !== null && models.anthropic !== null) {
    return {
      strategy: 'adaptive',
      primary: choice('openai', models.openai),
      secondary: choice('anthropic', models.anthropic),
    }
  }
  if (models.openai !== null) return { strategy: 'primary', primary: choice('openai', models.openai) }
  if (models.anthropic !== null)
    return { strategy: 'secondary', secondary: choice('anthropic', models.anthropic) }
  return null
}
