import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { experimentChecks } from '../../src/cli/experiment-checks.ts'
import { addShippedExperiments } from '../../src/cli/shipped-experiments.ts'
import { shippedPrices } from '../../src/adapters/models/prices.ts'
import defaultModels from '../../src/adapters/system/default-models.json' with { type: 'json' }
import { genesisModelsConfiguration } from '../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../src/core/ids.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())
afterEach(() => vi.unstubAllEnvs())

async function start(): Promise<string[]> {
  const said: string[] = []
  await addShippedExperiments(database.pool('cupel_operator', 1), line => said.push(line))
  return said
}
const experiments = async (): Promise<unknown[]> =>
  (
    await database
      .pool('cupel_operator', 1)
      .query('select name, author, state from experiments_v1.published_experiments')
  ).rows
const withKey = (): unknown => vi.stubEnv('CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY', 'a-key')

it('without a key for its model no experiment is added', async () => {
  vi.stubEnv('ANTHROPIC_API_KEY', 'a-key-of-production')
  expect(await start()).toEqual([])
  expect(await experiments()).toEqual([])
})

it('what is in force already is not tried, and said so', async () => {
  withKey()
  const inForce = genesisModelsConfiguration({ openai: null, anthropic: 'claude-haiku-5-5' })
  const owner = database.pool('owner', 1)
  await owner.query('select doors.install_genesis_models($1, $2)', [
    canonicalJson(inForce),
    configurationId(inForce),
  ])
  expect(await start()).toEqual([
    expect.stringMatching(
      /^experiments\/secondary.yml is left out: .* is in force as release genesis-models$/,
    ),
  ])
  await owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration)
     select 'later', 'genesis', configuration_id, configuration from production.releases where id = 'genesis';
     insert into production.release_steps (release_id, step, share, reason, actor)
       values ('later', 'full', 1, 'as if it had been promoted', 'test')`,
  )
})

it('with a key it is added at the first start only, also when it was stopped meanwhile', async () => {
  withKey()
  expect(await start()).toEqual([
    expect.stringMatching(/^experiment \w{8} is on trial: per file on the secondary model$/),
  ])
  const operator = database.pool('cupel_operator', 1)
  await operator.query(
    `select doors.set_experiment_state(id, 'stopped', 'ann', null) from experiments_v1.published_experiments`,
  )
  expect(await start()).toEqual([])
  expect(await experiments()).toEqual([
    { name: 'per file on the secondary model', author: 'cupel', state: 'stopped' },
  ])
})

it('another model or file later adds nothing to a database that had it: only an administrator spends that money', async () => {
  withKey()
  vi.stubEnv('CUPEL_EXPERIMENTS_ANTHROPIC_MODEL', 'claude-opus-5-5')
  expect(await start()).toEqual([])
  expect(await experiments()).toHaveLength(1)
})

it('what it tries is the model that CUPEL_EXPERIMENTS_ANTHROPIC_MODEL names', async () => {
  withKey()
  vi.stubEnv('CUPEL_EXPERIMENTS_ANTHROPIC_MODEL', 'claude-opus-5-5')
  const own = await testDatabase()
  try {
    const operator = own.pool('cupel_operator', 1)
    await addShippedExperiments(operator, () => {})
    const { rows } = await operator.query<{ configuration: string }>(
      'select configuration from experiments_v1.published_experiments',
    )
    expect(rows.map(row => JSON.parse(row.configuration) as unknown)).toEqual([
      genesisModelsConfiguration({ openai: null, anthropic: 'claude-opus-5-5' }),
    ])
  } finally {
    await own.drop()
  }
})

it.each(['input', 'cachedInput', 'output'] as const)(
  'by the shipped prices its %s costs less than that of any model that production asks by default',
  part => {
    const { openai, anthropic } = shippedPrices
    const tried = anthropic[experimentChecks().models.secondary]?.[part] ?? Infinity
    expect(tried).toBeLessThan(openai[defaultModels.openai]?.[part] ?? 0)
    expect(tried).toBeLessThan(anthropic[defaultModels.anthropic]?.[part] ?? 0)
  },
)
