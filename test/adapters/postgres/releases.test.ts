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
    `delete from production.release_steps where release_id <> 'genesis';
     delete from production.releases where id <> 'genesis';
     alter table audit.event_log disable trigger all; truncate audit.event_log;
     alter table audit.event_log enable trigger all; update audit.head set sequence = 0, hash = repeat('0', 64)`,
  ),
)

const pull = { repositoryId: 1, number: 7 }
const errors: object[] = []
const storeOf = () =>
  releases(production, {
    secret: 's',
    hasPrompt: name => name !== 'review@99',
    log: { error: (fields: object) => void errors.push(fields) },
  })

/** A promoted release and its steps, by the owner's hand: the doors have tests of their own. */
async function promoted(id: string, configuration: object, ...steps: [step: string, share: number][]) {
  const text = canonicalJson(configuration)
  await owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
     values ($1, 'promoted', encode(sha256(convert_to($2, 'UTF8')), 'hex'), $2, $1)`,
    [id, text],
  )
  for (const [step, share] of steps)
    await owner.query(
      "insert into production.release_steps (release_id, step, share, reason, actor) values ($1, $2, $3, 'r', 'gate')",
      [id, step, share],
    )
}

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
  expect(await storeOf().inForce(pull)).toEqual({
    id: 'genesis',
    kind: 'genesis',
    configurationId: configurationId(genesisConfiguration),
    configuration: genesisConfiguration,
    createdAt: expect.any(Date) as Date,
  })
})

test('of many workers that find model keys one installs the genesis with models, once, audited', async () => {
  const store = storeOf()
  const answers = await Promise.all(Array.from({ length: 20 }, () => store.installGenesisModels(models)))
  expect(answers.filter(answer => answer === 'installed')).toHaveLength(1)
  expect(await store.inForce(pull)).toMatchObject({ id: 'genesis-models', configuration: models })
  const other = { ...models, prompt: 'review@2' }
  expect(await store.installGenesisModels(other)).toBe('not-needed')
  expect(await store.inForce(pull)).toMatchObject({ configuration: models })
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
  await promoted('p', models, ['full', 1])
  const store = storeOf()
  expect(await store.installGenesisModels(models)).toBe('not-needed')
  expect(await store.inForce(pull)).toMatchObject({ id: 'p', kind: 'promoted' })
})

test.each<[string, string, (text: string) => string, string]>([
  ['asks no model', canonicalJson(genesisConfiguration), text => configurationId(JSON.parse(text)), '23514'],
  ['has the id of another', canonicalJson(models), () => configurationId(genesisConfiguration), '23514'],
  ['is no JSON', '{', () => configurationId(models), '22P02'],
])('a configuration that %s is not installed, and nothing is audited', async (_what, text, id, code) => {
  const refused = production.query('select doors.install_genesis_models($1, $2)', [text, id(text)])
  await expect(refused).rejects.toMatchObject({ code })
  expect(await audited()).toEqual([])
  expect((await storeOf().inForce(pull)).id).toBe('genesis')
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
  const store = storeOf()
  await expect(store.installGenesisModels(dangerous)).rejects.toMatchObject({ code: '23514' })
  expect((await store.inForce(pull)).id).toBe('genesis')
})

test.each<[string, [string, object, ...[string, number][]][], string]>([
  ['in its smoke test', [['p', models, ['smoke', 0]]], 'genesis'],
  ['a canary of next to nobody', [['p', models, ['smoke', 0], ['canary', 0.0001]]], 'genesis'],
  ['a canary for everybody', [['p', models, ['smoke', 0], ['canary', 0.9999]]], 'p'],
  ['full', [['p', models, ['canary', 0.1], ['full', 1]]], 'p'],
  ['rolled back', [['p', models, ['full', 1], ['failed', 0]]], 'genesis'],
  [
    'rolled back with another before it',
    [
      ['first', models, ['full', 1]],
      ['second', { ...models, prompt: 'self-check@1' }, ['full', 1], ['failed', 0]],
    ],
    'first',
  ],
])('a release that is %s leaves the review to the right one', async (_what, given, expected) => {
  for (const release of given) await promoted(...release)
  expect((await storeOf().inForce(pull)).id).toBe(expected)
})

test.each<[string, object]>([
  ['of a later version', { version: 9 }],
  ['with a prompt that this version does not have', { ...models, prompt: 'review@99' }],
])('a release %s is passed over for the next full one, loudly', async (_what, configuration) => {
  await promoted('before', models, ['full', 1])
  await promoted('future', configuration, ['full', 1])
  errors.length = 0
  expect((await storeOf().inForce(pull)).id).toBe('before')
  expect(errors).toEqual([{ releases: ['future'], instead: 'before' }])
})
