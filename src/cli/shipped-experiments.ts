import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import process from 'node:process'
import pg from 'pg'
import { doorRefusal, experimentWith, proposeExperiment } from '../adapters/postgres/published-experiments.ts'
import { roleUrl } from '../adapters/postgres/roles.ts'
import { readExperiment } from '../core/experiment-file.ts'
import { providersOf } from '../core/experiment.ts'
import { configurationId } from '../core/ids.ts'
import { experimentChecks } from './experiment-checks.ts'

const folder = fileURLToPath(new URL('../../experiments/', import.meta.url))

/**
 * Proposes the experiments that come with Cupel and whose models have keys, each once in the life of a database: one
 * that was stopped, or refused by a door, is not proposed anew.
 */
export async function addShippedExperiments(ownerUrl: string, say: (line: string) => void): Promise<void> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.yml')).sort()
  const client = new pg.Client({
    connectionString: roleUrl(ownerUrl, 'cupel_operator'),
    application_name: 'cupel start',
  })
  client.on('error', () => {})
  await client.connect()
  try {
    for (const file of files) await addOne(client, file, say)
  } finally {
    await client.end()
  }
}

async function addOne(client: pg.Client, file: string, say: (line: string) => void): Promise<void> {
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
  if (!keyed || (await experimentWith(client, configurationId(definition.configuration)))) return
  try {
    const id = await proposeExperiment(client, definition, 'cupel')
    say(`experiment ${id.slice(0, 8)} is on trial: ${definition.name}`)
  } catch (error) {
    const refusal = doorRefusal(error)
    if (refusal === null) throw error
    say(`experiments/${file} is left out: ${refusal}`)
  }
}
