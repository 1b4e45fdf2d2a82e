import type { Configuration, Provider } from '../configuration.ts'
import { modelsOf } from '../experiment.ts'
import type { Step } from './receipt.ts'
import { modelName } from './route.ts'

/** By provider the model to ask when money is scarce; null: none. */
export type CheaperModels = Readonly<Record<Provider, string | null>>

/**
 * How to review when most of a budget is used: the first provider's cheaper model alone and without a second look, or
 * analysers only where there is none. `forgone` goes into the receipt, so that nobody takes it for the whole review.
 * Null when it would be the same review.
 */
export function thrifty(
  configuration: Configuration,
  cheaper: CheaperModels,
): { configuration: Configuration; forgone: Step } | null {
  const asked = modelsOf(configuration.routing)
  const [first] = asked
  if (first === undefined) return null
  const choice = asked.find(({ provider }) => cheaper[provider] !== null)
  const model = choice && cheaper[choice.provider]
  if (choice && asked.length === 1 && model === choice.model && !configuration.technique.selfCheck)
    return null
  const forgone: Step = {
    kind: 'model',
    name: modelName(first),
    subject: 'spared: a budget is nearly used up',
    outcome: 'skipped',
    paths: [],
    fault: 'budget-exhausted',
    latencyMs: 0,
  }
  return {
    configuration: {
      ...configuration,
      routing:
        choice && model ? { strategy: 'primary', primary: { ...choice, model } } : { strategy: 'none' },
      technique: { ...configuration.technique, selfCheck: false },
    },
    forgone,
  }
}
