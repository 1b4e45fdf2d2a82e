import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { isSigned } from '../../src/web/signature.ts'
import { sign } from './setup.ts'

const body = Buffer.from('{"zen":"Half measures are as bad as nothing at all. ✓"}')

it.each<[string, string | undefined, string[], boolean]>([
  ['the current secret', sign(body, 'new'), ['new'], true],
  ['the secret that is being replaced', sign(body, 'old'), ['new', 'old'], true],
  ['the new secret during rotation', sign(body, 'new'), ['new', 'old'], true],
  ['another secret', sign(body, 'wrong'), ['new', 'old'], false],
  ['no header', undefined, ['new'], false],
  ['an empty header', '', ['new'], false],
  ['no secret configured', sign(body, ''), [], false],
  ['sha1 only', `sha1=${createHmac('sha1', 'new').update(body).digest('hex')}`, ['new'], false],
  ['a sha1 digest called sha256', `sha256=${'a'.repeat(40)}`, ['new'], false],
  ['digits in upper case', sign(body, 'new').toUpperCase().replace('SHA256', 'sha256'), ['new'], false],
  ['two values in one header', `${sign(body, 'new')}, ${sign(body, 'new')}`, ['new'], false],
  ['white space around', ` ${sign(body, 'new')}`, ['new'], false],
  ['base64', `sha256=${createHmac('sha256', 'new').update(body).digest('base64')}`, ['new'], false],
])('%s', (_, header, secrets, expected) => {
  expect(isSigned(body, header, secrets)).toBe(expected)
})

test('a signature holds for exactly the bytes it was made for', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 500 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, at, flip) => {
        const original = Buffer.from(bytes)
        const header = sign(original, 'new')
        const changed = Buffer.from(original)
        const index = at % changed.length
        changed[index] = (changed[index] ?? 0) ^ flip
        expect(isSigned(original, header, ['new'])).toBe(true)
        expect(isSigned(changed, header, ['new'])).toBe(false)
        expect(isSigned(original.subarray(1), header, ['new'])).toBe(false)
      },
    ),
  )
})
