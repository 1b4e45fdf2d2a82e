import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Described, match } from '../../../src/core/match/match.ts'

const pairs = (findings: readonly Described[], labels: readonly Described[]): [number, number][] =>
  match(findings, labels).map(({ finding, label }): [number, number] => [finding, label])
const said = (...texts: string[]): Described[] => texts.map(text => ({ text }))

describe('matching by wording alone', () => {
  const labels = said(
    'Race condition: the counter is incremented without holding the mutex',
    'userName may be null and dereferencing it throws',
    'Typo in option name: "recieveTimeout"',
  )

  it.each([
    ['the same words', 'Counter incremented without holding the mutex', 0],
    ['other words of the field', 'counter is not thread-safe: concurrent increments get lost', 0],
    ['an identifier written another way', 'NullPointerException when user_name is undefined', 1],
    ['a short remark', 'recieveTimeout is misspelled', 2],
  ])('finds %s', (_, text, label) => {
    expect(pairs(said(text), labels)).toEqual([[0, label]])
  })

  it.each(['The button has too little contrast in the dark theme', 'SQL built from request input', '', '!'])(
    'leaves alone what no label speaks of: %j',
    text => {
      expect(pairs(said(text), labels)).toEqual([])
    },
  )

  it('gives a label to the nearer of two findings', () => {
    const findings = said(
      'The counter overflows',
      'Two threads increment the counter without the mutex: a race',
    )
    expect(pairs(findings, labels)).toEqual([[1, 0]])
  })
})

describe('matching with places', () => {
  const label: Described = {
    path: 'src/a.ts',
    side: 'RIGHT',
    startLine: 10,
    line: 12,
    text: 'order may be null here',
  }
  const text = 'Possible null dereference of order'

  it.each<[string, Partial<Described>, boolean]>([
    ['same lines', { line: 11 }, true],
    ['three lines away', { line: 15 }, true],
    ['the end of a longer range', { startLine: 1, line: 10 }, true],
    ['no line known', {}, true],
    ['another file', { path: 'src/b.ts', line: 11 }, false],
    ['the file before its rename', { path: 'src/old.ts', line: 11 }, false],
  ])('%s', (_, place, expected) => {
    expect(match([{ path: 'src/a.ts', side: 'RIGHT', text, ...place }], [label])).toHaveLength(
      expected ? 1 : 0,
    )
  })

  it('knows a renamed file again, whichever side tells of it', () => {
    const old = { ...label, path: 'src/old.ts' }
    expect(match([{ path: 'src/a.ts', previousPath: 'src/old.ts', line: 11, text }], [old])).toHaveLength(1)
    expect(
      match([{ path: 'src/old.ts', line: 11, text }], [{ ...label, previousPath: 'src/old.ts' }]),
    ).toHaveLength(1)
  })

  it('scores less the farther the lines are apart', () => {
    const scores = [11, 14, 20, 40, 400].map(
      line => match([{ path: 'src/a.ts', line, text }], [label], { ...everything })[0]?.score ?? 0,
    )
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    expect(new Set(scores).size).toBe(5)
  })

  it('takes the finding on the label’s line among equally worded ones', () => {
    const findings = [90, 11, 50].map(line => ({ path: 'src/a.ts', line, text: label.text }))
    expect(pairs(findings, [label])).toEqual([[1, 0]])
  })

  it('does not let a better worded finding of another file stand in the way', () => {
    const findings = [
      { path: 'src/a.ts', line: 11, text },
      { path: 'src/b.ts', line: 11, text: label.text },
    ]
    expect(pairs(findings, [label])).toEqual([[0, 0]])
  })

  it('needs a common word, however near the lines are', () => {
    expect(pairs([{ path: 'src/a.ts', line: 11, text: 'Colour is wrong' }], [label])).toEqual([])
  })

  it('says nothing of lines on different sides', () => {
    const left = match([{ path: 'src/a.ts', side: 'LEFT', line: 400, text }], [label], everything)
    const none = match([{ path: 'src/a.ts', text }], [label], everything)
    expect(left[0]?.score).toBe(none[0]?.score)
  })

  it('lets the same category break a tie', () => {
    const [a, b]: Described[] = [
      { text: label.text, category: 'performance' },
      { text: label.text, category: 'correctness' },
    ]
    expect(pairs([a as Described, b as Described], [{ text: label.text, category: 'correctness' }])).toEqual([
      [1, 0],
    ])
  })
})

describe('whatever is given', () => {
  const words = 'null race leak counter mutex typo orderId cache query token loop 3 !'.split(' ')
  const described = fc.record<Described>(
    {
      text: fc.oneof(
        fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 }).map(list => list.join(' ')),
        fc.string({ unit: 'binary', maxLength: 80 }),
      ),
      path: fc.constantFrom('a.ts', 'b.ts'),
      line: fc.integer({ min: 1, max: 60 }),
      side: fc.constantFrom('LEFT', 'RIGHT'),
      category: fc.constantFrom('security', 'correctness'),
    },
    { requiredKeys: ['text'] },
  )
  const list = fc.array(described, { maxLength: 8 })

  it('pairs nothing twice, and scores between the threshold and 1', () => {
    fc.assert(
      fc.property(list, list, (findings, labels) => {
        const matches = match(findings, labels)
        expect(new Set(matches.map(({ finding }) => finding)).size).toBe(matches.length)
        expect(new Set(matches.map(({ label }) => label)).size).toBe(matches.length)
        for (const { score } of matches) {
          expect(score).toBeGreaterThan(0.2)
          expect(score).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('gives the same pairs in whatever order the lists come', () => {
    const order = fc.array(fc.double({ noNaN: true }), { minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(list, list, order, (findings, labels, keys) => {
        const shuffle = <T>(items: readonly T[], from: number): T[] =>
          items
            .map((item, at) => ({ item, key: keys[from + at] ?? 0 }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ item }) => item)
        const told = (left: readonly Described[], right: readonly Described[]): string[] =>
          match(left, right)
            .map(({ finding, label, score }) => JSON.stringify([left[finding], right[label], score]))
            .toSorted()
        expect(told(shuffle(findings, 0), shuffle(labels, 8))).toEqual(told(findings, labels))
      }),
    )
  })

  it('matches every text to itself', () => {
    const text = fc.string({ unit: 'binary', maxLength: 80 }).filter(each => each.trim() !== '')
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(text, fc.constantFrom(...words)), { maxLength: 6 }), texts => {
        const same = texts.map(each => ({ text: each, path: 'a.ts', line: 5 }))
        expect(match(same, same)).toHaveLength(same.length)
      }),
    )
  })

  it('finds nothing in nothing', () => {
    expect(match([], [])).toEqual([])
    expect(match(said('a leak'), [])).toEqual([])
    expect(match([], said('a leak'))).toEqual([])
  })

  it.each(['a', 'A', '_', '-', 'non-', '漢', '\u202e', 'aA', 'ﷺ', '\ud800'])(
    'survives a megabyte of %j',
    piece => {
      const huge = said(piece.repeat(1_000_000))
      expect(match(huge, huge)).toHaveLength(1)
    },
  )

  it('refuses more pairs than it can compare in time', () => {
    const many = Array.from({ length: 1_001 }, () => ({ text: 'x' }))
    expect(() => match(many, many)).toThrow(RangeError)
  })
})

/** Accepts every pair with a common term. */
const everything = { intercept: -5, cosine: 10, behind: 10, bm25: 1, threshold: 0 }
