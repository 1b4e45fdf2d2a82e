import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { capBody, capLine } from '../../../src/adapters/github/cap-body.ts'

const points = (text: string) => Array.from(text).length
const mark = (id: number) => `<!-- cupel:finding:${id} -->`

describe('capBody', () => {
  it('leaves what fits as it is', () => {
    const text = '😀'.repeat(60_000)
    expect(capBody(text)).toBe(text)
  })

  it('never has more code points than asked, nor half a surrogate pair, whatever comes in', () => {
    const piece = fc.oneof(
      fc.constantFrom('😀', '\uD83D', '\uDE00', mark(1), '<!--', '-->', '\n', 'word '),
      fc.array(fc.nat({ max: 0xffff }), { maxLength: 8 }).map(codes => String.fromCharCode(...codes)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), fc.integer({ min: 100, max: 400 }), (pieces, limit) => {
        const capped = capBody(pieces.join(''), limit)
        expect(points(capped)).toBeLessThanOrEqual(limit)
        expect(capped.isWellFormed()).toBe(true)
      }),
    )
  })

  it('says that it was cut, and keeps the marks of what was cut off', () => {
    const capped = capBody(`${'x'.repeat(70_000)}${mark(7)}${mark(8)}`)
    expect(points(capped)).toBeLessThanOrEqual(60_000)
    expect(capped).toContain('(cut: longer than GitHub accepts)')
    expect(capped).toContain(mark(7))
    expect(capped).toContain(mark(8))
  })

  it('never ends inside a mark, which would hide everything after it', () => {
    for (let length = 100; length < 200; length++) {
      const capped = capBody(`${'x'.repeat(length)}${mark(9)}${'y'.repeat(1_000)}`, 200)
      expect(capped.replaceAll(mark(9), '')).not.toContain('<!--')
    }
  })
})

it('capLine cuts titles to 255 code points, well formed', () => {
  expect(capLine('😀'.repeat(300))).toBe('😀'.repeat(255))
  expect(capLine('a\uD83D')).toBe('a\uFFFD')
})
