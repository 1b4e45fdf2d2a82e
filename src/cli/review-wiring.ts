import process from 'node:process'
import type { Command } from 'commander'
import { startAnalysers } from '../adapters/analysers/host.ts'
import { systemClock } from '../adapters/system/clock.ts'
import type { Configuration } from '../core/configuration.ts'
import { genesisConfiguration, genesisModelsConfiguration } from '../core/genesis.ts'
import { examine } from '../engine/examine.ts'
import type { Models } from '../ports/model.ts'
import { reviewCommand, type Wired } from './review.ts'

/** Nobody waits at a terminal for three seconds only: late findings are wanted here, so the deadline is the end. */
const PATIENCE_MS = 120_000

/** A half-set GitHub App is no reason not to review local changes. */
const modelVariables = /^(?:OPENAI_|ANTHROPIC_|CUPEL_PRICES$)/

/** `cupel review` with the real engine: models when their keys are set, else the analysers alone. */
export function localReviewCommand(version: string): Command {
  return reviewCommand({
    examine,
    version,
    env: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    exit: code => (process.exitCode = code),
    wire,
  })
}

async function wire(env: Record<string, string | undefined>): Promise<Wired> {
  const { configuration, models } = await wireModels(env)
  const limits = { ...configuration.limits, deadlineMs: PATIENCE_MS, abortMs: PATIENCE_MS }
  return {
    clock: systemClock,
    analysers: startAnalysers(),
    models,
    configuration: { ...configuration, limits },
  }
}

async function wireModels(
  env: Record<string, string | undefined>,
): Promise<{ configuration: Configuration; models: Models }> {
  const set = Object.entries(env).filter(([name]) => modelVariables.test(name))
  if (set.length === 0) return { configuration: genesisConfiguration, models: noModels }
  // Without keys nothing of this is needed, and loading it takes longer than a small review.
  const [{ readEnvironment }, { createModels }, { modelOptions }] = await Promise.all([
    import('../adapters/system/environment.ts'),
    import('../adapters/models/models.ts'),
    import('../adapters/models/options.ts'),
  ])
  const environment = readEnvironment(Object.fromEntries(set))
  const { openai, anthropic } = environment.models
  return {
    configuration:
      genesisModelsConfiguration({ openai: openai?.model ?? null, anthropic: anthropic?.model ?? null }) ??
      genesisConfiguration,
    models: createModels({ ...modelOptions(environment), clock: systemClock }),
  }
}

const noModels: Models = {
  has: () => false,
  ask: () => Promise.reject(new Error('no model is configured')),
}
