import { describe, expect, it } from 'vitest'
import { consolidate, finalAt, type Vote } from '../../src/core/label.ts'
import { wordForWord } from '../support/fakes.ts'

let origin = 0
function vote(more: Partial<Vote>): Vote {
  origin++
  return {
    origin: `o${String(origin).padStart(3, '0')}`,
    path: 'a.ts',
    side: 'RIGHT',
    startLine: 3,
    line: 3,
    text: 'leak',
    value: 'real-issue',
    tier: 'A',
    kind: 'volunteered',
    weight: 0.9,
    authorId: 1,
    ...more,
  }
}
const no = (more: Partial<Vote> = {}) => vote({ value: 'not-an-issue', ...more })
const yes = (more: Partial<Vote> = {}) => vote(more)

describe('what votes come to', () => {
  it.each<[string, Vote[], string[]]>([
    ['nothing without votes', [], []],
    ['one word decides', [yes()], ['real']],
    ['two people agree', [yes({ authorId: 1 }), yes({ authorId: 2 })], ['real']],
    ['people who contradict each other dispute', [yes({ authorId: 1 }), no({ authorId: 2 })], ['disputed']],
    [
      'two against one still dispute',
      [yes({ authorId: 1 }), no({ authorId: 2 }), no({ authorId: 3 })],
      ['disputed'],
    ],
    ['one who says both says nothing', [yes({ authorId: 1 }), no({ authorId: 1 })], []],
    ['one who says both leaves the word to the other', [yes(), no(), no({ authorId: 2 })], ['not']],
    [
      'tier A before tier B, however many',
      [no({ authorId: 1 }), yes({ authorId: 2, tier: 'B' }), yes({ authorId: 3, tier: 'B' })],
      ['not'],
    ],
    ['tier B before tier C', [no({ tier: 'C' }), yes({ tier: 'B', authorId: 2 })], ['real']],
    [
      'a blind judgement before volunteered words',
      [yes({ authorId: 1 }), yes({ authorId: 2 }), no({ authorId: 3, kind: 'audited' })],
      ['not'],
    ],
    [
      'blind judges who contradict each other dispute',
      [yes({ kind: 'audited', authorId: 1 }), no({ kind: 'audited', authorId: 2 })],
      ['disputed'],
    ],
    ['signals without a person count each', [yes({ authorId: null }), no({ authorId: null })], ['disputed']],
    ['another line is another issue', [yes(), no({ line: 4 })], ['real', 'not']],
    ['another meaning is another issue', [yes(), no({ text: 'race' })], ['real', 'not']],
  ])('%s', (_name, votes, verdicts) => {
    expect(consolidate(votes, wordForWord).places.map(place => place.verdict)).toEqual(verdicts)
    const turned = consolidate(votes.toReversed(), wordForWord).places.map(place => place.verdict)
    expect(turned).toEqual(verdicts)
  })

  it('one person weighs once, however often they speak', () => {
    const place = consolidate(
      [yes({ weight: 0.9 }), yes({ weight: 0.4 }), yes({ weight: 0.8, authorId: 2 })],
      wordForWord,
    ).places[0]
    expect(place?.weight).toBeCloseTo(1.7)
    expect(place?.authors).toEqual([1, 2])
  })

  it('clean lines are places of their own kind', () => {
    const { places, clean } = consolidate(
      [vote({ value: 'clean', kind: 'audited', startLine: 1, line: 9 })],
      wordForWord,
    )
    expect(places).toEqual([])
    expect(clean).toEqual([{ path: 'a.ts', side: 'RIGHT', startLine: 1, line: 9, authorId: 1 }])
  })
})

describe('finality', () => {
  const takenAt = new Date('2026-03-01T00:00:00Z')
  it.each<[string, string | null, string, number[]?]>([
    ['72 hours after the end', '2026-03-02T00:00:00Z', '2026-03-05T00:00:00Z'],
    ['14 days after the sample when it stays open', null, '2026-03-15T00:00:00Z'],
    ['14 days after the sample when it ends later', '2026-04-02T00:00:00Z', '2026-03-15T00:00:00Z'],
    ['14 days after the sample when judges are asked', '2026-03-02T00:00:00Z', '2026-03-15T00:00:00Z', [4]],
  ])('%s', (_name, endedAt, expected, drawn = []) => {
    expect(finalAt({ takenAt, endedAt: endedAt === null ? null : new Date(endedAt), drawn })).toEqual(
      new Date(expected),
    )
  })
})
