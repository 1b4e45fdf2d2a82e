import process from 'node:process'
import type { Command } from 'commander'
import { startAnalysers } from '../adapters/analysers/host.ts'
import { createModels } from '../adapters/models/models.ts'
import { modelOptions } from '../adapters/models/options.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { readEnvironment } from '../adapters/system/environment.ts'
import { genesisConfiguration, genesisModelsConfiguration } from '../core/genesis.ts'
import { examine } from '../engine/examine.ts'
import { reviewCommand } from './review.ts'

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
    wire: env => {
      const environment = readEnvironment(
        Object.fromEntries(Object.entries(env).filter(([name]) => modelVariables.test(name))),
      )
      const configuration =
        genesisModelsConfiguration({
          openai: environment.models.openai?.model ?? null,
          anthropic: environment.models.anthropic?.model ?? null,
        }) ?? genesisConfiguration
      return {
        clock: systemClock,
        analysers: startAnalysers(),
        models: createModels({ ...modelOptions(environment), clock: systemClock }),
        configuration: {
          ...configuration,
          limits: { ...configuration.limits, deadlineMs: PATIENCE_MS, abortMs: PATIENCE_MS },
        },
      }
    },
  })
}
