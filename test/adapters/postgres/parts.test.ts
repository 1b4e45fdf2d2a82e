import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type pg from 'pg'
import { gateEvidence } from '../../../src/adapters/postgres/gate-evidence.ts'
import { quarantine } from '../../../src/adapters/postgres/gate-quarantine.ts'
import type { Configuration } from '../../../src/core/configuration.ts'
import { partsOf, promptPart } from '../../../src/core/experiment.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { canonicalJson, configurationId, sha256 } from '../../../src/core/ids.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let gate: pg.Pool
let production: pg.Pool
let experiments: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  gate = database.pool('cupel_gate', 1)
  production = database.pool('cupel_production', 1)
  experiments = database.pool('cupel_experiments', 1)
})
afterAll(() => database.drop())

const text = 'Find bugs.'
const model = (name: string) => ({ provider: 'openai' as const, model: name, maxOutputTokens: 4_000 })
const like = (more: Partial<Configuration>): Configuration => ({ ...genesisConfiguration, ...more })
const ban = (fingerprint: string) =>
  quarantine(gate).blacklist({ fingerprint, kind: 'part', recordId: null, reason: 'it lied', actor: 'ada' })
const fingerprint = (configuration: Configuration, name: string): string =>
  partsOf(configuration, () => null).find(part => part.name === name)?.fingerprint ?? ''

let count = 0
/** An experiment as V1's role writes it, which says that it has no parts at all. */
async function hidden(configuration: Configuration, written = canonicalJson(configuration)): Promise<string> {
  const id = `e${count++}`
  await experiments.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, budget_usd, configuration_id, configuration, parts)
     values ($1, $1, 'v1', 'mutation', 1, $2, $3, '{}')`,
    [id, sha256(written), written],
  )
  return id
}
const breaches = async (id: string): Promise<string[]> => {
  const { rows } = await gate.query<{ found: string[] }>('select gate.breaches($1) as found', [id])
  return rows[0]?.found ?? []
}

it.each<[string, Partial<Configuration>]>([
  ['the first release', {}],
  ['no analyser', { analysers: [] }],
  ['one model', { routing: { strategy: 'primary', primary: model('m "x" \\ é 🎉') } }],
  [
    'two models',
    {
      routing: {
        strategy: 'ensemble',
        primary: model('m'),
        secondary: { ...model('n'), provider: 'anthropic' },
      },
    },
  ],
])('the database reads the same parts off a configuration as the code: %s', async (_what, more) => {
  const configuration = like({ ...more, prompt: 'review@7' })
  await quarantine(gate).publishPrompts([
    { name: 'review@7', fingerprint: promptPart('review@7', text).fingerprint },
  ])
  const [whole, ...parts] = partsOf(configuration, () => text).map(part => part.fingerprint)
  expect(whole).toBe(configurationId(configuration))
  for (const written of [canonicalJson(configuration), JSON.stringify(configuration, null, 2)]) {
    const { rows } = await owner.query<{ parts: string[] }>('select doors.parts_of($1) as parts', [written])
    expect(rows[0]?.parts.toSorted()).toEqual(parts.toSorted())
  }
})

describe('the first release with models', () => {
  const configuration = like({
    analysers: [],
    routing: { strategy: 'primary', primary: model('configured') },
  })
  const install = (of: Configuration) =>
    production.query<{ answer: string }>('select doors.install_genesis_models($1, $2) as answer', [
      canonicalJson(of),
      configurationId(of),
    ])

  it('has no banned part', async () => {
    const banned = like({ routing: { strategy: 'primary', primary: model('banned') } })
    await ban(fingerprint(banned, 'model'))
    await expect(install(banned)).rejects.toThrow('the configured models are blacklisted, part ')
  })

  it('keeps its parts from being banned while it is in force', async () => {
    await install(configuration)
    expect(await ban(fingerprint(configuration, 'model'))).toMatchObject({
      outcome: 'refused',
      why: 'it is in force as release genesis-models: roll that back first',
    })
  })
})

describe('V1 hides no banned part', () => {
  it.each<[string, Partial<Configuration>]>([
    ['technique', { technique: { pass: 'per-file', analysersFirst: true, selfCheck: true } }],
    ['model', { routing: { strategy: 'primary', primary: model('liar') } }],
    ['routing', { routing: { strategy: 'secondary', secondary: model('other') } }],
    ['analyser', { analysers: ['ast-grep'] }],
    ['prompt', { prompt: 'liar@1' }],
  ])('%s, whatever it says of it and however it writes it', async (name, more) => {
    const configuration = like({ ...more, limits: { ...genesisConfiguration.limits, files: 100 + count } })
    expect(await ban(fingerprint(configuration, name))).toMatchObject({ outcome: 'done' })
    for (const written of [canonicalJson(configuration), JSON.stringify(configuration, null, 2)])
      expect(await breaches(await hidden(configuration, written))).toEqual(['blacklist'])
  })

  test('nor a banned text under another name, once the gate has told what that says', async () => {
    const store = quarantine(gate)
    const { fingerprint: said } = promptPart('harsh@1', 'Be harsh.')
    await store.publishPrompts([{ name: 'harsh@1', fingerprint: said }])
    await ban(said)
    const id = await hidden(like({ prompt: 'mild@1', analysers: [] }))
    expect(await breaches(id)).toEqual([])
    for (let times = 0; times < 2; times++)
      await store.publishPrompts([
        { name: 'mild@1', fingerprint: promptPart('mild@1', 'be  HARSH.').fingerprint },
      ])
    expect(await breaches(id)).toEqual(['blacklist'])
    const parts = (await gateEvidence(gate).experiment(id))?.parts ?? []
    expect(parts.filter(part => part === said)).toEqual([said])
  })
})
