import process from 'node:process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { reached, stoppedBy, tabulated, type StoppingRule } from '../../../bench/gate/exact.ts'
import { logAbove, logBelow } from '../../../src/core/gate/mixture.ts'

const to = 2000
const level = 0.05
const promotes = (p0: number): StoppingRule =>
  tabulated(
    { side: 'above', stops: (n, successes) => logAbove(p0, { n, successes }) >= -Math.log(level) },
    to,
  )
const disproves = (p0: number): StoppingRule =>
  tabulated(
    { side: 'below', stops: (n, successes) => logBelow(p0, { n, successes }) >= -Math.log(level) },
    to,
  )
const every =
  (step: number) =>
  (n: number): boolean =>
    n % step === 0

describe('chance of ever being wrong, exactly', () => {
  it.each([
    ['promoted at', promotes, 0.95, 1],
    ['promoted at', promotes, 0.95, 10],
    ['promoted at', promotes, 0.98, 1],
    ['promoted at', promotes, 0.98, 10],
    ['quarantined at', disproves, 0.95, 1],
    ['quarantined at', disproves, 0.95, 10],
    ['quarantined at', disproves, 0.98, 1],
  ] as const)('%s %# the threshold %d itself, looked at every %i: within its level', (_, rule, p0, step) => {
    const chance = stoppedBy(rule(p0), p0, every(step), to)[to] ?? NaN
    expect(chance).toBeGreaterThan(0.001)
    expect(chance).toBeLessThanOrEqual(level)
  })

  it('is not what a repeated Wilson bound does', () => {
    const wilson: StoppingRule = {
      side: 'above',
      stops: (n, k) => {
        const z = 1.645
        const mean = k / n
        const half = z * Math.sqrt((mean * (1 - mean)) / n + (z * z) / (4 * n * n))
        return n >= 30 && (mean + (z * z) / (2 * n) - half) / (1 + (z * z) / n) >= 0.95
      },
    }
    expect(stoppedBy(wilson, 0.95, every(10), to)[to]).toBeCloseTo(0.2811052, 6)
  })

  it.each([
    [0.97, 630],
    [0.98, 250],
    [0.99, 140],
  ])('a true %d is promoted in half of the cases within %i', (p, n) =>
    expect(reached(stoppedBy(promotes(0.95), p, every(10), to), 0.5)).toBeLessThanOrEqual(n),
  )
})

interface Exact {
  rule: string
  p: number
  prob: number
  n50: number | null
  n80: number | null
}
const file = new URL('../../../../shared/data/gate/vectors.json', import.meta.url)
const present = existsSync(file)

if (!present) process.stdout.write('left out: the values of vectors.json, as ../shared is missing\n')
const withVectors = (tests: () => void): void => void (present && describe('vectors.json', tests))

withVectors(() => {
  it('exact_promotion_prob', () => {
    const all = (JSON.parse(readFileSync(file, 'utf8')) as { exact_promotion_prob: Exact[] })
      .exact_promotion_prob
    const own = all.filter(each => each.rule === 'e_up')
    expect(own).toHaveLength(6)
    for (const { p, prob, n50, n80 } of own) {
      const stopped = stoppedBy(promotes(0.95), p, every(10), to)
      expect(Math.abs((stopped[to] ?? NaN) - prob)).toBeLessThan(1e-8)
      // The list names no n where a rule stays weak.
      if (n50 !== null) expect(reached(stopped, 0.5)).toBe(n50)
      if (n80 !== null) expect(reached(stopped, 0.8)).toBe(n80)
    }
  })
})
