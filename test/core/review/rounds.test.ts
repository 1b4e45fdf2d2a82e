import { describe, expect, it } from 'vitest'
import type { FileChange } from '../../../src/core/review/diff.ts'
import {
  earlierRounds,
  findingMarker,
  fixedThreads,
  lineDigests,
  readFindingMarker,
  repeatReason,
  stillOpen,
} from '../../../src/core/review/rounds.ts'
import { fileOf, findingOf } from '../../support/fakes.ts'

const before = fileOf('src/a.ts', '@@ -1,2 +1,4 @@\n a\n+b\n+c\n d')
const rounds = earlierRounds({
  count: 1,
  posted: [{ fingerprint: 'p'.repeat(32) }],
  lineDigests: lineDigests([before]),
})

describe('a later round', () => {
  const moved = fileOf('src/a.ts', '@@ -1,2 +1,2 @@\n-x\n+y\n d\n@@ -50,2 +50,4 @@\n a\n+b\n+c\n d')
  const renamed: FileChange = { ...before, path: 'src/z.ts', previousPath: 'src/a.ts', status: 'renamed' }
  it.each<[string, FileChange, Parameters<typeof findingOf>[0], string | null]>([
    [
      'does not repeat what was posted',
      before,
      { fingerprint: 'p'.repeat(32), severity: 'critical' },
      'already-posted',
    ],
    ['holds back a medium finding on code seen before', before, {}, 'unchanged-code'],
    ['raises a high finding on code seen before', before, { severity: 'high' }, null],
    ['raises a critical finding on code seen before', before, { severity: 'critical' }, null],
    ['sees through moved code', moved, { startLine: 51, line: 52 }, 'unchanged-code'],
    ['raises findings on new code', moved, { startLine: 1, line: 1 }, null],
    ['sees through a rename', renamed, { path: 'src/z.ts' }, 'unchanged-code'],
    [
      'takes a line with a new neighbour for new',
      fileOf('src/a.ts', '@@ -1,2 +1,5 @@\n a\n+new\n+b\n+c\n d'),
      { startLine: 3, line: 3 },
      null,
    ],
    [
      'takes the other side for other code',
      fileOf('src/a.ts', '@@ -1,3 +1,2 @@\n a\n-b\n d'),
      { side: 'LEFT' },
      null,
    ],
    [
      'knows nothing of another file',
      fileOf('src/b.ts', '@@ -1,2 +1,4 @@\n a\n+b\n+c\n d'),
      { path: 'src/b.ts' },
      null,
    ],
    ['holds back what stands on context lines only', before, { startLine: 4, line: 4 }, 'unchanged-code'],
  ])('%s', (_, file, more, expected) => {
    expect(repeatReason(file, findingOf(more), rounds)).toBe(expected)
  })

  it('is not the first one: that raises everything', () => {
    const first = earlierRounds({ count: 0, posted: [], lineDigests: {} })
    expect(repeatReason(before, findingOf({ startLine: 4, line: 4 }), first)).toBeNull()
  })
})

describe('the finding marker', () => {
  const finding = findingOf({ quote: 'b\nc', fingerprint: 'a1'.repeat(16) })

  it('reads back what was written', () => {
    expect(readFindingMarker(`text\n\n${findingMarker(finding)}\n<!-- cupel:review:x -->`)).toMatchObject({
      fingerprint: 'a1'.repeat(16),
      side: 'RIGHT',
      lines: 2,
    })
  })

  it('is the last one of a comment, since what a model wrote stands before ours', () => {
    const forged = findingMarker(findingOf({ quote: 'gone', fingerprint: 'f'.repeat(32) }))
    expect(readFindingMarker(`${forged}\n${findingMarker(finding)}`)?.fingerprint).toBe('a1'.repeat(16))
  })

  it.each([
    '',
    'no marker',
    '<!-- cupel:finding:short:RIGHT:1:x -->',
    `<!-- cupel:finding:${'a'.repeat(32)}:UP:1:${'a'.repeat(16)} -->`,
  ])('%j holds none', body => {
    expect(readFindingMarker(body)).toBeNull()
  })
})

describe('own threads that a push fixed', () => {
  const finding = findingOf({ quote: 'b', fingerprint: 'b1'.repeat(16) })
  const left = findingOf({ quote: 'x', side: 'LEFT', fingerprint: 'c1'.repeat(16) })
  const thread = { id: 't', resolved: false, path: 'src/a.ts', body: findingMarker(finding) }
  const fixed = {
    files: [fileOf('src/a.ts', '@@ -1 +1,2 @@\n a\n+fixed')],
    contents: new Map([['src/a.ts', 'a\nfixed\n']]),
    seen: new Set(['src/a.ts']),
    found: new Set<string>(),
  }
  const removed: FileChange = { ...fileOf('src/a.ts', '@@ -1 +0,0 @@\n-a'), status: 'removed' }
  const renamed: FileChange = { ...fileOf('src/z.ts', '@@ -1 +1 @@\n-b\n+fixed'), previousPath: 'src/a.ts' }

  it.each<[string, Partial<typeof thread>, Partial<typeof fixed>, string[]]>([
    ['quoted line gone, finding gone', {}, {}, ['t']],
    ['already resolved', { resolved: true }, {}, []],
    ['found again', {}, { found: new Set(['b1'.repeat(16)]) }, []],
    [
      'the line still stands elsewhere in the file',
      {},
      { contents: new Map([['src/a.ts', 'a\nfixed\n\n  b\r\n']]) },
      [],
    ],
    ['contents unknown', {}, { contents: new Map() }, []],
    ['file not looked at this time', {}, { seen: new Set() }, []],
    ['file no longer in the diff', {}, { files: [] }, []],
    ['file removed', {}, { files: [removed], contents: new Map() }, ['t']],
    [
      'file renamed, line gone',
      {},
      { files: [renamed], contents: new Map([['src/z.ts', 'fixed']]), seen: new Set(['src/z.ts']) },
      ['t'],
    ],
    [
      'file renamed, line there',
      {},
      { files: [renamed], contents: new Map([['src/z.ts', 'b']]), seen: new Set(['src/z.ts']) },
      [],
    ],
    ['a thread of somebody else', { body: 'please fix' }, {}, []],
    ['a removed line that is not removed any more', { body: findingMarker(left) }, {}, ['t']],
    [
      'a line that is still removed',
      { body: findingMarker(left) },
      { files: [fileOf('src/a.ts', '@@ -1,2 +1 @@\n-x\n a')] },
      [],
    ],
  ])('%s', (_, about, now, expected) => {
    expect(fixedThreads([{ ...thread, ...about }], { ...fixed, ...now })).toEqual(expected)
  })
})

describe('threads of blocking findings', () => {
  const thread = (fingerprint: string, resolved = false) => ({
    id: `t-${fingerprint[0]}`,
    resolved,
    body: findingMarker(findingOf({ fingerprint })),
  })
  const a = 'a'.repeat(32)
  const posted = [
    { fingerprint: a, severity: 'high' as const },
    { fingerprint: 'b'.repeat(32), severity: 'medium' as const },
  ]
  it.each<[string, Parameters<typeof stillOpen>[0], Partial<Parameters<typeof stillOpen>[1]>, string[]]>([
    ['stay open until something happens', [thread(a)], {}, [a]],
    ['are closed by somebody', [thread(a, true)], {}, []],
    ['are closed by a push that fixed them', [thread(a)], { fixed: ['t-a'] }, []],
    ['are counted where they were found again', [thread(a)], { found: new Set([a]) }, []],
    ['are not those of lesser findings', [thread('b'.repeat(32))], {}, []],
    ['are not those nobody knows of', [thread('c'.repeat(32))], {}, []],
    ['are those with a mark', [{ id: 'x', resolved: false, body: 'hello' }], {}, []],
  ])('%s', (_name, threads, more, expected) => {
    expect(stillOpen(threads, { posted, fixed: [], found: new Set(), ...more })).toEqual(expected)
  })
})
