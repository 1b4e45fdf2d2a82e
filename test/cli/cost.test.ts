import { afterAll, beforeAll, expect, it } from 'vitest'
import { budgets } from '../../src/adapters/postgres/budgets.ts'
import { runCupel } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { zoneRows } from '../support/zone-rows.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  const owner = database.pool('owner', 1)
  await owner.query(zoneRows(4))
  const step = (usd: number) =>
    JSON.stringify({
      steps: [
        { kind: 'model', name: 'openai/first', outcome: 'ok', inputTokens: 1_000, outputTokens: 10, usd },
        { kind: 'model', name: 'openai/spared', outcome: 'skipped' },
        {
          kind: 'model',
          name: 'openai/first',
          outcome: 'ok',
          stored: { inputTokens: 900, outputTokens: 9, usd: 0.125 },
        },
        { kind: 'analyser', name: 'oxlint', outcome: 'ok' },
      ],
    })
  await owner.query(
    `update production.code_reviews set created_at = '2026-05-06T23:30:00Z', receipt = case number when 1 then $1::json when 2 then $2::json else $3::json end`,
    [step(0.25), step(0.5), '{"steps":[{"name":"\\u0000","kind":"model","usd":9}]}'],
  )
  await owner.query(
    `insert into experiments_v1.spending (experiment_id, day, usd) values ('experiment', '2026-05-06', 1.5), ('experiment', '2026-06-01', 0.5)`,
  )
  const store = budgets(database.pool('cupel_production', 2))
  const most = { installationUsd: 100, repositoryUsd: 100, authorUsd: 100 }
  for (const [number, at, reserved, settled] of [
    [1, '2026-05-06T23:59:59Z', 1, 0.25],
    [2, '2026-05-07T00:00:00Z', 1, 0.5],
    [2, '2026-05-31T12:00:00Z', 2, null],
  ] as const) {
    const who = { installationId: 1, repositoryId: number, author: 'ann', number }
    const outcome = await store.reserve(who, reserved, most, new Date(at))
    if (outcome.granted && settled !== null) await store.settle(outcome.id, settled)
  }
})
afterAll(() => database.drop())

const cost = (...args: string[]) =>
  runCupel(['cost', '--from', '2026-05-01', '--to', '2026-06-30', ...args], {
    DATABASE_URL: database.ownerUrl,
  })

it.each([
  [
    'day',
    [
      '2026-05-06 experiments 1.5',
      '2026-05-06 production 0.25',
      '2026-05-07 production 0.5',
      '2026-05-31 production 2',
      '2026-06-01 experiments 0.5',
    ],
  ],
  ['month', ['2026-05 experiments 1.5', '2026-05 production 2.75', '2026-06 experiments 0.5']],
  ['zone', ['production production 2.75', 'experiments experiments 2']],
  ['model', ['openai/first production 0.75']],
  ['experiment', ['drill experime experiments 2']],
  ['pull-request', ['owner/repo-2#2 production 2.5', 'owner/repo-1#1 production 0.25']],
])('by %s', async (by, expected) => {
  const said = await cost('--by', by, '--json')
  expect(said).toMatchObject({ code: 0, err: '' })
  const rows = JSON.parse(said.out) as { what: string; zone: string; usd: number }[]
  expect(rows.map(({ what, zone, usd }) => `${what} ${zone} ${usd}`)).toEqual(expected)
})

it('is shown as a table with its sum, by day of this month when nothing else is said', async () => {
  const said = await cost('--by', 'model')
  expect(said.out).toMatch(/^model +zone +cost +calls +tokens in +tokens out +from store +saved *\n/)
  expect(said.out).toMatch(/openai\/first +production +0\.75 USD +2 +2000 +20 +2 +0\.25 USD/)
  const now = await runCupel(['cost'], { DATABASE_URL: database.ownerUrl })
  expect(now).toEqual({ code: 0, out: 'nothing was spent\n', err: '' })
})

it('says how many answers came from the store and what they would have cost, whatever it is added up by', async () => {
  for (const by of ['day', 'zone', 'experiment'])
    expect((await cost('--by', by)).out).toContain(
      '2 answers came from the store; they would have cost 0.25 USD\n',
    )
  const said = await cost('--by', 'model', '--json')
  expect(JSON.parse(said.out)).toMatchObject([
    { what: 'openai/first', calls: 2, storedAnswers: 2, savedUsd: 0.25 },
  ])
})

it.each([
  [['--from', '2026-02-30'], /write a day/],
  [['--by', 'colour'], /Allowed choices are day, month/],
])('%j is refused', async (args, why) => {
  expect(await cost(...args)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(why) as string })
})
