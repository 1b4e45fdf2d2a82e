import { describe, expect, it } from 'vitest'
import { checkGlob, compileGlobs, globLimits } from '../../src/core/glob.ts'

describe('a glob decides by path', () => {
  it.each([
    ['src/**', 'src/a.ts', true],
    ['src/**', 'src/a/b/c.ts', true],
    ['src/**', 'src', false],
    ['src/**', 'lib/src/a.ts', false],
    ['src/', 'src/a/b.ts', true],
    ['**', 'any/depth/.hidden', true],
    ['**/*.ts', 'a.ts', true],
    ['**/*.ts', 'a/b/c.ts', true],
    ['**/*.ts', 'a/b/c.tsx', false],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/README.md', false],
    ['*.md', '.hidden.md', true],
    ['*', '.env', true],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/z/c/z', true],
    ['a/**/z', 'a/b/z/c', false],
    ['a/**/b/**/c', 'a/x/b/y/b/z/c', true],
    ['src/?.ts', 'src/a.ts', true],
    ['src/?.ts', 'src/ab.ts', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['*.{js,ts}', 'a.ts', true],
    ['{src,lib/{a,b}}/**', 'lib/b/c', true],
    ['{src,lib/{a,b}}/**', 'lib/c/c', false],
    ['c++/*', 'c++/x.cc', true],
    ['app/(group)/*.tsx', 'app/(group)/page.tsx', true],
    ['a.b', 'axb', false],
    ['a$', 'a$', true],
    ['*^x', 'a^x', true],
    ['src/**', 'src/new\nline', true],
    ['*', 'new\nline', true],
  ])('%s on %j: %s', (glob, path, expected) => {
    expect(checkGlob(glob)).toEqual({ kind: 'ok' })
    expect(compileGlobs([glob])(path)).toBe(expected)
  })
})

describe('a glob that could cost much time or mean nothing is refused with a cure', () => {
  it.each([
    '+(a|aa)',
    '+(+(a))',
    '@(a|b)',
    '*(a)',
    '!(a)',
    '((a|b))',
    '(a|aa)+b',
    '',
    '!src',
    '/src/**',
    './src',
    '../src',
    'a/../b',
    String.raw`src\a`,
    'a\u0000b',
    '{a',
    'a}',
    '{a}',
    '{1..100000}',
    '[abc',
    '[[:alpha:]]+',
    'x'.repeat(globLimits.length + 1),
    '*a*b*c*d*e*f',
    '*a*b*c',
    '{a,b}'.repeat(7),
    '{*a,b}*{*c,d}*{*,f}*',
    `{${'{a,b},'.repeat(30)}c}${'{x,y}'.repeat(10)}`,
  ])('%j', glob => {
    expect(checkGlob(glob)).toMatchObject({
      kind: 'refused',
      why: expect.any(String),
      cure: expect.any(String),
    })
    expect(() => compileGlobs([glob])).toThrow(RangeError)
  })

  it('refuses more globs than the limit', () => {
    expect(() => compileGlobs(Array.from({ length: globLimits.count + 1 }, (_, i) => `a${i}`))).toThrow(
      RangeError,
    )
  })
})

it('a class followed by a plus is not a repetition', () => {
  const matches = compileGlobs(['[ab]+'])
  expect(matches('a+')).toBe(true)
  expect(matches('aaaa')).toBe(false)
})

it('a segment longer than any file system allows is matched by ** only', () => {
  const long = 'a'.repeat(256)
  expect(compileGlobs(['*'])(long)).toBe(false)
  expect(compileGlobs(['**'])(long)).toBe(true)
})
