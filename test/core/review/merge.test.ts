import { describe, expect, it } from 'vitest'
import { mergeFindings, sameIssue } from '../../../src/core/review/merge.ts'
import { findingOf } from '../../support/fakes.ts'

const first = findingOf({
  title: 'Division by zero when the cart is empty',
  body: 'The cart may be empty. Then items.length is 0.',
  confidence: 0.6,
})
const second = findingOf({
  source: 'anthropic/second',
  title: 'Empty cart divides by zero',
  body: 'Average of an empty cart is NaN.',
  confidence: 0.7,
  severity: 'high',
})

describe('two findings are the same issue', () => {
  it.each([
    ['same words, same line', {}, true],
    ['overlapping lines', { startLine: 1, line: 5 }, true],
    ['neighbouring lines', { startLine: 3, line: 3 }, false],
    ['another file', { path: 'src/b.ts' }, false],
    ['the other side', { side: 'LEFT' }, false],
    ['other words', { title: 'Token is logged', body: 'Credentials reach the log file.' }, false],
    ['other words, other category', { title: 'Token is logged', body: 'Leak.', category: 'security' }, false],
    ['no words at all', { title: '!', body: '?' }, false],
  ] as const)('%s: %s', (_, more, expected) => {
    expect(sameIssue(first, { ...second, ...more })).toBe(expected)
  })

  it('when one source raises one fingerprint twice, whatever it says', () => {
    expect(sameIssue(first, { ...first, title: 'Other words entirely', body: '' })).toBe(true)
  })
})

describe('merging', () => {
  it('lets agreement of two models raise the confidence, and takes the worse severity', () => {
    const [merged, ...rest] = mergeFindings([first, second])
    expect(rest).toEqual([])
    expect(merged?.confidence).toBeCloseTo(1 - 0.4 * 0.3)
    expect(merged).toMatchObject({
      severity: 'high',
      title: second.title,
      source: 'anthropic/second',
      sources: ['anthropic/second', 'openai/first'],
    })
  })

  it('does not take one model’s repetition for agreement', () => {
    const [merged] = mergeFindings([first, { ...first, confidence: 0.5 }])
    expect(merged?.confidence).toBe(0.6)
    expect(merged?.sources).toEqual(['openai/first'])
  })

  it('is never wholly sure', () => {
    const [merged] = mergeFindings([
      { ...first, confidence: 1 },
      { ...second, confidence: 1 },
    ])
    expect(merged?.confidence).toBe(0.99)
  })

  it('keeps the fingerprint of the analyser among them', () => {
    const rule = findingOf({
      ...first,
      source: 'oxlint/x',
      sources: ['oxlint/x'],
      confidence: 0.5,
      fingerprint: 'f'.repeat(32),
    })
    expect(mergeFindings([first, rule])[0]?.fingerprint).toBe('f'.repeat(32))
  })

  it.each([
    [{ startLine: 2, line: 2 }, 'fix()'],
    [{ startLine: 1, line: 2 }, undefined],
  ])('takes another’s suggestion only for the very same lines: %j', (lines, expected) => {
    const helpful = { ...first, suggestion: 'fix()', ...lines }
    expect(mergeFindings([helpful, second])[0]?.suggestion).toBe(expected)
  })

  it('keeps different issues, in the order they came', () => {
    const others = [findingOf({ title: 'Token logged', body: 'x' }), findingOf({ path: 'src/b.ts' }), first]
    expect(mergeFindings(others)).toEqual(others)
  })
})
