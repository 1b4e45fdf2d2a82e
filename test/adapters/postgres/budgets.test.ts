import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { budgets } from '../../../src/adapters/postgres/budgets.ts'
import type { Budgets } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let workers: Budgets[]
let store: Budgets
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  workers = Array.from({ length: 4 }, () => budgets(database.pool('cupel_production', 8)))
  store = workers[0] as Budgets
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.budgets; delete from production.budget_reservations'))

const who = { installationId: 1, repositoryId: 2, author: 'Ann' }
const noon = new Date('2026-05-06T12:00:00Z')
const wide = { installationUsd: 1000, repositoryUsd: 1000, authorUsd: 1000 }

async function spent(): Promise<Record<string, number>> {
  const { rows } = await owner.query<{ what: string; usd: string }>(
    "select to_char(day, 'MM-DD') || ' ' || scope || ' ' || subject as what, usd from production.budgets order by 1",
  )
  return Object.fromEntries(rows.map(row => [row.what, Number(row.usd)]))
}

test.each<['zone' | 'installation' | 'repository' | 'author', object]>([
  ['zone', { zoneUsd: 10 }],
  ['installation', { installationUsd: 10 }],
  ['repository', { repositoryUsd: 10 }],
  ['author', { authorUsd: 10 }],
])('fifty concurrent reservations of 0.99 never exceed an %s limit of 10', async (limit, limits) => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      (workers[n % workers.length] as Budgets).reserve(who, 0.99, { ...wide, ...limits }, noon),
    ),
  )
  expect(answers.filter(answer => answer.granted)).toHaveLength(10)
  expect(answers.filter(answer => !answer.granted)).toEqual(
    Array.from({ length: 40 }, () => ({ granted: false, limit, period: 'day' })),
  )
  expect(Object.values(await spent())).toEqual([9.9, 9.9, 9.9, 9.9])
})

test('ten tenths fit into one dollar, and nothing more', async () => {
  const limits = { ...wide, authorUsd: 1 }
  for (let n = 0; n < 10; n++)
    expect(await store.reserve(who, 0.1, limits, noon)).toMatchObject({ granted: true })
  expect(await store.reserve(who, 0.000001, limits, noon)).toEqual({
    granted: false,
    limit: 'author',
    period: 'day',
  })
  expect(await store.reserve(who, 0, limits, noon)).toMatchObject({ granted: true })
})

test('a limit of nothing refuses everything that costs', async () => {
  expect(await store.reserve(who, 0.01, { ...wide, installationUsd: 0 }, noon)).toEqual({
    granted: false,
    limit: 'installation',
    period: 'day',
  })
  expect(Object.values(await spent())).toEqual([0, 0, 0, 0])
})

test('limits are each author’s, repository’s and installation’s own, whatever the case of a login', async () => {
  await store.reserve(who, 1, wide, noon)
  await store.reserve({ ...who, author: 'aNN' }, 1, wide, noon)
  await store.reserve({ ...who, repositoryId: 3, author: 'bob\u0000' }, 1, wide, noon)
  await store.reserve({ ...who, installationId: 4 }, 1, wide, noon)
  expect(await spent()).toEqual({
    '05-06 author 1/ann': 2,
    '05-06 author 1/bob\uFFFD': 1,
    '05-06 author 4/ann': 1,
    '05-06 installation 1': 3,
    '05-06 installation 4': 1,
    '05-06 repository 2': 3,
    '05-06 repository 3': 1,
    '05-06 zone production': 4,
  })
})

test('settling gives back what was not spent, counts what was spent more, and twice is once', async () => {
  const [less, more] = await Promise.all([
    store.reserve(who, 2, wide, noon),
    store.reserve(who, 2, wide, noon),
  ])
  const id = (answer: typeof less) => (answer.granted ? answer.id : '')
  await Promise.all([store.settle(id(less), 0.5), store.settle(id(less), 0.5), store.settle(id(more), 3)])
  expect(Object.values(await spent())).toEqual([3.5, 3.5, 3.5, 3.5])
  await store.settle(id(less), 0)
  await store.settle('unknown', 5)
  expect(Object.values(await spent())).toEqual([3.5, 3.5, 3.5, 3.5])
})

test('a day ends at midnight UTC, and what is settled later counts for the day it was reserved on', async () => {
  const late = await store.reserve(who, 5, { ...wide, authorUsd: 5 }, new Date('2026-05-06T23:59:59.999Z'))
  const next = new Date('2026-05-07T00:00:00Z')
  expect(await store.reserve(who, 5, { ...wide, authorUsd: 5 }, next)).toMatchObject({ granted: true })
  await store.settle(late.granted ? late.id : '', 1)
  expect(await spent()).toMatchObject({ '05-06 author 1/ann': 1, '05-07 author 1/ann': 5 })
})

test('reservations and settlements of many authors and repositories run side by side without deadlock', async () => {
  const settled = await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const worker = workers[n % workers.length] as Budgets
      const someone = { installationId: n % 2, repositoryId: n % 5, author: `author-${n % 7}` }
      const answer = await worker.reserve(someone, 1, wide, noon)
      if (answer.granted) await worker.settle(answer.id, 0.25)
      return answer.granted
    }),
  )
  expect(settled.every(Boolean)).toBe(true)
  const total = Object.entries(await spent())
    .filter(([what]) => what.includes('installation'))
    .reduce((sum, [, usd]) => sum + usd, 0)
  expect(total).toBe(50)
})

test('a month is the sum of its days until today, and ends with it', async () => {
  const limits = { ...wide, monthly: { ...wide, repositoryUsd: 3 } }
  const on = (day: string) => store.reserve(who, 2, limits, new Date(`${day}T12:00:00Z`))
  expect(await on('2026-04-30')).toMatchObject({ granted: true })
  expect(await on('2026-05-01')).toMatchObject({ granted: true })
  expect(await on('2026-05-31')).toEqual({ granted: false, limit: 'repository', period: 'month' })
  const other = { ...who, repositoryId: 3 }
  expect(await store.reserve(other, 2, limits, noon)).toMatchObject({ granted: true })
  expect(await on('2026-06-01')).toMatchObject({ granted: true })
})

test('how much is spent is told of the limit that is nearest, whatever is reserved', async () => {
  const limits = { ...wide, authorUsd: 10, monthly: { ...wide, zoneUsd: 8 } }
  expect(await store.used(who, limits, noon)).toBe(0)
  const review = await store.reserve(who, 5, limits, noon)
  await store.reserve(who, 1, limits, noon)
  expect(await store.used(who, limits, noon)).toBe(0)
  await store.settle(review.granted ? review.id : '', 4)
  expect(await store.used(who, limits, noon)).toBe(0.5)
  expect(await store.used({ ...who, author: 'bob' }, { ...wide, authorUsd: 10 }, noon)).toBe(0.004)
  expect(await store.used(who, { ...wide, installationUsd: 0 }, noon)).toBe(1)
})
