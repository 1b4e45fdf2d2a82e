import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type pg from 'pg'
import { queueNames, steps, zones } from '../src/cycle.ts'
import { processSpecs } from '../src/supervisor/processes.ts'
import { testDatabase, type TestDatabase } from './support/database.ts'

let database: TestDatabase
let owner: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
})
afterAll(() => database.drop())

const all = Object.entries(steps).map(([name, step]) => ({
  name,
  ...step,
  queue: 'queue' in step ? step.queue : undefined,
  next: step.next as readonly string[],
}))
const processes = new Map(
  processSpecs({}, 'postgres://owner:password@localhost/cupel').map(spec => [
    spec.name,
    { ...spec, role: new URL(spec.env['DATABASE_URL'] ?? '').username },
  ]),
)
const isTable = (thing: string): boolean => /^\w+\.\w+$/.test(thing)

test('every process takes a step, and every step has its process', () => {
  expect(new Set(all.map(step => step.process))).toEqual(new Set(processes.keys()))
})

test('every zone has a step', () => {
  expect(new Set(all.map(step => step.zone))).toEqual(new Set(zones))
})

test('every queue is one step’s, and has a name to be reached by', () => {
  const queues = all.map(step => step.queue).filter(queue => queue !== undefined)
  expect(new Set(queues).size).toBe(queues.length)
  expect(Object.values(queueNames).sort()).toEqual([...queues].sort())
})

test('a step that follows another exists, and is taken from a queue', () => {
  const next = all.flatMap(step => step.next).map(name => all.find(step => step.name === name)?.queue)
  expect(next).not.toContain(undefined)
})

test('a webhook leads to every step', () => {
  const reached = new Set(['intake'])
  for (const name of reached)
    for (const next of all.find(step => step.name === name)?.next ?? []) reached.add(next)
  expect([...reached].sort()).toEqual(all.map(step => step.name).sort())
})

describe.each(all)('the database role of step $name', step => {
  const role = processes.get(step.process)?.role

  async function may(right: string, table: string): Promise<boolean | undefined> {
    const { rows } = await owner.query<{ may: boolean }>(
      'select has_any_column_privilege($1, $2::regclass, $3) as may',
      [role, table, right],
    )
    return rows[0]?.may
  }

  it.each(step.reads.filter(isTable).map(table => [table]))('may read %s', async table => {
    expect(await may('SELECT', table)).toBe(true)
  })

  it.each(step.publishes.filter(isTable).map(table => [table]))('may write %s', async table => {
    expect(await may('INSERT', table)).toBe(true)
  })
})
