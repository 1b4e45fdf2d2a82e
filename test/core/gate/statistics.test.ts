import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logBeta, logBetaTails } from '../../../src/core/gate/beta.ts'
import { levelAt } from '../../../src/core/gate/budget.ts'
import { logMean } from '../../../src/core/gate/capital.ts'
import {
  addBernstein,
  bernsteinBounds,
  betaBinomial,
  isOffRate,
  noBernstein,
  robbins,
} from '../../../src/core/gate/confidence.ts'
import { isAlarm, quietDetector, watchOutcome } from '../../../src/core/gate/detector.ts'
import { addFraction, noFractions } from '../../../src/core/gate/fraction.ts'
import { logAbove, logBelow } from '../../../src/core/gate/mixture.ts'
import { addPair, logCertain, noEqualPairs, noPairs, type Attempt } from '../../../src/core/gate/paired.ts'
import { inflatedFor } from '../../../src/core/gate/selection.ts'

describe('the beta function', () => {
  it.each([
    [1, 1, 0],
    [2, 3, Math.log(1 / 12)],
    [0.5, 0.5, Math.log(Math.PI)],
    [10, 10, Math.log(1 / 923_780)],
    [1, 1e6, -Math.log(1e6)],
    [2, 1e6, -Math.log(1e6) - Math.log(1e6 + 1)],
  ])('ln B(%d, %d)', (a, b, known) => {
    expect(Math.abs(logBeta(a, b) - known)).toBeLessThan(1e-13 * Math.max(1, Math.abs(known)))
    expect(logBeta(b, a)).toBe(logBeta(a, b))
  })

  it('knows tails that are powers, however thin', () => {
    for (const [x, n] of [
      [0.95, 10],
      [0.95, 1e6],
      [0.02, 500],
    ] as const) {
      expect(logBetaTails(x, n, 1).below).toBeCloseTo(n * Math.log(x), 8)
      expect(logBetaTails(1 - x, 1, n).above / (n * Math.log(x))).toBeCloseTo(1, 12)
    }
  })

  it('has tails that sum to one', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        fc.double({ min: 0.5, max: 5000, noNaN: true }),
        (x, a, b) => {
          const { below, above } = logBetaTails(x, a, b)
          expect(Math.exp(below) + Math.exp(above)).toBeCloseTo(1, 12)
        },
      ),
      { numRuns: 200 },
    ))
})

describe('trials', () => {
  it.each([
    [1e6, 1e6],
    [0, 1e6],
    [950_000, 1e6],
    [0, 0],
    [5e8, 1e9],
  ])('%d right of %d has finite evidence both ways', (successes, n) => {
    expect(Number.isFinite(logAbove(0.95, { n, successes }))).toBe(true)
    expect(Number.isFinite(logBelow(0.95, { n, successes }))).toBe(true)
  })

  it('one more that is right never lowers the evidence for, and never raises that against', () =>
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (a, b) => {
        const [successes, n] = [Math.min(a, b), Math.max(a, b)]
        const [before, after] = [
          { n, successes },
          { n: n + 1, successes: successes + 1 },
        ]
        expect(logAbove(0.95, after)).toBeGreaterThanOrEqual(logAbove(0.95, before) - 1e-9)
        expect(logBelow(0.95, after)).toBeLessThanOrEqual(logBelow(0.95, before) + 1e-9)
      }),
    ))

  it('at the threshold, evidence is 1 on average after any number of trials, and less below it', () => {
    for (const n of [1, 7, 40]) {
      for (const [p, most] of [
        [0.95, 1],
        [0.9, 0.9999],
      ] as const) {
        let mean = 0
        for (let k = 0; k <= n; k++) {
          const chance = Math.exp(
            k * Math.log(p) + (n - k) * Math.log(1 - p) - logBeta(k + 1, n - k + 1) - Math.log(n + 1),
          )
          mean += chance * Math.exp(logAbove(0.95, { n, successes: k }))
        }
        expect(mean).toBeLessThanOrEqual(most + 1e-12)
        if (p === 0.95) expect(mean).toBeCloseTo(1, 10)
      }
    }
  })
})

const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 })

describe('fractions', () => {
  it('count the same in any order', () =>
    fc.assert(
      fc.property(fractions, list => {
        const of = (xs: readonly number[]) => xs.reduce((sum, x) => addFraction(sum, x, 0.95), noFractions)
        const [a, b] = [of(list), of(list.toReversed())]
        expect(logMean(a.above)).toBeCloseTo(logMean(b.above), 9)
        expect(logMean(a.below)).toBeCloseTo(logMean(b.below), 9)
      }),
    ))

  it('a better one never lowers the evidence for', () =>
    fc.assert(
      fc.property(fractions, fc.double({ min: 0, max: 1, noNaN: true }), (list, better) => {
        const of = (xs: readonly number[]) =>
          logMean(xs.reduce((sum, x) => addFraction(sum, x, 0.95), noFractions).above)
        const [first = 0, ...rest] = list
        expect(of([Math.max(first, better), ...rest])).toBeGreaterThanOrEqual(of(list) - 1e-9)
      }),
    ))

  it('a fair one changes nothing, and a million wrong or right ones stay finite', () => {
    expect(logMean(addFraction(noFractions, 0.95, 0.95).above)).toBe(0)
    for (const x of [0, 1]) {
      const one = addFraction(noFractions, x, 0.95)
      const many = one.above.map(capital => capital * 1e6)
      expect(Number.isFinite(logMean(many))).toBe(true)
    }
  })

  it.each([NaN, -0.1, 1.1, Infinity])('%d is refused', x => {
    expect(() => addFraction(noFractions, x, 0.95)).toThrow(RangeError)
    expect(() => watchOutcome(quietDetector, x, 0.95)).toThrow(RangeError)
  })
})

describe('pairs', () => {
  /** Mean of the capital over all outcomes of a few pull requests, exactly. */
  function expected(
    outcomes: readonly { chance: number; own: Attempt; production: Attempt }[],
    pulls: number,
    margin: number,
    of: 'unharmed' | 'harmed',
  ): number {
    const walk = (pairs: typeof noPairs, left: number): number =>
      left === 0
        ? Math.exp(logCertain(pairs[of], pairs.apart))
        : outcomes.reduce(
            (sum, { chance, own, production }) =>
              sum + chance * walk(addPair(pairs, own, production, margin), left - 1),
            0,
          )
    return walk(noPairs, pulls)
  }
  const one = (right: number): Attempt => ({ tried: 1, right })
  const silent: Attempt = { tried: 0, right: 0 }
  const margin = 0.1

  it.each([
    [
      'the same places, worse by the margin',
      'unharmed',
      [
        { chance: 0.5, own: one(1), production: one(1) },
        { chance: 0.1, own: one(0), production: one(1) },
        { chance: 0.4, own: one(0), production: one(0) },
      ],
    ],
    [
      'speaks twice as often, worse by the margin',
      'unharmed',
      [
        // production: right in 0.3 of 0.5 (0.6); own: right in 0.5 of 1 (0.5).
        { chance: 0.15, own: one(1), production: one(1) },
        { chance: 0.15, own: one(0), production: one(1) },
        { chance: 0.1, own: one(1), production: one(0) },
        { chance: 0.1, own: one(0), production: one(0) },
        { chance: 0.25, own: one(1), production: silent },
        { chance: 0.25, own: one(0), production: silent },
      ],
    ],
    [
      'speaks half as often, no worse than the margin',
      'harmed',
      [
        { chance: 0.2, own: one(1), production: one(1) },
        { chance: 0.2, own: one(0), production: one(0) },
        { chance: 0.36, own: silent, production: one(1) },
        { chance: 0.24, own: silent, production: one(0) },
      ],
    ],
  ] as const)('%s: evidence is at most 1 on average (%s)', (_, of, outcomes) => {
    expect(outcomes.reduce((sum, each) => sum + each.chance, 0)).toBeCloseTo(1, 12)
    for (const pulls of [1, 3, 5])
      expect(expected(outcomes, pulls, margin, of)).toBeLessThanOrEqual(1 + 1e-12)
  })

  it('recall does not depend on the order, and stays finite', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 40 }), list => {
        const of = (pulls: readonly (readonly [number, number])[]) =>
          pulls.reduce(
            (sum, [own, theirs]) => addPair(sum, one(own / 4), one(theirs / 4), 0.05),
            noEqualPairs,
          )
        const [a, b] = [of(list), of(list.toReversed())]
        expect(logCertain(a.unharmed, a.apart)).toBeCloseTo(logCertain(b.unharmed, b.apart), 9)
        expect(logCertain(a.harmed, a.apart)).toBeCloseTo(logCertain(b.harmed, b.apart), 9)
        expect(Math.abs(logCertain(a.unharmed, a.apart))).toBeLessThan(1e6)
      }),
    ))

  it('more right than tried is refused', () =>
    expect(() => addPair(noPairs, { tried: 0.5, right: 0.6 }, one(1), 0.05)).toThrow(RangeError))
})

describe('bounds', () => {
  it('hold the mean, and narrow', () => {
    for (const of of [
      robbins,
      (t: Parameters<typeof robbins>[0], level: number) => betaBinomial(t, level, 500),
    ]) {
      const few = of({ n: 50, successes: 45 }, 0.05)
      const many = of({ n: 5000, successes: 4500 }, 0.05)
      expect(few.low).toBeLessThan(many.low)
      expect(many.low).toBeLessThan(0.9)
      expect(many.high).toBeGreaterThan(0.9)
      expect(few.high).toBeGreaterThan(many.high)
      expect(of({ n: 0, successes: 0 }, 0.05)).toEqual({ low: 0, high: 1 })
    }
  })

  it('empirical Bernstein narrows with the spread of the fractions', () => {
    const of = (xs: readonly number[]) =>
      bernsteinBounds(
        xs.reduce((sum, x) => addBernstein(sum, x, 0.05), noBernstein),
        0.05,
      )
    const calm = of(Array.from({ length: 800 }, (_, i) => 0.9 + (i % 2) * 0.02))
    const wild = of(Array.from({ length: 800 }, (_, i) => (i % 100 < 91 ? 1 : 0)))
    expect(calm.high - calm.low).toBeLessThan(wild.high - wild.low)
    expect(calm.low).toBeLessThan(0.91)
    expect(calm.high).toBeGreaterThan(0.91)
    expect(wild.low).toBeLessThan(0.91)
    expect(wild.high).toBeGreaterThan(0.91)
  })

  it.each([
    [{ n: 1000, successes: 250, rate: 0.25 }, false],
    [{ n: 1000, successes: 290, rate: 0.25 }, false],
    [{ n: 1000, successes: 330, rate: 0.25 }, true],
    [{ n: 40, successes: 0, rate: 0.25 }, true],
    [{ n: 0, successes: 0, rate: 0.25 }, false],
    [{ n: 500, successes: 500, rate: 1 }, false],
  ])('a sampler that is %o is broken: %s', (sampler, broken) => {
    expect(isOffRate(sampler, 0.001)).toBe(broken)
  })
})

describe('budget', () => {
  it('all levels together are one level, and grow with what was promoted', () => {
    let sum = 0
    for (let position = 1; position <= 100_000; position++) sum += levelAt(0.05, { position, promotions: 0 })
    expect(sum).toBeLessThan(0.05)
    expect(sum).toBeGreaterThan(0.0499)
    expect(levelAt(0.05, { position: 8, promotions: 2 })).toBeCloseTo(
      3 * levelAt(0.05, { position: 8, promotions: 0 }),
      12,
    )
    expect(levelAt(0.05, { position: 1, promotions: 9 })).toBe(0.05)
  })

  it.each([
    { position: 0, promotions: 0 },
    { position: 1.5, promotions: 0 },
    { position: NaN, promotions: 0 },
    { position: 3, promotions: -1 },
  ])('%o is refused', budget => expect(() => levelAt(0.05, budget)).toThrow(RangeError))
})

describe('who reacts', () => {
  it('the true share is never below the threshold when the inflated one is met', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        (truth, bias) => {
          const seen = (bias * truth) / (bias * truth + 1 - truth)
          if (seen >= inflatedFor(3, 0.95)) expect(truth).toBeGreaterThanOrEqual(0.95 - 1e-12)
        },
      ),
    ))
})

describe('the watch after a promotion', () => {
  const run = (wrongEvery: number, to: number): number | null => {
    let detector: readonly number[] = quietDetector
    for (let n = 1; n <= to; n++) {
      detector = watchOutcome(detector, n % wrongEvery === 0 ? 0 : 1, 0.95)
      if (isAlarm(detector, 0.001)) return n
    }
    return null
  }

  it('one wrong in 40 is no alarm in 20,000 outcomes, one in five is one within 100', () => {
    expect(run(40, 20_000)).toBeNull()
    expect(run(5, 100)).not.toBeNull()
  })

  it('a long good time does not hide what comes after it', () => {
    let detector: readonly number[] = quietDetector
    for (let n = 0; n < 10_000; n++) detector = watchOutcome(detector, 1, 0.95)
    let n = 0
    while (!isAlarm(detector, 0.001)) {
      detector = watchOutcome(detector, n % 3 === 0 ? 0 : 1, 0.95)
      if (++n > 60) break
    }
    expect(n).toBeLessThanOrEqual(60)
  })
})
