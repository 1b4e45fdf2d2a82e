import process from 'node:process'
import { readPriceTable } from '../adapters/models/price-file.ts'
import { shippedPrices, usdOf } from '../adapters/models/prices.ts'
import cheaperModels from '../adapters/system/default-cheaper-models.json' with { type: 'json' }
import defaultModels from '../adapters/system/default-models.json' with { type: 'json' }
import type { ExperimentChecks } from '../core/experiment-file.ts'
import { hasPrompt } from '../engine/prompts.ts'

const nothing = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 }

/** What an experiment's file is held against: this machine's price table, the prompts of this version, its models. */
export function experimentChecks(): ExperimentChecks {
  const { CUPEL_PRICES, OPENAI_MODEL, ANTHROPIC_MODEL, CUPEL_EXPERIMENTS_ANTHROPIC_MODEL } = process.env
  const prices = CUPEL_PRICES ? readPriceTable(CUPEL_PRICES) : shippedPrices
  return {
    hasPrice: choice => usdOf(choice, nothing, prices) !== undefined,
    hasPrompt,
    models: {
      openai: OPENAI_MODEL || defaultModels.openai,
      anthropic: ANTHROPIC_MODEL || defaultModels.anthropic,
      secondary: CUPEL_EXPERIMENTS_ANTHROPIC_MODEL || cheaperModels.anthropic,
    },
  }
}
