import { expect, it } from 'vitest'
import { openPurse } from '../../../jobs/production/budget.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Budgets } from '../../../src/ports/stores.ts'
import { fakeClock, fakeModels, primary } from '../../support/fakes.ts'
import { z } from 'zod'

/** A day with this much money, of which rows are kept as the database would. */
function setup(dayUsd: number, script = async (): Promise<unknown> => 'good') {
  const rows = new Map<string, { reserved: number; settled: number | null }>()
  const spent = () => [...rows.values()].reduce((sum, row) => sum + (row.settled ?? row.reserved), 0)
  const budgets: Budgets = {
    async reserve(_who, usd) {
      if (spent() + usd > dayUsd) return { granted: false, limit: 'author' }
      const id = `reservation ${rows.size + 1}`
      rows.set(id, { reserved: usd, settled: null })
      return { granted: true, id }
    },
    async settle(id, usd) {
      const row = rows.get(id)
      if (row) row.settled = usd
    },
  }
  const purse = openPurse(
    {
      models: fakeModels(script),
      usageOf: error =>
        error instanceof Fault
          ? { inputTokens: 1, cachedInputTokens: 0, outputTokens: 0, usd: 0.5 }
          : undefined,
      budgets,
      clock: fakeClock(),
      dailyUsd: { installationUsd: 0, repositoryUsd: 0, authorUsd: 0 },
      log: { info: () => {}, warn: () => {}, error: () => {} },
    },
    { installationId: 1, repositoryId: 2, author: 'ann' },
  )
  const ask = () =>
    purse.models.ask(
      primary,
      { system: '', user: '', schema: { name: 'x', type: z.string() }, cacheKey: '' },
      { deadlineMs: 1, signal: new AbortController().signal },
    )
  return { purse, rows, spent, ask }
}

it('what calls cost replaces what was reserved, once, and what was not spent is free again', async () => {
  const { purse, rows, spent, ask } = setup(10)
  expect(await purse.reserve(2)).toBe(true)
  await ask()
  expect(await purse.reserve(3)).toBe(true)
  await ask()
  expect(spent()).toBe(5)
  await purse.settle()
  await purse.settle()
  expect([...rows.values()].map(row => row.settled)).toEqual([0.002, 0])
})

it('a call that failed is paid for as well', async () => {
  const { purse, spent, ask } = setup(10, async () => {
    throw new Fault('model-invalid', 'nonsense', { retry: 'never' })
  })
  await purse.reserve(2)
  await expect(ask()).rejects.toMatchObject({ code: 'model-invalid' })
  await purse.settle()
  expect(spent()).toBe(0.5)
})

it('calls of one moment reserve as one, and one by one when that is too much', async () => {
  const together = setup(10)
  expect(await Promise.all([1, 2, 3].map(usd => together.purse.reserve(usd)))).toEqual([true, true, true])
  expect([...together.rows.values()].map(row => row.reserved)).toEqual([6])
  const apart = setup(5)
  expect(await Promise.all([3, 3, 2].map(usd => apart.purse.reserve(usd)))).toEqual([true, false, true])
  expect(apart.spent()).toBe(5)
})

it('nothing that was never reserved is settled', async () => {
  const { purse, rows } = setup(0)
  expect(await purse.reserve(1)).toBe(false)
  await purse.settle()
  expect(rows.size).toBe(0)
})
