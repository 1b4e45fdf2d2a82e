import process from 'node:process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { logMean } from '../../../src/core/gate/capital.ts'
import { betaBinomial, robbins } from '../../../src/core/gate/confidence.ts'
import { addFraction, noFractions } from '../../../src/core/gate/fraction.ts'
import { logAbove, logBelow } from '../../../src/core/gate/mixture.ts'
import { inflatedFor } from '../../../src/core/gate/selection.ts'
import { levelAt } from '../../../src/core/gate/budget.ts'

const above = (successes: number, n: number, p0: number): number => Math.exp(logAbove(p0, { n, successes }))
const below = (successes: number, n: number, p0: number): number => Math.exp(logBelow(p0, { n, successes }))
function grid(fractions: readonly number[], p0: number): number {
  return Math.exp(logMean(fractions.reduce((sum, x) => addFraction(sum, x, p0), noFractions).above))
}
function repeat(...runs: [number, number][]): number[] {
  return runs.flatMap(([count, x]) => Array.from({ length: count }, () => x))
}
function expectClose(value: number, known: number, digits = 1e-8): void {
  expect(Math.abs(value - known)).toBeLessThanOrEqual(digits * Math.max(1, Math.abs(known)))
}

describe('known values', () => {
  it.each([
    [88, 88, 0.95, 20.29637816],
    [87, 87, 0.95, 19.48987243],
    [490, 500, 0.95, 136.814321],
    [970, 1000, 0.95, 35.77005155],
    [224, 224, 0.98, 20.30076581],
    [223, 223, 0.98, 19.97919134],
  ])('%i right of %i against %d', (successes, n, p0, known) => expectClose(above(successes, n, p0), known))

  it.each([
    [80, 100, 253_648.7625],
    [180, 200, 23.89695542],
    [90, 100, 4.054219808],
  ])('%i right of %i for less than 0.95', (successes, n, known) =>
    expectClose(below(successes, n, 0.95), known, 1e-9),
  )

  it.each([
    ['100 ones', repeat([100, 1]), 71.99259423],
    ['99 ones and a zero', repeat([99, 1], [1, 0]), 7.346909822],
    ['190 ones and ten halves', repeat([190, 1], [10, 0.5]), 18.89263402],
  ])('fractions: %s', (_, fractions, known) => expectClose(grid(fractions, 0.95), known))

  it.each([
    [700, 1000, 100, 0.651629, 0.745949],
    [1, 50, 50, 0, 0.13489],
    [100, 200, 1, 0.328923, 0.671076],
  ])('beta-binomial bounds of %i of %i', (successes, n, tightest, low, high) => {
    const bounds = betaBinomial({ n, successes }, 0.05, tightest)
    expect(Math.abs(bounds.low - low)).toBeLessThan(1e-5)
    expect(Math.abs(bounds.high - high)).toBeLessThan(1e-5)
  })

  it('Robbins’ bounds are where 490 of 500 has its known evidence', () => {
    const { low } = robbins({ n: 500, successes: 490 }, 1 / 6.8437644)
    expect(low).toBeCloseTo(0.95, 7)
  })
})

interface Vectors {
  confseq_bernoulli_ci: { S: number; n: number; alpha: number; t_opt: number; lo: number; hi: number }[]
  e_up: { S: number; n: number; p0: number; E: number }[]
  e_dn: { S: number; n: number; p0: number; E: number }[]
  e_grid_top: { desc: string; p0: number; E: number }[]
  gamma_threshold: { gamma: number; p0: number; required: number }[]
  alpha_spending_threshold: { version: number; alpha_k: number; threshold: number }[]
}
const file = new URL('../../../../shared/data/gate/vectors.json', import.meta.url)
const present = existsSync(file)
const described: Record<string, number[]> = {
  '60 ones': repeat([60, 1]),
  '100 ones': repeat([100, 1]),
  '99 ones + one 0': repeat([99, 1], [1, 0]),
  '100 x 0.95': repeat([100, 0.95]),
  '200: 190 ones, 10 x 0.5': repeat([190, 1], [10, 0.5]),
}

if (!present) process.stdout.write('left out: the values of vectors.json, as ../shared is missing\n')
const withVectors = (tests: () => void): void => void (present && describe('vectors.json', tests))

withVectors(() => {
  const vectors = present ? (JSON.parse(readFileSync(file, 'utf8')) as Vectors) : null
  const each = <K extends keyof Vectors>(key: K, check: (vector: Vectors[K][number]) => void): void =>
    it(key, () => {
      const list: readonly Vectors[K][number][] = vectors?.[key] ?? []
      expect(list.length).toBeGreaterThan(0)
      for (const vector of list) check(vector)
    })

  each('e_up', ({ S, n, p0, E }) => expectClose(above(S, n, p0), E))
  each('e_dn', ({ S, n, p0, E }) => expectClose(below(S, n, p0), E))
  each('e_grid_top', ({ desc, p0, E }) => expectClose(grid(described[desc] ?? [], p0), E))
  each('confseq_bernoulli_ci', ({ S, n, alpha, t_opt, lo, hi }) => {
    const bounds = betaBinomial({ n, successes: S }, alpha, t_opt)
    expect(Math.abs(bounds.low - lo)).toBeLessThan(1e-5)
    expect(Math.abs(bounds.high - hi)).toBeLessThan(1e-5)
  })
  each('gamma_threshold', ({ gamma, p0, required }) => expectClose(inflatedFor(gamma, p0), required))
  each('alpha_spending_threshold', ({ version, alpha_k, threshold }) => {
    const level = levelAt(0.05, { position: version, promotions: 0 })
    expectClose(level, alpha_k)
    expectClose(1 / level, threshold)
  })
})
