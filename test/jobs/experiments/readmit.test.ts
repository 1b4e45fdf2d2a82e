import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it, test } from 'vitest'
import type pg from 'pg'
import { readmitter } from '../../../jobs/experiments/readmit.ts'
import { archivedConfigurations } from '../../../src/adapters/archive/configurations.ts'
import { readmissions } from '../../../src/adapters/postgres/readmissions.ts'
import type { Configuration } from '../../../src/core/configuration.ts'
import { partsOf } from '../../../src/core/experiment.ts'
import { canonicalJson, configurationId, sha256 } from '../../../src/core/ids.ts'
import { configurationOf } from '../../support/fakes.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let experiments: pg.Pool
let server: Server
let url: string
/** How the archive answers; asked counts its questions. */
let answer: (response: ServerResponse) => void
let asked: string[] = []
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  experiments = database.pool('cupel_experiments', 1)
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await new Promise(done => {
    server.close(done)
    server.closeAllConnections()
  })
  await database.drop()
})
beforeEach(() => {
  asked = []
})

let grants = 0
/** A trial that failed, and the gate's word that its configuration may be tried again. */
async function granted(text?: string): Promise<{ grant: string; canonical: string; id: string }> {
  const number = ++grants
  const { limits } = configurationOf()
  const canonical = text ?? canonicalJson(configurationOf({ limits: { ...limits, files: number } }))
  const id = sha256(canonical)
  await owner.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, state, rate, budget_usd, configuration_id,
       configuration, parts) values ($1, 'idea', 'ada', 'person', 'quarantined', 0.25, 7, $2, $3, '{}')`,
    [`failed-${number}`, id, canonical],
  )
  await owner.query(
    `insert into experiments_v1.readmissions (id, quarantine_record_id, configuration_id, parent_id, actor, reason)
     values ($1, 'record', $2, $3, 'ann', 'mended')`,
    [`grant-${number}`, id, `failed-${number}`],
  )
  return { grant: `grant-${number}`, canonical, id }
}

function worker(at: string | null = url) {
  const logged: { level: string; fields: object }[] = []
  const log = (level: string) => (fields: object) => void logged.push({ level, fields })
  let elapsed = 0
  const { turn } = readmitter({
    readmissions: readmissions(experiments),
    archived: archivedConfigurations(at),
    clock: { now: () => new Date(), elapsed: () => elapsed, sleep: () => Promise.resolve() },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
  })
  return { turn, logged, later: (ms: number) => void (elapsed += ms) }
}

const begun = async (grant: string) =>
  (
    await owner.query(
      `select id, name, parent_id, author, author_kind, state, rate, budget_usd, configuration_id, parts
       from experiments_v1.experiments where id = $1`,
      [grant],
    )
  ).rows as object[]

test('a granted re-evaluation begins once, with its history, the archive’s configuration and its parts', async () => {
  const { grant, canonical, id } = await granted()
  answer = response => response.end(canonical)
  const { turn, logged } = worker()
  await turn()
  await turn()
  expect(asked).toEqual([`/api/configurations/${id}`])
  expect(await begun(grant)).toEqual([
    {
      id: grant,
      name: 'idea',
      parent_id: 'failed-1',
      author: 'ann',
      author_kind: 're-evaluation',
      state: 'active',
      rate: 0.25,
      budget_usd: '7.000000',
      configuration_id: id,
      parts: partsOf(JSON.parse(canonical) as Configuration, () => null)
        .slice(1)
        .map(part => part.fingerprint)
        .toSorted(),
    },
  ])
  expect(logged.map(line => line.level)).toEqual(['info'])
})

it.each<[string, (response: ServerResponse, canonical: string) => void]>([
  ['another configuration', response => response.end(canonicalJson(configurationOf()))],
  ['one byte more', (response, canonical) => response.end(`${canonical}\n`)],
  ['that it has none', response => response.writeHead(404).end('{}')],
  ['an error', response => response.writeHead(503).end('{}')],
  [
    'the way to somewhere else',
    response => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  ],
  ['more than a configuration can be', response => response.end('x'.repeat(1_100_000))],
  ['half of it', response => void response.socket?.destroy()],
])(
  'nothing begins while the archive answers %s, and a minute later it is asked again',
  async (_what, wrong) => {
    const { grant, canonical } = await granted()
    answer = response => wrong(response, canonical)
    const { turn, logged, later } = worker()
    await turn()
    await turn()
    expect(asked).toHaveLength(1)
    expect(await begun(grant)).toEqual([])
    expect(logged).toMatchObject([{ level: 'warn', fields: { grant, err: { code: 'archive-unavailable' } } }])
    answer = response => response.end(canonical)
    later(60_000)
    await turn()
    expect(await begun(grant)).toHaveLength(1)
  },
)

test('what this version cannot read does not begin, and neither does anything where no archive is known', async () => {
  const { grant, canonical } = await granted('{"version":2}')
  answer = response => response.end(canonical)
  const { turn, logged } = worker()
  await turn()
  expect(logged).toMatchObject([{ fields: { grant, err: { code: 'input-malformed' } } }])
  const nowhere = worker(null)
  await nowhere.turn()
  expect(nowhere.logged).toMatchObject([{ fields: { grant, err: { message: 'ARCHIVE_URL is not set' } } }])
  expect(await begun(grant)).toEqual([])
})

test('V1 cannot grant itself a re-evaluation', async () => {
  const configuration = configurationOf({ prompt: 'self@1' })
  await expect(
    experiments.query(
      `insert into experiments_v1.experiments (id, name, parent_id, author, author_kind, budget_usd, configuration_id,
         configuration, parts) values ('own', 'own', 'failed-1', 'me', 're-evaluation', 1, $1, $2, '{}')`,
      [configurationId(configuration), canonicalJson(configuration)],
    ),
  ).rejects.toThrow('nobody granted the re-evaluation')
})
