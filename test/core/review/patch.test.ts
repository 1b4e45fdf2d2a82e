import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseGitDiff } from '../../../src/core/review/git-diff.ts'
import { commentable } from '../../../src/core/review/lines.ts'
import { parsePatch } from '../../../src/core/review/patch.ts'
import { applyHunks, misnumbered } from './apply-hunks.ts'

describe('parsePatch', () => {
  it('numbers the lines of both sides', () => {
    const { hunks, damaged } = parsePatch('@@ -3,3 +3,4 @@ function a() {\n x\n-y\n+Y\n+z\n w')
    expect(damaged).toBeUndefined()
    expect(hunks).toEqual([
      {
        oldStart: 3,
        oldLines: 3,
        newStart: 3,
        newLines: 4,
        section: 'function a() {',
        lines: [
          { kind: 'context', oldLine: 3, newLine: 3, text: 'x' },
          { kind: 'removed', oldLine: 4, text: 'y' },
          { kind: 'added', newLine: 4, text: 'Y' },
          { kind: 'added', newLine: 5, text: 'z' },
          { kind: 'context', oldLine: 5, newLine: 6, text: 'w' },
        ],
      },
    ])
  })

  it('counts lines by the header, not by their looks', () => {
    const lines = ['--- a/x', '+++ b/x', '@@ -1 +1 @@', 'diff --git a/x b/x', '\\ no', '']
    const patch = `@@ -0,0 +1,${lines.length} @@\n${lines.map(line => `+${line}`).join('\n')}`
    expect(parsePatch(patch).hunks[0]?.lines.map(line => line.text)).toEqual(lines)
    const removed = parsePatch('@@ -1,2 +0,0 @@\n--- a/x\n---\n\\ No newline at end of file')
    expect(removed).toEqual({ hunks: [expect.objectContaining({ oldLines: 2, newLines: 0 })] })
    expect(removed.hunks[0]?.lines.map(line => [line.text, line.noNewline])).toEqual([
      ['-- a/x', undefined],
      ['--', true],
    ])
  })

  it.each(['\r', '\f', '\v', '\u0085', '\u2028', '\u2029'])('does not end a line at %j', odd => {
    const { hunks, damaged } = parsePatch(`@@ -1 +1 @@ s${odd}t\n-a${odd}b\n+c${odd}`)
    expect(damaged).toBeUndefined()
    expect(hunks[0]?.section).toBe(`s${odd}t`)
    expect(hunks[0]?.lines.map(line => line.text)).toEqual([`a${odd}b`, `c${odd}`])
  })

  it('takes a header without counts as one line', () => {
    expect(parsePatch('@@ -4 +4 @@\n-a\n+b').hunks).toMatchObject([
      { oldStart: 4, oldLines: 1, newStart: 4, newLines: 1 },
    ])
  })

  it('takes an empty line as the empty context line some tools make of it', () => {
    expect(parsePatch('@@ -1,2 +1,3 @@\n a\n\n+b')).toMatchObject({
      hunks: [{ lines: [{ text: 'a' }, { kind: 'context', text: '', newLine: 2 }, { text: 'b' }] }],
    })
  })

  it.each([
    ['ends inside a hunk', '@@ -1,2 +1,3 @@\n a\n-b\n+'],
    ['does not fit', '@@ -1,3 +1,3 @@\n a\n?b\n c\n d'],
    ['does not fit', '@@ -1 +1,2 @@\n-a\n-b\n+c\n+d'],
    ['no hunk header', '@@ -x +1 @@\n a'],
    ['no hunk header', '@@ -1,99999999999999999999 +1 @@\n a'],
    ['belongs to no hunk', '@@ -1 +1 @@\n-a\n+b\nleft over'],
    ['belongs to no hunk', 'what is this'],
    ['overlaps', '@@ -1,2 +1,2 @@\n a\n b\n@@ -2 +2 @@\n-b\n+c'],
    ['line 0', '@@ -0,1 +1 @@\n-a\n+b'],
    ['empty', '@@ -1,0 +1,0 @@'],
    ['combined', '@@@ -1,2 -1,2 +1,3 @@@\n  a'],
  ])('says that damage %s', (reason, patch) => {
    expect(parsePatch(patch).damaged).toContain(reason)
  })

  it('keeps the hunks before the damage, and of the cut one the lines that are whole', () => {
    const { hunks, damaged } = parsePatch('@@ -1 +1 @@\n-a\n+b\n@@ -9,3 +9,3 @@\n x\n-y\n+y is lo')
    expect(damaged).toBeDefined()
    expect(hunks.map(hunk => hunk.lines.map(line => line.text))).toEqual([
      ['a', 'b'],
      ['x', 'y'],
    ])
    expect(hunks[1]).toMatchObject({ oldLines: 2, newLines: 1 })
  })

  it('reads an empty patch as no hunks', () => {
    expect(parsePatch('')).toEqual({ hunks: [] })
  })
})

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('', 'a', 'b', 'c', '}', ' x', '\tx') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('--- a/x', '+++ b/x', '@@ -1 +1 @@', 'diff --git a/a b/a', '\\ No'),
  },
  { weight: 2, arbitrary: fc.constantFrom('\u2028', '\f', 'a\rb', '\r', 'é', '👍', '\ufeff', '\u0085') },
  fc.string({ unit: 'grapheme', maxLength: 12 }).map(text => text.replaceAll(/[\0\n]/g, '')),
)
const file = fc
  .record({
    lines: fc.array(line, { maxLength: 40 }),
    end: fc.constantFrom('\n', '\r\n'),
    final: fc.boolean(),
  })
  .map(({ lines, end, final }) => lines.join(end) + (final && lines.length > 0 ? end : ''))
/** Half of the time a handful of edits, so that hunks and context appear; else two unrelated files. */
const pair = fc.oneof(
  fc.tuple(file, file),
  fc
    .tuple(
      fc.array(line, { minLength: 10, maxLength: 60 }),
      fc.array(fc.tuple(fc.nat(59), line), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
    )
    .map(([lines, edits, final]) => {
      const after = [...lines]
      for (const [at, text] of edits) after.splice(at % after.length, at % 2, text)
      return [lines.join('\n'), after.join('\n') + (final ? '\n' : '')]
    }),
)

describe('hunks of what git really prints', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cupel-patch-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([['-U3'], ['-U0'], ['-U10']])('turn the old file into the new one (%s)', context => {
    const round = { count: 0 }
    fc.assert(
      fc.property(fc.array(pair, { minLength: 40, maxLength: 40 }), pairs => {
        const at = join(folder, `${context}${round.count++}`)
        mkdirSync(join(at, 'old'), { recursive: true })
        mkdirSync(join(at, 'new'))
        pairs.forEach(([before, after], index) => {
          writeFileSync(join(at, 'old', `${index}`), before)
          writeFileSync(join(at, 'new', `${index}`), after)
        })
        const options = ['diff', '--no-index', '--text', '--no-color', '--no-ext-diff', context, 'old', 'new']
        const { stdout, status } = spawnSync('git', options, { cwd: at, maxBuffer: 1e9 })
        expect(status).toBeLessThan(2)
        const files = parseGitDiff(stdout)
        const byName = new Map(files.map(change => [change.path.replace(/^new\//, ''), change]))
        expect(byName.size).toBe(files.length)
        pairs.forEach(([before, after], index) => {
          const change = byName.get(`${index}`)
          if (before === after) return expect(change).toBeUndefined()
          expect(change?.damaged).toBeUndefined()
          expect(misnumbered(change!.hunks, before, after)).toEqual([])
          expect(applyHunks(before, change!.hunks)).toBe(after)
        })
      }),
      { numRuns: 4 },
    )
  })
})

describe('any text', () => {
  const sample = [
    '@@ -1,3 +1,4 @@ s',
    ' a',
    '-b',
    '+c',
    '+d',
    ' e',
    '@@ -20 +21,2 @@',
    '-x',
    '+y',
    '+z',
    '\\ No newline',
  ]
  const mutated = fc
    .tuple(
      fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.string({ unit: 'binary', maxLength: 4 }))),
      fc.nat(200),
    )
    .map(([edits, cut]) => {
      let text = sample.join('\n')
      for (const [at, remove, insert] of edits) {
        const place = at % (text.length + 1)
        text = text.slice(0, place) + insert + text.slice(place + remove)
      }
      return text.slice(0, cut)
    })

  it('is read without throwing, into hunks whose numbers and counts agree', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), text => {
        const { hunks } = parsePatch(text)
        for (const hunk of hunks) {
          const sides = commentable({ hunks: [hunk] })
          expect(sides.LEFT.size).toBe(hunk.oldLines)
          expect(sides.RIGHT.size).toBe(hunk.newLines)
        }
        const sides = commentable({ hunks })
        expect(sides.LEFT.size).toBe(hunks.reduce((sum, hunk) => sum + hunk.oldLines, 0))
        expect(sides.RIGHT.size).toBe(hunks.reduce((sum, hunk) => sum + hunk.newLines, 0))
      }),
      { numRuns: 2000 },
    )
  })
})

it('needs git for these tests', () => {
  expect(String(execFileSync('git', ['--version']))).toContain('git version')
})
