import { describe, expect, it } from 'vitest'
import { stem } from '../../../src/core/match/stem.ts'
import { isConcept, readTerms } from '../../../src/core/match/terms.ts'

const wordsOf = (text: string): string[] => [...readTerms(text).keys()].filter(term => !isConcept(term))
const conceptsOf = (text: string): string[] => [...readTerms(text).keys()].filter(isConcept)

describe('terms of a text', () => {
  it.each([
    ['parseHTTPHeader', 'parse_http_header'],
    ['slotEndTime', 'slot end time'],
    ['non-deterministic order', 'nondeterministic order'],
    ['ﬁlter', 'filter'],
    ['The lock is released.', 'locks releasing'],
  ])('%s reads like %s', (left, right) => {
    expect(wordsOf(left)).toEqual(wordsOf(right))
  })

  it.each([
    ['nil', 'undefined'],
    ['race', 'synchronized'],
    ['typo', 'misspelled'],
    ['throws', 'exception'],
    ['unreachable', 'dead'],
  ])('%s and %s share a concept', (left, right) => {
    expect(conceptsOf(left)).toHaveLength(1)
    expect(conceptsOf(left)).toEqual(conceptsOf(right))
  })

  it('has no weight for words that every review uses', () => {
    expect(
      wordsOf('This could potentially cause an issue, consider changing the current implementation'),
    ).toEqual([])
  })

  it('reads scripts without spaces letter by letter', () => {
    expect(wordsOf('空指针')).toEqual(['空', '指', '针'])
  })

  it('keeps a text without words as itself', () => {
    expect([...readTerms(' ?! ').keys()]).toEqual(['=?!'])
    expect(readTerms(' \n ').size).toBe(0)
  })

  it('counts repetitions', () => {
    expect(readTerms('widget widgets Widget').get('widget')).toBe(3)
  })

  it('reads no more than a bounded part of a huge text', () => {
    const different = Array.from({ length: 100_000 }, (_, at) => `${at}`).join(' ')
    expect(readTerms(different).size).toBeLessThanOrEqual(200)
    expect(readTerms(`${'x '.repeat(3_000)}tail`).has('tail')).toBe(false)
  })
})

describe('stem', () => {
  it.each([
    ['throws', 'throw'],
    ['queries', 'query'],
    ['stopped', 'stop'],
    ['validation', 'validat'],
    ['validates', 'validat'],
    ['caching', 'cach'],
    ['cache', 'cach'],
    ['null', 'null'],
    ['is', 'is'],
  ])('%s: %s', (word, expected) => {
    expect(stem(word)).toBe(expected)
  })
})
