import { describe, expect, it } from 'vitest'
import { figuresOf } from '../../../src/core/score/figures.ts'
import { emptyCounts, type Counts } from '../../../src/core/score/hunks.ts'
import { addOutcome, emptySums, type Outcome } from '../../../src/core/score/sums.ts'
import {
  addTo,
  meanOf,
  noMoments,
  quantile,
  addToHistogram,
  student95,
  wilson,
  type Histogram,
} from '../../../src/core/statistics.ts'

function counts(more: Partial<Counts>): Counts {
  return { ...emptyCounts(10), ...more }
}
function outcome(run: Partial<Counts>, base: Partial<Counts> = {}, more: Partial<Outcome> = {}): Outcome {
  return {
    counts: counts(run),
    baseline: counts(base),
    failed: false,
    latencyMs: 1_000,
    usd: 0.01,
    language: 'Go',
    changedLines: 10,
    ...more,
  }
}

describe('figures', () => {
  it('are means over pull requests, not over hunks', () => {
    const sums = [outcome({ labelled: 1, tp: 1 }), outcome({ labelled: 9, tn: 3, fp: 6 })].reduce(
      addOutcome,
      emptySums,
    )
    // (1 + 1/3) / 2, where hunks would say 4/10.
    expect(figuresOf(sums).accuracy?.value).toBeCloseTo(2 / 3, 12)
  })

  it('come to what was worked out by hand', () => {
    const sums = [
      outcome(
        {
          labelled: 4,
          tp: 1,
          fp: 1,
          fn: 1,
          tn: 1,
          mute: 2,
          findings: 3,
          right: 1,
          wrong: 1,
          unjudged: 1,
          issues: 2,
          found: 1,
        },
        { labelled: 4, tp: 2, tn: 2, right: 2, issues: 2, found: 2 },
      ),
      outcome(
        { labelled: 2, tp: 2, findings: 2, right: 2, issues: 2, found: 2 },
        { labelled: 2, tp: 1, fn: 1, right: 1, issues: 2, found: 1 },
        { failed: true, usd: 0.03 },
      ),
    ].reduce(addOutcome, emptySums)
    const figures = figuresOf(sums)
    expect(figures).toMatchObject({
      pullRequests: 2,
      labelledPullRequests: 2,
      labelledHunks: 6,
      falsePositives: 1,
      falseNegatives: 1,
      labelCoverage: 4 / 5,
      muteAccuracy: 0.25,
      usdPerRun: 0.02,
    })
    expect(figures.accuracy?.value).toBeCloseTo(0.75, 12)
    expect(figures.precision?.value).toBeCloseTo(3 / 4, 12)
    expect(figures.recall?.value).toBeCloseTo(3 / 4, 12)
    expect(figures.errorRate?.value).toBe(0.5)
    // 0.5 - 1 and 1 - 0.5.
    expect(figures.accuracyDifference?.value).toBeCloseTo(0, 12)
    expect(figures.groups['language:Go']?.pullRequests).toBe(2)
    expect(figures.groups['size:small']?.recall?.value).toBeCloseTo(3 / 4, 12)
  })

  it.each([
    ['done', false],
    ['failed', true],
  ])(
    'say nothing of latency, errors and cost beside a run of stored answers, whatever else was measured: %s',
    (_, failed) => {
      const stored = outcome({ labelled: 1, tp: 1 }, {}, { latencyMs: null })
      const figures = figuresOf(
        [outcome({ labelled: 1, tp: 1 }, {}, { failed }), stored].reduce(addOutcome, emptySums),
      )
      expect(figures).toMatchObject({
        latencyP50Ms: null,
        latencyP95Ms: null,
        errorRate: null,
        usdPerRun: null,
      })
      expect(figures.accuracy?.value).toBe(1)
    },
  )

  it('count what no judge answered as wrong towards promotion, and as nothing towards quarantine', () => {
    const audited = { labelled: 2, tp: 1, fp: 0, fn: 0, tn: 1, due: 4, unanswered: 2 }
    const all = { labelled: 2, tp: 0, fp: 1, fn: 0, tn: 1, due: 2, unanswered: 0 }
    const none = { labelled: 0, tp: 0, fp: 0, fn: 0, tn: 0, due: 3, unanswered: 3 }
    const figures = figuresOf(
      [outcome({ audited }), outcome({ audited: all }), outcome({ audited: none }), outcome({})].reduce(
        addOutcome,
        emptySums,
      ),
    )
    expect(figures.audit).toMatchObject({ due: 9, unanswered: 5 })
    // 2/4, 1/2 and 0/3; then 2/2 and 1/2; the pull request that was not drawn is in neither.
    expect(figures.audit.towardsPromotion?.value).toBeCloseTo(1 / 3, 12)
    expect(figures.audit.towardsQuarantine?.value).toBeCloseTo(3 / 4, 12)
  })

  it.each([
    // 2.5 / (2.5 + 0.25 + 1) and (2 x 3 - 1) / sqrt(3 x 3 x 4 x 4)
    ['by hand', { tp: 2, fp: 1, fn: 1, tn: 3 }, 2.5 / 3.75, 5 / 12],
    ['when all is right', { tp: 2, fp: 0, fn: 0, tn: 3 }, 1, 1],
    ['when all is wrong', { tp: 0, fp: 2, fn: 2, tn: 0 }, 0, -1],
    ['of a mute reviewer', { tp: 0, fp: 0, fn: 1, tn: 3 }, 0, null],
    ['of nothing', { tp: 0, fp: 0, fn: 0, tn: 0 }, null, null],
  ])('F0.5 and MCC are those of the table %s', (_name, table, fHalf, mcc) => {
    const figures = figuresOf({ ...emptySums, ...table })
    if (fHalf === null) expect(figures.fHalf).toBeNull()
    else expect(figures.fHalf).toBeCloseTo(fHalf, 12)
    if (mcc === null) expect(figures.mcc).toBeNull()
    else expect(figures.mcc).toBeCloseTo(mcc, 12)
  })

  it('say nothing of what nobody labelled', () => {
    const figures = figuresOf(addOutcome(emptySums, outcome({ findings: 2, unjudged: 2 })))
    expect(figures).toMatchObject({
      accuracy: null,
      precision: null,
      recall: null,
      muteAccuracy: null,
      satisfaction: null,
      labelCoverage: 0,
    })
  })

  it('draw few signals of satisfaction towards production’s own level', () => {
    const one = addOutcome(
      emptySums,
      outcome({ satisfaction: { weight: 1, pleased: 1 } }, { satisfaction: { weight: 4, pleased: 2 } }),
    )
    // 5 x (1 + 10 x 0.5) / 11
    expect(figuresOf(one).satisfaction).toBeCloseTo(30 / 11, 12)
  })

  it('take a failed run to be slower than any', () => {
    const sums = [outcome({}), outcome({}), outcome({}, {}, { failed: true, latencyMs: 1 })].reduce(
      addOutcome,
      emptySums,
    )
    const { latencyP50Ms, latencyP95Ms } = figuresOf(JSON.parse(JSON.stringify(sums)) as typeof sums)
    expect(latencyP50Ms).toBeGreaterThanOrEqual(1_000)
    expect(latencyP50Ms).toBeLessThanOrEqual(1_050)
    expect(latencyP95Ms).toBe(Infinity)
  })

  it('stay within 5 however the last digits of thousands of weights fall', () => {
    const satisfaction = { weight: 20_187.9, pleased: 20_187.9 * (1 + 4 * Number.EPSILON) }
    const figures = figuresOf({ ...emptySums, satisfaction, baselineSatisfaction: { weight: 1, pleased: 1 } })
    expect(figures.satisfaction).toBe(5)
  })

  it('name the largest share of labels by one person', () => {
    const sums = addOutcome(emptySums, outcome({ labelled: 4, tn: 4, authors: { 1: 3, 2: 1 } }))
    expect(figuresOf(sums)).toMatchObject({ largestAuthorShare: 0.75, labelAuthors: 2 })
  })
})

describe('statistics', () => {
  it('Wilson’s interval has its published values', () => {
    // Newcombe 1998, table I, method 3.
    const published = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const
    for (const [successes, n, low, high] of published) {
      expect(wilson(successes, n)?.low).toBeCloseTo(low, 4)
      expect(wilson(successes, n)?.high).toBeCloseTo(high, 4)
    }
  })

  it.each([
    [1, 12.706],
    [2, 4.303],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ])('Student’s t with %d degrees of freedom is that of the tables', (freedom, expected) => {
    expect(student95(freedom)).toBeCloseTo(expected, 2)
  })

  it('a mean over clusters has the interval of the textbook', () => {
    const moments = [1, 2, 3, 4, 5].reduce(addTo, noMoments)
    // s = sqrt(2.5), half = 2.776 x s / sqrt(5)
    expect(meanOf(moments)?.value).toBe(3)
    expect(meanOf(moments)?.high).toBeCloseTo(3 + 2.7764 * Math.sqrt(0.5), 2)
    expect(meanOf(addTo(noMoments, 1))).toBeNull()
  })

  it('quantiles are at most 5 % too high', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => index + 1)
    const histogram = values.reduce<Histogram>(addToHistogram, {})
    for (const share of [0.5, 0.9, 0.95]) {
      const found = quantile(histogram, share) ?? 0
      expect(found).toBeGreaterThanOrEqual(share * 1_000)
      expect(found).toBeLessThanOrEqual(share * 1_000 * 1.0501 + 1)
    }
  })
})
