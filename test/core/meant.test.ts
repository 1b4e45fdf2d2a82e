import { describe, expect, it } from 'vitest'
import {
  meantBy,
  subjectMeant,
  subjectWords,
  whyNone,
  type NotMeant,
  type Subject,
} from '../../src/core/meant.ts'

const known = ['abcdef-1', 'abcdef-2', 'abcdeg-3', 'short', 'short-er'].map(id => ({ id }))

describe('an id', () => {
  it.each<[string, number, string | string[] | null]>([
    ['abcdef-1', 1, 'abcdef-1'],
    ['abcdeg', 1, 'abcdeg-3'],
    ['abcdef', 1, ['abcdef-1', 'abcdef-2']],
    ['a', 1, ['abcdef-1', 'abcdef-2', 'abcdeg-3']],
    ['short', 1, 'short'],
    ['short', 6, 'short'],
    ['short-', 6, 'short-er'],
    ['abcde', 6, null],
    ['nothing', 1, null],
    ['', 1, null],
  ])('%j with at least %i characters means %j', (said, atLeast, ids) => {
    const meant = meantBy(known, said, atLeast)
    expect(meant.kind === 'one' ? meant.it.id : meant.kind === 'several' ? meant.ids : null).toEqual(ids)
  })
})

describe('the subject of an action', () => {
  const all: Subject[] = [
    { kind: 'experiment', id: 'same-e' },
    { kind: 'record', id: 'same-r' },
    { kind: 'release', id: 'same-l' },
  ]
  it.each([
    ['promote', 'same', 'same-e'],
    ['quarantine', 'same', 'same-e'],
    ['reevaluate', 'same', 'same-r'],
    ['rollback', 'same', 'same-l'],
    ['blacklist', 'same', null],
    ['blacklist', 'same-l', 'same-l'],
    ['blacklist', 'same-r/model', 'same-r/model'],
    ['promote', 'same-e/model', null],
  ] as const)('of %s %s is %j', (form, said, id) => {
    const meant = subjectMeant(all, form, said)
    expect(meant.kind === 'one' ? meant.it.id : null).toBe(id)
  })

  it.each<[NotMeant, string]>([
    [{ kind: 'none', said: 'x' }, 'no experiment, record or release begins with <x>'],
    [{ kind: 'none', said: '' }, 'an empty id names no experiment, record or release'],
    [{ kind: 'several', said: 'x', ids: ['xa', 'xb'] }, '<x> may be <xa>, <xb>: write more of it'],
    [
      { kind: 'several', said: 'x', ids: ['1', '2', '3', '4', '5', '6', '7'] },
      '<x> may be <1>, <2>, <3>, <4>, <5> and 2 more: write more of it',
    ],
  ])('that is none is told so: %j', (meant, words) => {
    expect(whyNone(meant, subjectWords('blacklist'), text => `<${text}>`)).toBe(words)
  })
})
