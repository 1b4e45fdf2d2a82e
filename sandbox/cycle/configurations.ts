import type { Configuration } from '../../src/core/configuration.ts'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import type { ModelName } from './reviewers.ts'

/** Asks one model once. Analysers are left out: they would know nothing of what is planted here. */
export function configurationWith(model: ModelName): Configuration {
  return {
    ...genesisConfiguration,
    routing: { strategy: 'primary', primary: { provider: 'openai', model, maxOutputTokens: 4_000 } },
    technique: { pass: 'single-pass', analysersFirst: false, selfCheck: false },
    analysers: [],
    limits: { ...genesisConfiguration.limits, reviewUsd: 0.05 },
  }
}
