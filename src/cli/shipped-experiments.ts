import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import type { Db } from '../adapters/postgres/pool.ts'
import {
  doorRefusal,
  experimentWith,
  proposeExperiment,
  shippedExperiment,
} from '../adapters/postgres/published-experiments.ts'
import { readExperiment } from '../core/experiment-file.ts'
import { partsOf, providersOf } from '../core/experiment.ts'
import { configurationId } from '../core/ids.ts'
import { promptText } from '../engine/prompts.ts'
import { experimentChecks } from './experiment-checks.ts'

const folder = fileURLToPath(new URL('../../experiments/', import.meta.url))

/**
 * Proposes the experiments that come with Cupel and whose models have keys, each once in the life of a database: one
 * that was stopped is not proposed anew, nor is one whose file or model has changed since, as it would spend its money again.
 */
export async function addShippedExperiments(db: Db, say: (line: string) => void): Promise<void> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.yml')).sort()
  for (const file of files) await addOne(db, file, say)
}

async function addOne(db: Db, file: string, say: (line: string) => void): Promise<void> {
  const { definition, problems } = readExperiment(
    await readFile(`${folder}${file}`, 'utf8'),
    experimentChecks(),
  )
  if (definition === null) {
    say(`experiments/${file} is left out: ${problems[0]?.message ?? 'it cannot be read'}`)
    return
  }
  const keyed = providersOf(definition.configuration.routing).every(
    provider => process.env[`CUPEL_EXPERIMENTS_${provider.toUpperCase()}_API_KEY`],
  )
  if (!keyed) return
  const known =
    (await shippedExperiment(db, definition.name)) ??
    (await experimentWith(db, configurationId(definition.configuration)))
  if (known !== null) return
  try {
    const id = await proposeExperiment(db, definition, 'cupel', partsOf(definition.configuration, promptText))
    say(`experiment ${id.slice(0, 8)} is on trial: ${definition.name}`)
  } catch (error) {
    const refusal = doorRefusal(error)
    if (refusal === null) throw error
    say(`experiments/${file} is left out: ${refusal}`)
  }
}
