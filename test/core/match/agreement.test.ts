import { describe, expect, it } from 'vitest'
import { accuracyOf, cohenKappa, spearman } from '../../../src/core/match/agreement.ts'

describe('Cohen’s kappa', () => {
  it.each([
    // The grant-proposal example that textbooks and encyclopaedias share: 0.4.
    ['50 proposals, two readers', 20, 5, 10, 15, 0.4],
    ['45 : 15 : 25 : 15', 45, 15, 25, 15, 0.1304],
    ['25 : 35 : 5 : 35', 25, 35, 5, 35, 0.2593],
    ['full agreement', 3, 0, 0, 7, 1],
    ['full disagreement of halves', 0, 5, 5, 0, -1],
    ['independent judges', 25, 25, 25, 25, 0],
  ])('%s', (_, both, onlyMatcher, onlyReference, neither, kappa) => {
    expect(cohenKappa({ both, onlyMatcher, onlyReference, neither })).toBeCloseTo(kappa, 4)
  })

  it.each([
    ['nothing was judged', 0, 0],
    ['both only ever say no', 0, 9],
    ['both only ever say yes', 9, 0],
  ])('cannot be measured when %s', (_, both, neither) => {
    expect(cohenKappa({ both, onlyMatcher: 0, onlyReference: 0, neither })).toBeUndefined()
  })
})

describe('Spearman’s rank correlation', () => {
  it.each([
    // IQ and hours of television, the common worked example without ties: -29/165.
    [[106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17], -29 / 165],
    [[1, 2, 3, 4], [10, 20, 30, 40], 1],
    [[1, 2, 3, 4], [9, 7, 5, 0], -1],
    // Ties by hand: ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4 give 4.5 / √(4.5 × 5).
    [[1, 5, 5, 9], [1, 2, 3, 4], Math.sqrt(0.9)],
    // Ties on both sides: ranks 1.5, 1.5, 3 against 1, 2.5, 2.5 give 0.75 / 1.5.
    [[0, 0, 1], [0, 1, 1], 0.5],
  ])('of %j and %j is %d', (left, right, rho) => {
    expect(spearman(left, right)).toBeCloseTo(rho, 10)
  })

  it('cannot be measured where one list never varies', () => {
    expect(spearman([1, 2, 3], [4, 4, 4])).toBeUndefined()
    expect(spearman([], [])).toBeUndefined()
  })

  it('refuses lists of different lengths', () => {
    expect(() => spearman([1], [1, 2])).toThrow(RangeError)
  })
})

describe('precision, recall and F1', () => {
  it.each([
    [6, 8, 12, { precision: 0.75, recall: 0.5, f1: 0.6 }],
    [0, 0, 3, { precision: undefined, recall: 0, f1: 0 }],
    [0, 3, 0, { precision: 0, recall: undefined, f1: 0 }],
    [0, 0, 0, { precision: undefined, recall: undefined, f1: undefined }],
  ])('%d right of %d claimed and %d real', (hits, claimed, real, expected) => {
    expect(accuracyOf(hits, claimed, real)).toEqual(expected)
  })
})
