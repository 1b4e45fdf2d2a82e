import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anchorCandidate, anchorQuote } from '../../../src/core/review/anchor.ts'
import { commentable, lineText, sameHunk } from '../../../src/core/review/lines.ts'
import type { Side } from '../../../src/core/review/diff.ts'
import { candidateOf, fileOf } from '../../support/fakes.ts'

const patch = `@@ -10,5 +10,7 @@ function sum() {
 function sum(items) {
-  let total = 1
+  let total = 0
+  log(total)
   for (const item of items) {
+    log(total)
     total += item
 }
@@ -40,3 +42,4 @@
 function other() {
+\tif (ready)  return null\r
   log(total)
 }`
const file = fileOf('src/a.ts', patch)

function at(quote: string, side: Side, hint?: number): string {
  const found = anchorQuote(file, quote, side, hint)
  if (!found.anchored) return found.why
  const { anchor } = found
  return `${anchor.side} ${anchor.startLine}-${anchor.line} #${anchor.occurrence}`
}

describe('the place of a quote', () => {
  it.each<[string, string, Side, number | undefined, string]>([
    ['an added line', '  let total = 0', 'RIGHT', 11, 'RIGHT 11-11 #0'],
    ['a wrong line hint does not matter', '  let total = 0', 'RIGHT', 4711, 'RIGHT 11-11 #0'],
    ['without a hint', '  let total = 0', 'RIGHT', undefined, 'RIGHT 11-11 #0'],
    ['a removed line on LEFT', '  let total = 1', 'LEFT', 11, 'LEFT 11-11 #0'],
    ['a removed line claimed for RIGHT', '  let total = 1', 'RIGHT', 11, 'LEFT 11-11 #0'],
    ['an added line claimed for LEFT', '  let total = 0', 'LEFT', 11, 'RIGHT 11-11 #0'],
    ['a context line keeps its side', 'function other() {', 'LEFT', 40, 'LEFT 40-40 #0'],
    ['a tie is broken by the hint: first', 'log(total)', 'RIGHT', 12, 'RIGHT 12-12 #0'],
    ['a tie is broken by the hint: second', 'log(total)', 'RIGHT', 15, 'RIGHT 14-14 #1'],
    ['a changed line is preferred to a nearer context line', 'log(total)', 'RIGHT', 44, 'RIGHT 14-14 #1'],
    ['a tie without a hint goes to the first', 'log(total)', 'RIGHT', undefined, 'RIGHT 12-12 #0'],
    ['spaces and a carriage return fold', 'if (ready) return null', 'RIGHT', 43, 'RIGHT 43-43 #0'],
    ['a copied plus', '+  let total = 0', 'RIGHT', 11, 'RIGHT 11-11 #0'],
    ['a copied number and plus', '11+  let total = 0', 'RIGHT', 11, 'RIGHT 11-11 #0'],
    ['a copied minus', '-  let total = 1', 'LEFT', 11, 'LEFT 11-11 #0'],
    ['several lines', '  let total = 0\n  log(total)', 'RIGHT', 11, 'RIGHT 11-12 #0'],
    ['several lines with CRLF', '  let total = 0\r\n  log(total)\r\n', 'RIGHT', 11, 'RIGHT 11-12 #0'],
    ['several lines with marks', '+  let total = 0\n+  log(total)', 'RIGHT', 11, 'RIGHT 11-12 #0'],
    ['empty lines around it', '\n\n  let total = 0\n \n', 'RIGHT', 11, 'RIGHT 11-11 #0'],
    [
      'over a removed line, as the old side reads',
      'function sum(items) {\n  let total = 1\n  for (const item of items) {',
      'LEFT',
      10,
      'LEFT 10-12 #0',
    ],
    ['lines of two hunks', '    total += item\n}\nfunction other() {', 'RIGHT', 16, 'spans-hunks'],
    ['lines that do not follow each other', '  let total = 0\n}', 'RIGHT', 11, 'spans-hunks'],
    ['a made-up line', '  let total = 2', 'RIGHT', 11, 'quote-not-in-diff'],
    ['part of a line', 'let total', 'RIGHT', 11, 'quote-not-in-diff'],
    ['more than the line', '  let total = 0 // zero', 'RIGHT', 11, 'quote-not-in-diff'],
    ['a made-up line among real ones', '  let total = 0\n  exec(x)', 'RIGHT', 11, 'quote-not-in-diff'],
    ['nothing', '', 'RIGHT', 11, 'quote-not-in-diff'],
    ['blanks', ' \n\t\n', 'RIGHT', 11, 'quote-not-in-diff'],
    ['only a diff mark', '+', 'RIGHT', 11, 'quote-not-in-diff'],
  ])('%s', (_, quote, side, hint, expected) => {
    expect(at(quote, side, hint)).toBe(expected)
  })

  it('keeps the text of the diff, not the wording of the quote', () => {
    const found = anchorQuote(file, 'if (ready) return null', 'RIGHT')
    expect(found).toMatchObject({ anchored: true, anchor: { quote: '\tif (ready)  return null\r' } })
  })

  it('finds a line with an invisible character by what the prompt showed and by the character itself', () => {
    const odd = fileOf('a', '@@ -0,0 +1 @@\n+if (admin\u202E) {')
    expect(anchorQuote(odd, 'if (admin\\u{202E}) {', 'RIGHT').anchored).toBe(true)
    expect(anchorQuote(odd, 'if (admin\u202E) {', 'RIGHT').anchored).toBe(true)
    expect(anchorQuote(odd, 'if (admin) {', 'RIGHT').anchored).toBe(false)
  })

  it('is a commentable range of one hunk that reads as quoted, for any lines and any hint', () => {
    const line = fc.constantFrom('a', 'b', '  a', 'if (x) {', '}', '')
    const kinds = fc.array(fc.tuple(fc.constantFrom(' ', '+', '-'), line), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(kinds, fc.integer({ min: -5, max: 40 }), fc.nat(), fc.nat(3), (lines, hint, from, more) => {
        const olds = lines.filter(([kind]) => kind !== '+').length
        const news = lines.filter(([kind]) => kind !== '-').length
        const body = lines.map(([kind, text]) => `${kind}${text}`).join('\n')
        const drawn = fileOf(
          'a',
          `@@ -${olds === 0 ? 0 : 5},${olds} +${news === 0 ? 0 : 5},${news} @@\n${body}`,
        )
        const shown = drawn.hunks[0]?.lines.filter(each => each.kind !== 'removed') ?? []
        const start = shown.length === 0 ? 0 : from % shown.length
        const quote = shown.slice(start, start + 1 + more).map(each => each.text)
        fc.pre(quote.some(text => text.trim() !== ''))
        const found = anchorQuote(drawn, quote.join('\n'), 'RIGHT', hint)
        if (!found.anchored) throw new Error(`not found: ${JSON.stringify(quote)}`)
        const { side, startLine, line } = found.anchor
        expect(sameHunk(drawn, side, startLine, line)).toBe(true)
        expect(commentable(drawn)[side].has(line)).toBe(true)
        const read = Array.from({ length: line - startLine + 1 }, (_, step) =>
          lineText(drawn, side, startLine + step),
        )
        expect(read.join('\n')).toBe(found.anchor.quote)
        expect(read.map(text => text?.trim()).join('\n')).toBe(
          quote
            .map(text => text.trim())
            .join('\n')
            .replace(/^\n+|\n+$/g, ''),
        )
      }),
    )
  })
})

describe('the file of a candidate', () => {
  const files = new Map([[file.path, file]])
  it.each([
    [{ quote: '  let total = 0' }, 'src/a.ts'],
    [{ path: 'src/b.ts' }, 'path-not-in-diff'],
    [{ path: '../src/a.ts' }, 'path-not-in-diff'],
    [{ path: '__proto__' }, 'path-not-in-diff'],
    [{ quote: 'made up' }, 'quote-not-in-diff'],
  ])('%j is %s', (more, expected) => {
    const found = anchorCandidate(files, candidateOf(more))
    expect('why' in found ? found.why : found.file.path).toBe(expected)
  })
})
