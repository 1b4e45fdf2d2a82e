import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readPriceTable } from '../../../src/adapters/models/price-file.ts'
import { estimateUsd, type PriceTable, shippedPrices, usdOf } from '../../../src/adapters/models/prices.ts'

const table: PriceTable = {
  asOf: '2026-01-01',
  unit: 'USD per million tokens',
  source: 'a test',
  openai: { plain: { input: 2, cachedInput: 0.5, output: 10 } },
  anthropic: { writes: { input: 2, cachedInput: 0.5, cacheWrite: 3, output: 10 } },
}
const plain = { provider: 'openai', model: 'plain' } as const
const writes = { provider: 'anthropic', model: 'writes' } as const
const million = 1_000_000

it.each([
  ['input', plain, { input: million, cachedInput: 0, cacheWrite: 0, output: 0 }, 2],
  ['output', plain, { input: 0, cachedInput: 0, cacheWrite: 0, output: million }, 10],
  [
    'cached input is part of input',
    plain,
    { input: million, cachedInput: million, cacheWrite: 0, output: 0 },
    0.5,
  ],
  [
    'cache writes at their price',
    writes,
    { input: million, cachedInput: 0, cacheWrite: million, output: 0 },
    3,
  ],
  [
    'cache writes as input without one',
    plain,
    { input: million, cachedInput: 0, cacheWrite: million, output: 0 },
    2,
  ],
  [
    'more cached than sent never lowers a bill',
    plain,
    { input: 0, cachedInput: million, cacheWrite: 0, output: 0 },
    0.5,
  ],
])('bills %s', (_, choice, counts, usd) => {
  expect(usdOf(choice, counts, table)).toBeCloseTo(usd, 10)
})

const one = { input: million, cachedInput: 0, cacheWrite: 0, output: 0 }

it.each([
  ['plain-2026-09-22', 2],
  ['plain-20260922', 2],
  ['plain-2', undefined],
  ['plai', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
])('finds the price of %s: %s', (model, usd) => {
  expect(usdOf({ provider: 'openai', model }, one, table)).toBe(usd)
})

it('has no price for one provider under the name of another', () => {
  expect(usdOf({ provider: 'anthropic', model: 'plain' }, one, table)).toBeUndefined()
  expect(estimateUsd({ provider: 'anthropic', model: 'plain' }, 1, 1, table)).toBeUndefined()
})

it('estimates no less than any way of being billed for the same tokens', () => {
  for (const choice of [plain, writes]) {
    const most = estimateUsd(choice, 1000, 500, table)!
    for (const [cachedInput, cacheWrite] of [
      [0, 0],
      [1000, 0],
      [0, 1000],
      [400, 600],
    ] as const) {
      const billed = usdOf(choice, { input: 1000, cachedInput, cacheWrite, output: 500 }, table)!
      expect(billed).toBeLessThanOrEqual(most)
    }
  }
})

it('ships a price for every model that is a default', async () => {
  const { default: models } = await import('../../../src/adapters/system/default-models.json')
  for (const [provider, model] of Object.entries(models)) {
    expect(usdOf({ provider: provider as 'openai', model }, one), model).toBeGreaterThan(0)
  }
})

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cupel-prices-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'prices.json'), text)
  return join(folder, 'prices.json')
}

it.each([
  ['of its own', table],
  ['like the one shipped', shippedPrices],
])('reads a table %s', (_, wanted) => {
  expect(readPriceTable(file(JSON.stringify(wanted)))).toEqual(wanted)
})

it.each([
  ['is missing', () => '/does/not/exist.json', 'cannot be read'],
  ['is a folder', () => tmpdir(), 'cannot be read'],
  ['is no JSON', () => file('{'), 'not JSON'],
  ['is another JSON', () => file('[]'), 'expected object'],
  ['lacks a provider', () => file(JSON.stringify({ ...table, openai: undefined })), '"openai"'],
  ['has a key it should not', () => file(JSON.stringify({ ...table, google: {} })), 'google'],
  ['counts another unit', () => file(JSON.stringify({ ...table, unit: 'EUR' })), '"unit"'],
  [
    'has a negative price',
    () => file(JSON.stringify({ ...table, openai: { a: { input: -1, cachedInput: 0, output: 0 } } })),
    '"openai" → "a" → "input"',
  ],
])('refuses a table that %s, naming variable, place and cure', (_, path, what) => {
  expect(() => readPriceTable(path())).toThrow(
    expect.objectContaining({
      code: 'configuration-invalid',
      message: expect.stringMatching(/CUPEL_PRICES .*unset CUPEL_PRICES/),
    }),
  )
  expect(() => readPriceTable(path())).toThrow(what)
})
