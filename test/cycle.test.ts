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

test('a step is taken for a job exactly if it has a queue', () => {
  const jobs = all.filter(step => step.begins === 'job')
  expect(jobs).toEqual(all.filter(step => step.queue !== undefined))
})

test('a step that follows another exists, and what begins with another step follows one', () => {
  const following = new Set(all.flatMap(step => step.next))
  expect([...following].filter(name => !(name in steps))).toEqual([])
  expect(all.filter(step => step.begins === 'step' && !following.has(step.name))).toEqual([])
})

test('a webhook leads to every step but the draw of a day, which comes before them', () => {
  const reached = new Set(['intake'])
  for (const name of reached)
    for (const next of all.find(step => step.name === name)?.next ?? []) reached.add(next)
  expect([...reached, 'draw'].sort()).toEqual(all.map(step => step.name).sort())
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

  const doors = step.publishes.flatMap(thing => {
    const [, table, door] = /^(\w+\.\w+) by (doors\.\w+)$/.exec(thing) ?? []
    return table && door ? [[table, door] as const] : []
  })
  it.each(doors)('may write %s through %s only', async (table, door) => {
    expect(await may('INSERT', table)).toBe(false)
    const { rows } = await owner.query(
      `select has_function_privilege($1, p.oid, 'EXECUTE') as may from pg_proc p where p.oid = $2::regproc`,
      [role, door],
    )
    expect(rows).toEqual([{ may: true }])
  })
})
