import { isMap } from 'yaml'
import { z } from 'zod'
import { configurationSchema, type Configuration, type ModelChoice } from './configuration.ts'
import { modelsOf, runUsd, type ExperimentDefinition } from './experiment.ts'
import { genesisConfiguration, genesisModelsConfiguration } from './genesis.ts'
import {
  inOrder,
  isEmpty,
  nodeOf,
  openYaml,
  toProblem,
  wholeFile,
  type OpenYaml,
  type Problem,
} from './yaml-document.ts'
import { describeIssue, type Described } from './yaml-issues.ts'

const most = { name: 100, budgetUsd: 100_000 }
const bases = ['genesis', 'genesis-models', 'genesis-secondary'] as const

const changed = z.strictObject({
  base: z.enum(bases),
  change: z.record(z.string(), z.unknown()).default({}),
})

/** Lists are left to the second look, at the configuration that comes of it. */
const fileSchema = z.strictObject({
  name: z.string().min(1).max(most.name),
  parent: z.string().min(4).max(100).optional(),
  rate: z.number().max(1).default(1),
  budget_usd: z.number().max(most.budgetUsd),
  configuration: z.record(z.string(), z.unknown()),
})

/** What only the surroundings know; a check that is false or null says that there is nothing to object to. */
export interface ExperimentChecks {
  /** Whether the price table has this model. */
  hasPrice(choice: ModelChoice): boolean
  /** Whether there is a prompt of this name and version. */
  hasPrompt(name: string): boolean
  /** The models that `base: genesis-models` begins with, and the one of `base: genesis-secondary`. */
  models: { openai: string; anthropic: string; secondary: string }
}

export type ReadExperiment =
  | { definition: ExperimentDefinition; problems: [] }
  | { definition: null; problems: Problem[] }

/**
 * Reads the definition of an experiment. Nothing of it is used unless all of it can be: an experiment that quietly
 * tried something else would be worse than none. Never throws.
 */
export function readExperiment(text: string, checks: ExperimentChecks): ReadExperiment {
  const opened = openYaml(text)
  if ('message' in opened) return refused([opened])
  const { document } = opened
  if (isEmpty(document) || !isMap(document.contents)) {
    return refused([
      { ...wholeFile, message: 'the file must hold keys and values', cure: 'begin with `name: my idea`' },
    ])
  }
  const value: unknown = document.toJS()
  const file = fileSchema.safeParse(value)
  if (!file.success) {
    const described = file.error.issues.flatMap(issue => describeIssue(issue, value, fileSchema))
    return refused(placed(opened, described))
  }
  // Not the parsed map, which has lost keys such as __proto__ without a word.
  const { configuration: given } = value as { configuration: Record<string, unknown> }
  const read = readConfiguration(given, checks.models)
  if ('described' in read) return refused(placed(opened, read.described))
  const { name, parent = null, rate, budget_usd: budgetUsd } = file.data
  const { configuration, keyOf } = read
  const objections = [
    ...moneyObjections({ rate, budgetUsd }, configuration, keyOf),
    ...partObjections(configuration, checks, keyOf),
  ]
  if (objections.length > 0) return refused(placed(opened, objections))
  return { definition: { name, parent, rate, budgetUsd, configuration }, problems: [] }
}

function refused(problems: Problem[]): ReadExperiment {
  return { definition: null, problems: inOrder(problems) }
}

function placed({ document, at }: OpenYaml, described: readonly Described[]): Problem[] {
  return described.map(one => toProblem(one, nodeOf(document, one.path), at))
}

type Path = readonly PropertyKey[]
/** Where in the file a key of the configuration was written. */
type KeyOf = (path: Path) => Path

function readConfiguration(
  given: Record<string, unknown>,
  models: ExperimentChecks['models'],
): { configuration: Configuration; keyOf: KeyOf } | { described: Described[] } {
  const under = (prefix: Path) => (one: Described) => ({ ...one, path: [...prefix, ...one.path] })
  const describe = (error: z.ZodError, value: unknown, schema: z.ZodType, prefix: Path) => ({
    described: error.issues.flatMap(issue => describeIssue(issue, value, schema)).map(under(prefix)),
  })
  const isChanged = Object.hasOwn(given, 'base') || Object.hasOwn(given, 'change')
  let prefix: Path = ['configuration']
  let whole: unknown = given
  if (isChanged) {
    const parsed = changed.safeParse(given)
    if (!parsed.success) return describe(parsed.error, given, changed, prefix)
    whole = overlay(baseOf(parsed.data.base, models), given['change'] ?? {})
    prefix = ['configuration', 'change']
  }
  const parsed = configurationSchema.safeParse(whole)
  if (!parsed.success) return describe(parsed.error, whole, configurationSchema, prefix)
  return { configuration: parsed.data, keyOf: path => [...prefix, ...path] }
}

function baseOf(base: (typeof bases)[number], models: ExperimentChecks['models']): Configuration {
  const withModels = {
    genesis: null,
    'genesis-models': genesisModelsConfiguration(models),
    'genesis-secondary': genesisModelsConfiguration({ openai: null, anthropic: models.secondary }),
  }
  return withModels[base] ?? genesisConfiguration
}

/** Maps are merged key by key, everything else is replaced; so is a map that says anew which kind of it is meant. */
function overlay(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above) || Object.hasOwn(above, 'strategy')) return above
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above))
    Object.defineProperty(merged, key, {
      value: Object.hasOwn(below, key) ? overlay(below[key], value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  return merged
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function moneyObjections(
  { rate, budgetUsd }: { rate: number; budgetUsd: number },
  configuration: Configuration,
  keyOf: KeyOf,
): Described[] {
  const objections: Described[] = []
  if (rate <= 0)
    objections.push({
      path: ['rate'],
      message: 'it would run on nothing',
      cure: 'write more than 0, up to 1',
    })
  const perRun = runUsd(configuration)
  if (budgetUsd <= 0)
    objections.push({
      path: ['budget_usd'],
      message: 'not a budget',
      cure: 'write US dollars for the whole trial, such as 10',
    })
  else if (budgetUsd < perRun)
    objections.push({
      path: ['budget_usd'],
      message: `one run may cost ${perRun} USD (limits.reviewUsd)`,
      cure: `write at least ${perRun}, or lower \`limits.reviewUsd\``,
    })
  if (configuration.routing.strategy !== 'none' && perRun === 0)
    objections.push({
      path: keyOf(['limits', 'reviewUsd']),
      message: 'no model can be asked for nothing',
      cure: 'write the most that one run may cost, such as 1',
    })
  const { abortMs, deadlineMs } = configuration.limits
  if (abortMs < deadlineMs)
    objections.push({
      path: keyOf(['limits', 'abortMs']),
      message: 'calls would be aborted before the deadline',
      cure: `write at least ${deadlineMs}`,
    })
  return objections
}

function partObjections(configuration: Configuration, checks: ExperimentChecks, keyOf: KeyOf): Described[] {
  const objections: Described[] = []
  const { prompt, routing } = configuration
  if (!checks.hasPrompt(prompt))
    objections.push({
      path: keyOf(['prompt']),
      message: `there is no prompt ${prompt}`,
      cure: 'write one of src/core/review/prompts/, such as `review@1`',
    })
  for (const choice of modelsOf(routing)) {
    if (checks.hasPrice(choice)) continue
    const place = 'primary' in routing && routing.primary === choice ? 'primary' : 'secondary'
    objections.push({
      path: keyOf(['routing', place, 'model']),
      message: `${choice.provider}/${choice.model} is not in the price table`,
      cure: 'correct the name, or add its price to the file that CUPEL_PRICES names',
    })
  }
  return objections
}
