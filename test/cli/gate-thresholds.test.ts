import { afterAll, beforeAll, expect, it } from 'vitest'
import type pg from 'pg'
import { runCupel, type Said } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let owner: pg.Pool
let operator: pg.Pool
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  operator = database.pool('cupel_operator', 1)
})
afterAll(() => database.drop())

const thresholds = (...more: string[]): Promise<Said> =>
  runCupel(['gate', 'thresholds', ...more], { DATABASE_URL: database.url('cupel_operator') })
const set = (name: string, value: unknown): Promise<unknown> =>
  operator.query("select doors.set_threshold($1, $2, 'ada', 'to try it')", [name, String(value)])

it('cupel gate thresholds prints all that the gate asks for', async () => {
  await set('horizon_days', 45)
  const { code, out, err } = await thresholds('--json')
  expect([code, err]).toEqual([0, ''])
  const { rows } = await owner.query<{ stored: object }>(
    `select to_jsonb(t) - 'only_row' as stored from gate.thresholds t`,
  )
  expect(JSON.parse(out)).toEqual(rows[0]?.stored)
  const printed = await thresholds()
  expect(printed.out).toMatch(/^horizon_days +45 +1 to 3650 +days /m)
  expect(printed.out).toContain('production takes 0 ms beside the examination')
})

it('what it says each may be set to is what the door takes', async () => {
  const { out } = await thresholds()
  const bounds = [
    ...out.matchAll(/^(\w+) +[\d.]+ +(above )?([\d.]+)(?: to |, (below|at most) )([\d.]+) /gm),
  ].map(([, name = '', above, low, below, high]) => ({
    name,
    ends: [
      { end: Number(low), taken: above === undefined, outwards: -1 },
      { end: Number(high), taken: below !== 'below', outwards: 1 },
    ],
  }))
  expect(bounds).toHaveLength(10)
  for (const { name, ends } of bounds)
    for (const { end, taken, outwards } of ends) {
      const step = end > 1 || name.startsWith('horizon') || name === 'latency_ms' ? 1 : 1e-6
      const [inside, outside] = taken ? [end, end + outwards * step] : [end - outwards * step, end]
      await set(name, inside)
      await expect(set(name, outside), `${name} ${outside}`).rejects.toThrow(`${name} cannot be ${outside}`)
    }
})
