import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type pg from 'pg'
import { createMemory, type MemoryOptions } from '../../../src/adapters/models/memory.ts'
import { modelAnswers } from '../../../src/adapters/postgres/model-answers.ts'
import { pullRequests } from '../../../src/adapters/postgres/pull-requests.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { ModelAnswers, Memory } from '../../../src/ports/model-answers.ts'
import type { StoredAnswerOutcome } from '../../../src/ports/metrics.ts'
import type { ModelAnswer } from '../../../src/ports/model.ts'
import { until } from '../../e2e/until.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { choices, good, request, type Answer } from './setup.ts'

let database: TestDatabase
let owner: pg.Pool
let store: ModelAnswers
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  store = modelAnswers(database.pool('cupel_production', 2), 'production')
  for (const repositoryId of [1, 2])
    await pullRequests(database.pool('cupel_production', 1)).observe({
      installationId: 1,
      repositoryId,
      owner: 'acme',
      repo: 'app',
      number: 1,
      headSha: 'a',
      updatedAt: new Date(),
      open: true,
    })
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.model_answers'))

const always = new Date(0)
const answer: ModelAnswer<Answer> = {
  value: good,
  usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 10, usd: 0.25 },
  latencyMs: 5,
  repaired: false,
}
let outcomes: StoredAnswerOutcome[]
beforeEach(() => void (outcomes = []))

function memory(more: Partial<MemoryOptions> = {}, since: Date | null = always, subject = '1'): Memory {
  const made = createMemory({
    answers: store,
    days: 7,
    endpoints: {},
    clock: systemClock,
    metrics: { storedAnswer: outcome => void outcomes.push(outcome) },
    log: { warn: () => {} },
    ...more,
  })(subject, since)
  if (made === undefined) throw new Error('nothing is stored')
  return made
}
const kept = (): Promise<unknown> => until('it is kept', () => outcomes.includes('kept'))
const keep = async (): Promise<void> => {
  memory().keep(choices.openai, request(), answer)
  await kept()
  outcomes = []
}

it('what was kept is recalled with what it cost, under other random words', async () => {
  await keep()
  const again = request({ nonces: { boundary: 'other', canary: 'words' } })
  expect(await memory().recall(choices.openai, again)).toEqual({
    value: good,
    cost: { inputTokens: 100, outputTokens: 10, usd: 0.25 },
  })
  expect(outcomes).toEqual(['hit'])
})

it.each<[string, () => Promise<unknown>]>([
  ['another question', () => memory().recall(choices.openai, request({ user: 'another diff' }))],
  ['another model', () => memory().recall(choices.anthropic, request())],
  [
    'another server',
    () => memory({ endpoints: { openai: 'http://127.0.0.1:1' } }).recall(choices.openai, request()),
  ],
  ['another repository', () => memory({}, always, '2').recall(choices.openai, request())],
  ['who wants an answer of now', () => memory({}, new Date()).recall(choices.openai, request())],
])('%s gets nothing', async (_, recall) => {
  await keep()
  expect(await recall()).toBeNull()
  expect(outcomes).toEqual(['miss'])
})

it('an answer is not recalled beyond its days', async () => {
  await keep()
  await owner.query(`update production.model_answers set answered_at = now() - interval '7 days 1 second'`)
  expect(await memory().recall(choices.openai, request())).toBeNull()
})

it('who may only write looks nothing up', async () => {
  await keep()
  expect(await memory({}, null).recall(choices.openai, request())).toBeNull()
  expect(outcomes).toEqual([])
})

it('with no days nothing is stored or recalled', () => {
  const options = { answers: store, endpoints: {}, clock: systemClock, metrics: { storedAnswer: () => {} } }
  expect(createMemory({ ...options, days: 0, log: { warn: () => {} } })('1', always)).toBeUndefined()
})

it.each(['boundary', 'canary'] as const)('an answer that repeats the %s is not stored', async word => {
  const { nonces } = request()
  const value = { ...good, findings: [{ line: 1, note: `it says ${nonces[word]}` }] }
  memory().keep(choices.openai, request(), { ...answer, value })
  expect(outcomes).toEqual(['refused'])
  expect((await owner.query('select key from production.model_answers')).rows).toEqual([])
})

it.each([
  ['no JSON', 'Looks fine to me, approve it!'],
  ['another shape', '{"summary":"two"}'],
  ['a value beyond its bounds', '{"summary":"two","findings":[{"line":0,"note":null}]}'],
  ['a property more', '{"summary":"two","findings":[],"approve":true}'],
])('a stored answer is validated like one of a model: %s is asked for anew', async (_, text) => {
  await keep()
  await owner.query('update production.model_answers set answer = $1', [text])
  expect(await memory().recall(choices.openai, request())).toBeNull()
  expect(outcomes).toEqual(['miss'])
})

it('questions of one moment are looked up as one', async () => {
  await keep()
  let asked = 0
  const counting: ModelAnswers = {
    ...store,
    find: (...of) => {
      asked++
      return store.find(...of)
    },
  }
  const one = memory({ answers: counting })
  const recall = (user: string) => one.recall(choices.openai, request({ user }))
  expect(await Promise.all([recall('diff'), recall('another'), recall('diff')])).toEqual([
    expect.objectContaining({ value: good }),
    null,
    expect.objectContaining({ value: good }),
  ])
  expect(asked).toBe(1)
  expect(await recall('diff')).not.toBeNull()
})

it('a newer answer takes the place of an older one, and no older one that of a newer', async () => {
  await keep()
  const at = (days: number, summary: string) =>
    owner.query(`select key from production.model_answers`).then(({ rows }) =>
      store.put(
        '1',
        (rows[0] as { key: string }).key,
        {
          text: JSON.stringify({ ...good, summary }),
          repaired: false,
          cost: { inputTokens: 1, outputTokens: 1 },
        },
        new Date(Date.now() + days * 86_400_000),
      ),
    )
  await at(1, 'newer')
  await at(-1, 'older')
  expect(await memory().recall(choices.openai, request())).toEqual({
    value: { ...good, summary: 'newer' },
    cost: { inputTokens: 1, outputTokens: 1 },
  })
})

describe('a store that', () => {
  it.each<[string, () => Promise<never>]>([
    ['fails', () => Promise.reject(new Error('permission denied'))],
    ['never answers', () => new Promise(() => {})],
  ])('%s delays calls in one moment in a while, and is counted', async (_, find) => {
    let asked = 0
    const broken: ModelAnswers = {
      ...store,
      find: () => {
        asked++
        return find()
      },
    }
    const one = memory({ answers: broken })
    const recall = () => one.recall(choices.openai, request())
    expect(await Promise.all([recall(), recall()])).toEqual([null, null])
    expect(await recall()).toBeNull()
    expect(asked).toBe(1)
    expect(outcomes).toEqual(['lookup-failed', 'lookup-failed', 'lookup-failed'])
  })

  it('takes no answer loses it, and is counted', async () => {
    memory({ answers: { ...store, put: () => Promise.reject(new Error('disk full')) } }).keep(
      choices.openai,
      request(),
      answer,
    )
    await until('it is counted', () => outcomes.length > 0)
    expect(outcomes).toEqual(['keep-failed'])
  })
})
