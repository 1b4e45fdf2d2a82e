import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { releases } from '../../../src/adapters/postgres/releases.ts'
import { genesisConfiguration, genesisModelsConfiguration } from '../../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../../src/core/ids.ts'
import type { Configuration } from '../../../src/core/configuration.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let production: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  production = database.pool('cupel_production', 8)
})
afterAll(() => database.drop())
beforeEach(() =>
  owner.query(
    `delete from production.releases where id <> 'genesis';
     alter table audit.event_log disable trigger all; truncate audit.event_log;
     alter table audit.event_log enable trigger all; update audit.head set sequence = 0, hash = repeat('0', 64)`,
  ),
)

const models = genesisModelsConfiguration({ openai: 'gpt-x', anthropic: 'claude-x' }) as Configuration

async function audited(): Promise<object[]> {
  const { rows } = await owner.query<object>('select role, actor, action, subject from audit.event_log')
  return rows
}

test('the genesis release in SQL is the genesis configuration of the code, byte for byte', async () => {
  const { rows } = await owner.query(
    'select id, kind, configuration_id, configuration from production.releases',
  )
  expect(rows).toEqual([
    {
      id: 'genesis',
      kind: 'genesis',
      configuration_id: configurationId(genesisConfiguration),
      configuration: canonicalJson(genesisConfiguration),
    },
  ])
  expect(await releases(production).inForce()).toEqual({
    id: 'genesis',
    kind: 'genesis',
    configurationId: configurationId(genesisConfiguration),
    configuration: genesisConfiguration,
    createdAt: expect.any(Date) as Date,
  })
})

test('of many workers that find model keys one installs the genesis with models, once, audited', async () => {
  const store = releases(production)
  const answers = await Promise.all(Array.from({ length: 20 }, () => store.installGenesisModels(models)))
  expect(answers.filter(answer => answer === 'installed')).toHaveLength(1)
  expect(await store.inForce()).toMatchObject({ id: 'genesis-models', configuration: models })
  const other = { ...models, prompt: 'review@2' }
  expect(await store.installGenesisModels(other)).toBe('not-needed')
  expect(await store.inForce()).toMatchObject({ configuration: models })
  expect(await audited()).toEqual([
    {
      role: 'cupel_production',
      actor: 'cupel',
      action: 'release.genesis-models',
      subject: 'release:genesis-models',
    },
  ])
})

test('nothing is installed once a release was promoted', async () => {
  await owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id) values ('p', 'promoted', $1, $2, 'v')`,
    [configurationId(models), canonicalJson(models)],
  )
  const store = releases(production)
  expect(await store.installGenesisModels(models)).toBe('not-needed')
  expect(await store.inForce()).toMatchObject({ id: 'p', kind: 'promoted' })
})

test.each<[string, string, (text: string) => string, string]>([
  ['asks no model', canonicalJson(genesisConfiguration), text => configurationId(JSON.parse(text)), '23514'],
  ['has the id of another', canonicalJson(models), () => configurationId(genesisConfiguration), '23514'],
  ['is no JSON', '{', () => configurationId(models), '22P02'],
])('a configuration that %s is not installed, and nothing is audited', async (_what, text, id, code) => {
  const refused = production.query('select doors.install_genesis_models($1, $2)', [text, id(text)])
  await expect(refused).rejects.toMatchObject({ code })
  expect(await audited()).toEqual([])
  expect((await releases(production).inForce()).id).toBe('genesis')
})

test('a blacklisted configuration is not installed', async () => {
  const dangerous = { ...models, prompt: 'review@666' }
  await owner.query(
    `insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome,
       failure_reasons, metrics_at_failure, impact_analysis) values ('q', 'e', $1, $2, 'dangerous', '[]', '{}', '{}')`,
    [configurationId(dangerous), canonicalJson(dangerous)],
  )
  await owner.query(
    "insert into quarantine.blacklist (fingerprint, kind, quarantine_record_id, reason) values ($1, 'configuration', 'q', 'r')",
    [configurationId(dangerous)],
  )
  const store = releases(production)
  await expect(store.installGenesisModels(dangerous)).rejects.toMatchObject({ code: '23514' })
  expect((await store.inForce()).id).toBe('genesis')
})

test('a release that this version cannot read is a fault that repeating does not cure', async () => {
  await owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
     values ('future', 'promoted', encode(sha256('{"version":9}'), 'hex'), '{"version":9}', 'v')`,
  )
  await expect(releases(production).inForce()).rejects.toMatchObject({
    code: 'configuration-invalid',
    retry: 'never',
    message: expect.stringContaining('future') as string,
  })
})
