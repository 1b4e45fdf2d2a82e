import { expect, it } from 'vitest'
import { anchorQuote } from '../../../src/core/review/anchor.ts'
import type { FileChange } from '../../../src/core/review/diff.ts'
import { fingerprint, isAnalyserSource } from '../../../src/core/review/fingerprint.ts'
import { fileOf } from '../../support/fakes.ts'

const defect = { source: 'openai/first', category: 'correctness' } as const

function of(
  file: FileChange,
  quote: string,
  what: Parameters<typeof fingerprint>[2] = defect,
  hint?: number,
): string {
  const found = anchorQuote(file, quote, 'RIGHT', hint)
  if (!found.anchored) throw new Error(found.why)
  return fingerprint(file, found.anchor, what)
}

const before = fileOf('src/a.ts', '@@ -1 +1,3 @@\n a\n+  total += 1\n+b')

it.each<[string, FileChange]>([
  ['moves down', fileOf('src/a.ts', '@@ -90 +95,3 @@\n a\n+  total += 1\n+b')],
  ['is indented anew', fileOf('src/a.ts', '@@ -1 +1,3 @@\n a\n+\ttotal  += 1\n+b')],
  ['gets other neighbours', fileOf('src/a.ts', '@@ -1 +1,4 @@\n a\n+new\n+  total += 1\n+c')],
  ['ends in CRLF now', fileOf('src/a.ts', '@@ -1 +1,3 @@\n a\n+  total += 1\r\n+b')],
  ['becomes context', fileOf('src/a.ts', '@@ -1,2 +1,3 @@\n a\n   total += 1\n+b')],
  [
    'is in a renamed file',
    {
      ...fileOf('src/z.ts', '@@ -1 +1,3 @@\n a\n+  total += 1\n+b'),
      status: 'renamed',
      previousPath: 'src/a.ts',
    },
  ],
])('stays when the quoted line %s', (_, after) => {
  expect(of(after, 'total += 1')).toBe(of(before, 'total += 1'))
})

it.each<[string, FileChange, string]>([
  ['says something else', fileOf('src/a.ts', '@@ -1 +1,2 @@\n a\n+  total += 2'), 'total += 2'],
  ['is in another file', fileOf('src/b.ts', '@@ -1 +1,2 @@\n a\n+  total += 1'), 'total += 1'],
  [
    'is a copy in a new file',
    { ...fileOf('src/c.ts', '@@ -0,0 +1 @@\n+total += 1'), status: 'copied', previousPath: 'src/a.ts' },
    'total += 1',
  ],
])('changes when the quoted line %s', (_, after, quote) => {
  expect(of(after, quote)).not.toBe(of(before, 'total += 1'))
})

it('tells equal lines of one file apart by their order', () => {
  const twice = fileOf('src/a.ts', '@@ -1 +1,3 @@\n+total += 1\n a\n+total += 1')
  expect(of(twice, 'total += 1', defect, 1)).not.toBe(of(twice, 'total += 1', defect, 3))
})

it.each([
  ['a model’s neighbouring category', { ...defect, category: 'reliability' }, true],
  ['another model', { ...defect, source: 'anthropic/second' }, true],
  ['security', { ...defect, category: 'security' }, false],
  ['an analyser’s rule', { ...defect, source: 'oxlint/no-dupe-keys' }, false],
] as const)('%s for the same line: the same fingerprint is %s', (_, what, same) => {
  expect(of(before, 'total += 1', what) === of(before, 'total += 1')).toBe(same)
})

it('keeps the rules of an analyser apart, whatever their category', () => {
  const one = of(before, 'b', { source: 'ruff/F821', category: 'correctness' })
  expect(of(before, 'b', { source: 'ruff/F821', category: 'security' })).toBe(one)
  expect(of(before, 'b', { source: 'ruff/F401', category: 'correctness' })).not.toBe(one)
})

it.each([
  ['oxlint/no-dupe-keys', true],
  ['ast-grep/go-err', true],
  ['openai/gpt', false],
  ['openai/oxlint/x', false],
])('%s is an analyser: %s', (source, expected) => {
  expect(isAnalyserSource(source)).toBe(expected)
})
