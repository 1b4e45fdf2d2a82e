import type { Configuration, ModelChoice, Provider, Routing } from './configuration.ts'
import { canonicalJson, configurationId, sha256 } from './ids.ts'

/** Who thought of an experiment. */
export type AuthorKind = 'person' | 'mutation' | 'reflection' | 're-evaluation'

/** paused: by a person or by its budget, goes on; the rest is for good. */
export const experimentStates = [
  'active',
  'paused',
  'stopped',
  'promoted',
  'quarantined',
  'inconclusive',
] as const
export type ExperimentState = (typeof experimentStates)[number]

/** live: on a sample as it comes. replay: on a stored, labelled one; never evidence for a promotion. */
export const runKinds = ['live', 'replay'] as const
export type RunKind = (typeof runKinds)[number]

/** done: complete. degraded: a step was lost or late. failed: no model's answer could be used, or an error. */
export type RunState = 'done' | 'degraded' | 'failed'

/** An experiment as it is proposed. */
export interface ExperimentDefinition {
  name: string
  /** Id of the experiment it grew out of, or the beginning of it. */
  parent: string | null
  /** Share of the samples it runs on, above 0 and at most 1. */
  rate: number
  budgetUsd: number
  configuration: Configuration
}

/** The models that a configuration may ask. */
export function modelsOf(routing: Routing): ModelChoice[] {
  switch (routing.strategy) {
    case 'none':
      return []
    case 'primary':
      return [routing.primary]
    case 'secondary':
      return [routing.secondary]
    case 'ensemble':
    case 'adaptive':
      return [routing.primary, routing.secondary]
  }
}

export function providersOf(routing: Routing): Provider[] {
  return [...new Set(modelsOf(routing).map(choice => choice.provider))]
}

/** The most that one run may cost, in US dollars: what is reserved before it begins. */
export function runUsd(configuration: Configuration): number {
  return configuration.routing.strategy === 'none' ? 0 : configuration.limits.reviewUsd
}

/** What identifies a part of a configuration wherever it turns up: a dangerous part is blacklisted by this. */
export interface Part {
  name: 'configuration' | 'model' | 'prompt' | 'technique' | 'routing' | 'analyser'
  /** Said to people. */
  words: string
  fingerprint: string
}

/** A prompt's text by its name and version; null for one that this version of Cupel does not have. */
export type PromptText = (name: string) => string | null

function part(name: Part['name'], words: string, value: unknown): Part {
  return { name, words, fingerprint: sha256(canonicalJson({ part: name, value })) }
}

/**
 * A prompt by what it says, whatever it is called: compatible forms of characters, case, white space and names of prompts in
 * its text make no difference.
 */
export function promptPart(name: string, text: string): Part {
  const plain = text.normalize('NFKC').toLowerCase()
  const bare = plain
    .replaceAll(/[a-z-]+@\d+/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return part('prompt', `prompt ${name}`, { text: bare })
}

/** The same as doors.parts_of in migrations/0018_stricter_doors.sql, and the configuration as a whole: a test compares them. */
export function partsOf(configuration: Configuration, promptText: PromptText): Part[] {
  const { prompt, technique, routing, analysers } = configuration
  const text = promptText(prompt)
  return [
    { name: 'configuration', words: 'this configuration', fingerprint: configurationId(configuration) },
    // By its name too: what was blacklisted before texts were compared stays so.
    part('prompt', `prompt ${prompt}`, prompt),
    ...(text === null ? [] : [promptPart(prompt, text)]),
    part('technique', `technique ${technique.pass}`, technique),
    part('routing', `routing ${routing.strategy}`, routing),
    ...modelsOf(routing).map(({ provider, model }) =>
      part('model', `model ${provider}/${model}`, { provider, model }),
    ),
    // Configurations name analysers, not their rules.
    ...analysers.map(name => part('analyser', `analyser ${name}`, name)),
  ]
}
