import { describe, expect, it } from 'vitest'
import { readElement, reviewAnswer } from '../../../src/core/review/prompt-answer.ts'

const element = {
  path: 'src/a.ts',
  side: 'RIGHT',
  quote: 'const b = 2',
  line: 2,
  severity: 'high',
  category: 'correctness',
  confidence: 0.8,
  title: 'Wrong',
  body: 'Because.',
  suggestion: null,
}

describe('an element of an answer', () => {
  it('becomes a candidate of the model that gave it', () => {
    const { line, suggestion: _, ...rest } = element
    expect(readElement(element, 'openai/first')).toEqual({ ...rest, lineHint: line, source: 'openai/first' })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'LGTM'],
    ['a list', [element]],
    ['an empty object', {}],
    ['an extra key', { ...element, approve: true }],
    ['a missing key', { ...element, body: undefined }],
    ['a severity of its own', { ...element, severity: 'catastrophic' }],
    ['a category of its own', { ...element, category: 'style' }],
    ['a side of its own', { ...element, side: 'BOTH' }],
    ['a number as text', { ...element, confidence: '0.8' }],
    ['an empty title', { ...element, title: ' \n' }],
    ['an empty quote', { ...element, quote: '' }],
    ['an endless quote', { ...element, quote: 'x'.repeat(6_001) }],
    ['an endless path', { ...element, path: 'x'.repeat(4_097) }],
  ])('is dropped when it is %s', (_, wrong) => {
    expect(readElement(wrong, 's')).toBeNull()
  })

  it.each([
    [1.7, 1],
    [-3, 0],
    [0, 0],
    [0.25, 0.25],
  ])('with confidence %d counts %d', (confidence, expected) => {
    expect(readElement({ ...element, confidence }, 's')?.confidence).toBe(expected)
  })

  it.each([null, 0, -1, 1.5])('with line %d has no hint', line => {
    expect(readElement({ ...element, line }, 's')).not.toHaveProperty('lineHint')
  })

  it('is cut to a length that people read', () => {
    const long = readElement({ ...element, title: 'é'.repeat(300), body: '🚀'.repeat(9_000) }, 's')
    expect(Array.from(long?.title ?? '')).toHaveLength(200)
    expect(Array.from(long?.body ?? '')).toHaveLength(4_000)
  })

  it('loses an endless suggestion, not the finding', () => {
    const read = readElement({ ...element, suggestion: 'x'.repeat(6_001) }, 's')
    expect(read).not.toBeNull()
    expect(read).not.toHaveProperty('suggestion')
  })
})

it.each<[string, unknown, boolean]>([
  ['no findings', { findings: [] }, true],
  ['one finding', { findings: [element] }, true],
  ['no list', {}, false],
  ['an extra key', { findings: [], verdict: 'approve' }, false],
  ['one wrong element', { findings: [element, {}] }, false],
  ['a bare list', [element], false],
])('an answer with %s is valid: %s', (_, answer, expected) => {
  expect(reviewAnswer.safeParse(answer).success).toBe(expected)
})
