import { describe, expect, it } from 'vitest'
import { renderContext } from '../../../src/core/review/context.ts'
import type { FileChange } from '../../../src/core/review/diff.ts'
import { estimateTokens } from '../../../src/core/review/tokens.ts'
import { fileOf } from '../../support/fakes.ts'

const source = [
  "import { log } from './log.ts'",
  '',
  'class Cart {',
  '  // sums',
  '  total() {',
  ...Array.from({ length: 30 }, (_, at) => `    step(${at})`),
  '    return sum',
  '  }',
  '}',
].join('\n')
const file = fileOf('src/cart.ts', '@@ -35,2 +35,2 @@\n     step(29)\n-    return 1\n+    return sum')
const piece = (of: FileChange) => ({ file: of, hunks: of.hunks, tokens: 20 })
const contents = new Map([['src/cart.ts', source]])

describe('lines around a change', () => {
  it('open with what encloses it and what it imports, then its neighbours, in the order of the file', () => {
    const lines = renderContext([piece(file)], contents, 400).split('\n')
    expect(lines[0]).toBe('file "src/cart.ts"')
    expect(lines).toContain("1 import { log } from './log.ts'")
    expect(lines).toContain('3 class Cart {')
    expect(lines).toContain('5   total() {')
    expect(lines).toContain('37   }')
    const numbers = lines.slice(1).map(line => Number.parseInt(line, 10))
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  })

  it('keep to what encloses the change when there is little room', () => {
    const text = renderContext([piece(file)], contents, 24)
    expect(text).toContain('5   total() {')
    expect(text).not.toContain('step(20)')
  })

  it('never repeat the diff, also where hunks are close to each other', () => {
    const close = fileOf('src/cart.ts', '@@ -10,0 +10 @@\n+    step(4)\n@@ -13,0 +14 @@\n+    step(8)')
    const numbers = renderContext([piece(close)], contents, 4_000).match(/^\d+/gm)
    expect(numbers).toEqual(expect.arrayContaining(['9', '11', '12', '13', '15']))
    expect(numbers).not.toEqual(expect.arrayContaining(['10']))
    expect(numbers).not.toEqual(expect.arrayContaining(['14']))
  })

  it.each([0, 10, 50, 100, 1_000])('cost at most %i tokens, however many files', max => {
    const other = { ...file, path: 'src/other.ts' }
    const both = new Map([...contents, ['src/other.ts', source]])
    expect(estimateTokens(renderContext([piece(file), piece(other)], both, max))).toBeLessThanOrEqual(max)
  })

  it('share the room, so that the first file does not eat it', () => {
    const other = { ...file, path: 'src/other.ts' }
    const text = renderContext(
      [piece(file), piece(other)],
      new Map([...contents, ['src/other.ts', source]]),
      120,
    )
    expect(text).toContain('file "src/other.ts"')
  })

  it.each<[string, FileChange, string | undefined]>([
    ['unknown contents', file, undefined],
    ['a new file, which the diff shows whole', { ...file, status: 'added' }, source],
    ['lines too long to be worth it', file, `class A {\n${' x'.repeat(300)}`],
  ])('are none for %s', (_, of, text) => {
    const known = new Map(text === undefined ? [] : [[of.path, text]])
    expect(renderContext([piece(of)], known, 1_000)).not.toMatch(/x x|class Cart/)
  })

  it('show what hides', () => {
    const hidden = source.replace('class Cart', 'class \u202ECart')
    expect(renderContext([piece(file)], new Map([['src/cart.ts', hidden]]), 400)).toContain('\\u{202E}Cart')
  })
})
