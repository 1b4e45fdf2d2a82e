import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type pg from 'pg'
import { modelAnswers } from '../../../src/adapters/postgres/model-answers.ts'
import { pullRequests } from '../../../src/adapters/postgres/pull-requests.ts'
import { sha256 } from '../../../src/core/ids.ts'
import { givenIn, type Given } from '../../jobs/experiments/given.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let production: pg.Pool
let given: Given
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  production = database.pool('cupel_production', 2)
  given = givenIn(database)
})
afterAll(() => database.drop())
beforeEach(() =>
  owner.query(
    'delete from production.model_answers; delete from experiments_v1.model_answers; delete from production.pull_requests',
  ),
)

const key = sha256('a question')
const always = new Date(0)
const answer = { text: '{}', repaired: true, cost: { inputTokens: 3, outputTokens: 2 } }
const inProduction = () => modelAnswers(production, 'production')
const inExperiments = () => modelAnswers(database.pool('cupel_experiments', 1), 'experiments')
const observe = (repositoryId: number) =>
  pullRequests(production).observe({
    installationId: 1,
    repositoryId,
    owner: 'acme',
    repo: `app-${repositoryId}`,
    number: 1,
    headSha: 'a',
    updatedAt: new Date(),
    open: true,
  })

it('each zone stores under its own subjects what it gets back', async () => {
  await observe(5)
  const sample = await given.sample(1)
  for (const [store, subject] of [
    [inProduction(), '5'],
    [inExperiments(), sample],
  ] as const) {
    await store.put(subject, key, answer, new Date())
    expect(await store.find(subject, [sha256('another'), key], always)).toEqual(new Map([[key, answer]]))
    expect(await store.find(subject, [sha256('another')], always)).toEqual(new Map())
  }
})

it('older answers are deleted, a thousand at a time, and no others', async () => {
  await owner.query(
    `insert into production.model_answers (repository_id, key, answer, repaired, input_tokens, output_tokens, answered_at)
     select n, $1, '{}', false, 0, 0, now() - n * interval '1 hour' from generate_series(1, 2600) n`,
    [key],
  )
  const store = inProduction()
  const before = new Date(Date.now() - 100.5 * 3_600_000)
  expect([await store.purge(before), await store.purge(before)]).toEqual([2_500, 0])
  expect((await owner.query('select count(*)::int as left from production.model_answers')).rows).toEqual([
    { left: 100 },
  ])
})

it('answers about a sample go with its texts, and none comes after', async () => {
  const [gone, stays] = [await given.sample(2), await given.sample(3)]
  const store = inExperiments()
  for (const sample of [gone, stays]) await store.put(sample, key, answer, new Date())
  await owner.query(
    `update experiments_v1.samples set taken_at = now() - interval '200 days' where id = $1`,
    [gone],
  )
  await given.operator.query(`select doors.forget_samples(null, now() - interval '180 days')`)
  await store.put(gone, key, answer, new Date())
  const { rows } = await owner.query('select sample_id from experiments_v1.model_answers')
  expect(rows).toEqual([{ sample_id: stays }])
})

it('answers about a repository go with it when the App is removed, and none comes after', async () => {
  for (const repositoryId of [7, 8]) {
    await observe(repositoryId)
    await inProduction().put(String(repositoryId), key, answer, new Date())
  }
  await pullRequests(production).forget({ installationId: 1, repositoryIds: [7] })
  await inProduction().put('7', key, answer, new Date())
  const { rows } = await owner.query('select repository_id from production.model_answers')
  expect(rows).toEqual([{ repository_id: '8' }])
})
