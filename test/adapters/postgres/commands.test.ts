import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands } from '../../../src/adapters/postgres/commands.ts'
import type { Commands } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let store: Commands
beforeAll(async () => {
  database = await testDatabase()
  store = commands(database.pool('cupel_production', 8))
})
afterAll(() => database.drop())

const command = (commentId: number) => ({
  commentId,
  repositoryId: 2,
  number: 3,
  login: 'ann',
  text: 'review \u0000 \uD800',
})

test('of many workers that take one command exactly one finds it new', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => store.take(command(1))))
  expect(answers.toSorted()).toEqual(['new', ...Array.from({ length: 29 }, () => 'unfinished')])
})

test('a command is unfinished until it is finished, then finished for good', async () => {
  expect(await store.take(command(2))).toBe('new')
  expect(await store.take(command(2))).toBe('unfinished')
  await store.finish(2, 'review asked for \u0000')
  expect(await store.take(command(2))).toBe('finished')
  await store.finish(2, 'again')
  expect(await store.take(command(2))).toBe('finished')
})

test('a comment id beyond 32 bits is its own', async () => {
  expect(await store.take(command(2 ** 32 + 2))).toBe('new')
})
