import { describe, expect, it } from 'vitest'
import {
  compareReactions,
  isCovered,
  readReply,
  remarkOf,
  standingOf,
  type Signal,
} from '../../src/core/feedback.ts'
import { judgeSignals } from '../../src/core/feedback-judge.ts'
import { pollAfterMs } from '../../src/core/feedback-polls.ts'
import { votesOf } from '../../src/core/feedback-votes.ts'
import { diffPrints } from '../../src/core/prints.ts'
import { fileOf, findingOf } from '../support/fakes.ts'

let recorded = 0
/** `at` in seconds; on the comment 10 of the finding f, by bob who may triage, unless told otherwise. */
function signal(kind: Signal['kind'], content: string, at: number, more: Partial<Signal> = {}): Signal {
  return {
    id: ++recorded,
    commentId: kind === 'reply' ? 1_000 + at : 10,
    fingerprint: 'f',
    kind,
    authorId: 2,
    authorLogin: 'bob',
    standing: 'collaborator',
    content,
    place: { path: 'a.ts', side: 'RIGHT', startLine: 2, line: 2, headSha: 'h' },
    removed: false,
    givenAt: new Date(at * 1000),
    ...more,
  }
}
const ada = { authorId: 1, authorLogin: 'ada', standing: 'author' } as const
const cara = { authorId: 3, authorLogin: 'cara' } as const
const remark = { commentId: 20, fingerprint: null } as const
const place = signal('reply', '', 0).place

describe('a reply', () => {
  it.each([
    ['wrong', 'wrong'],
    ['Wrong: it cannot be null here', 'wrong'],
    ['**noise**, please', 'noise'],
    ['not here', 'not-here'],
    ['Not-here.', 'not-here'],
    ['already known, see the ticket', 'already-known'],
    ['`useful`', 'useful'],
    ['> quoted\n> words\n\nuseful, thanks', 'useful'],
    ['wrongly read', 'unreadable'],
    ['this is wrong', 'unreadable'],
    ['not-hereafter', 'unreadable'],
    ['', 'unreadable'],
    ['> wrong', 'unreadable'],
    ['useful-ish', 'unreadable'],
  ])('%j says %s', (text, code) => expect(readReply(text)).toBe(code))
})

it.each([
  ['This leaks the connection.', 'request'],
  ['Please close it\n```suggestion\nx\n```\nok?', 'request'],
  ['Why not a map?', 'question'],
  ['nit: two spaces', 'nit'],
  ['Nice!', 'praise'],
  ['LGTM', 'praise'],
  ['👍', 'praise'],
])('the remark %j is a %s', (text, kind) => expect(remarkOf(text)).toBe(kind))

it.each([
  [{ isAuthor: true, bot: false }, 'none', 'author'],
  [{ isAuthor: false, bot: false }, 'triage', 'collaborator'],
  [{ isAuthor: false, bot: false }, 'admin', 'collaborator'],
  [{ isAuthor: false, bot: false }, 'read', 'outsider'],
  [{ isAuthor: false, bot: false }, 'none', 'outsider'],
  [{ isAuthor: true, bot: true }, 'admin', 'bot'],
] as const)('%j with permission %s stands as %s', (who, permission, standing) =>
  expect(standingOf(who, permission)).toBe(standing),
)

it.each([
  [{ startLine: 5, line: 5 }, true],
  [{ startLine: 8, line: 8 }, true],
  [{ startLine: 9, line: 9 }, false],
  [{ startLine: 1, line: 1 }, false],
])('a comment on %j beside a finding on line 5 is covered: %s', (lines, covered) => {
  const at = { path: 'a.ts', side: 'RIGHT' } as const
  expect(isCovered({ ...at, ...lines }, [{ ...at, startLine: 5, line: 5 }])).toBe(covered)
})

describe('signals on a finding come to', () => {
  const opinions = (signals: Signal[]): string[] =>
    judgeSignals(signals).opinions.map(each => `${each.authorLogin} ${each.weight ?? 'nothing'}`)

  it.each<[string, Signal[], string[]]>([
    ['a reaction', [signal('reaction', '+1', 1)], ['bob reaction:+1']],
    ['😕 and 👀', [signal('reaction', 'confused', 1), signal('reaction', 'eyes', 2)], ['bob nothing']],
    ['an outsider', [signal('reaction', '-1', 1, { standing: 'outsider' })], []],
    ['a bot', [signal('reaction', '-1', 1, { standing: 'bot' })], []],
    [
      'two reactions of one person',
      [signal('reaction', '+1', 1), signal('reaction', '-1', 2)],
      ['bob reaction:-1'],
    ],
    [
      'a reaction taken back',
      [signal('reaction', '+1', 1), signal('reaction', '+1', 1, { removed: true })],
      ['bob nothing'],
    ],
    [
      'one taken back under another',
      [
        signal('reaction', '+1', 1),
        signal('reaction', '-1', 2),
        signal('reaction', '-1', 2, { removed: true }),
      ],
      ['bob reaction:+1'],
    ],
    [
      'one given again',
      [
        signal('reaction', '+1', 1),
        signal('reaction', '+1', 1, { removed: true }),
        signal('reaction', '+1', 9),
      ],
      ['bob reaction:+1'],
    ],
    [
      'a reply after a reaction',
      [signal('reaction', '+1', 1), signal('reply', 'wrong', 2)],
      ['bob reply:wrong'],
    ],
    [
      'a reaction after a reply',
      [signal('reply', 'wrong', 1), signal('reaction', '+1', 2)],
      ['bob reaction:+1'],
    ],
    [
      'an unreadable reply after one',
      [signal('reply', 'wrong', 1), signal('reply', 'unreadable', 2)],
      ['bob reply:wrong'],
    ],
    [
      'a reply that was edited',
      [signal('reply', 'wrong', 1), signal('reply', 'useful', 5, { commentId: 1_001 })],
      ['bob reply:useful'],
    ],
    [
      'a reply that was deleted, told in the wrong order',
      [signal('reply', 'wrong', 1, { removed: true }), signal('reply', 'wrong', 1)],
      ['bob nothing'],
    ],
    ['resolving', [signal('thread-resolved', '', 1)], ['bob nothing']],
    [
      'resolving and a change',
      [signal('thread-resolved', '', 1), signal('line-changed', 'c', 2, ada)],
      ['bob resolved-and-changed', 'ada line-changed'],
    ],
    [
      'resolving, opening and a change',
      [
        signal('thread-resolved', '', 1),
        signal('thread-unresolved', '', 2, cara),
        signal('line-changed', 'c', 3, ada),
      ],
      ['bob nothing', 'cara nothing', 'ada line-changed'],
    ],
    ['a change', [signal('line-changed', 'c', 1, ada)], ['ada line-changed']],
    [
      'a suggestion that was applied',
      [signal('line-changed', 'c', 1, ada), signal('suggestion-applied', 'c', 1, ada)],
      ['ada suggestion-applied'],
    ],
    [
      "the author's word before what they did",
      [signal('reaction', '-1', 1, ada), signal('suggestion-applied', 'c', 2, ada)],
      ['ada reaction:-1'],
    ],
    [
      'each person for themselves',
      [signal('reaction', '+1', 1), signal('reaction', '-1', 1, cara)],
      ['bob reaction:+1', 'cara reaction:-1'],
    ],
  ])('%s', (_, signals, expected) => {
    expect(opinions(signals)).toEqual(expected)
    expect(opinions(signals.toReversed()).toSorted()).toEqual(expected.toSorted())
    // Said or not, everything is heard.
    expect(judgeSignals(signals).hearings.map(each => each.signal)).toEqual(signals)
  })
})

describe("a person's own comment comes to", () => {
  const comment = (more: Partial<Signal> = {}) =>
    signal('human-comment', 'This leaks.', 1, { ...remark, ...more })
  it.each<[string, Signal[], string | undefined]>([
    ['by itself', [comment()], 'nothing'],
    [
      'its lines changed',
      [comment(), signal('line-changed', 'c', 2, { ...ada, ...remark })],
      'comment-changed',
    ],
    [
      'another maintainer agreed',
      [comment(), signal('reaction', '+1', 2, { ...cara, ...remark })],
      'comment-agreed',
    ],
    ['another disagreed', [comment(), signal('reaction', '-1', 2, { ...cara, ...remark })], 'nothing'],
    ['they agreed with themselves', [comment(), signal('reaction', '+1', 2, remark)], 'nothing'],
    [
      'an outsider agreed',
      [comment(), signal('reaction', '+1', 2, { ...cara, ...remark, standing: 'outsider' })],
      'nothing',
    ],
    [
      'a question',
      [comment({ content: 'Why?' }), signal('line-changed', 'c', 2, { ...ada, ...remark })],
      'nothing',
    ],
    [
      'an echo of a finding',
      [
        comment({ place: place && { ...place, covered: true } }),
        signal('line-changed', 'c', 2, { ...ada, ...remark }),
      ],
      'nothing',
    ],
    [
      'deleted',
      [comment(), comment({ removed: true }), signal('line-changed', 'c', 2, { ...ada, ...remark })],
      'nothing',
    ],
    ['by the author', [comment(ada), signal('line-changed', 'c', 2, { ...ada, ...remark })], undefined],
    [
      'by an outsider',
      [comment({ standing: 'outsider' }), signal('line-changed', 'c', 2, { ...ada, ...remark })],
      undefined,
    ],
  ])('%s', (_, signals, expected) => {
    const [opinion] = judgeSignals(signals).opinions
    expect(opinion && (opinion.weight ?? 'nothing')).toBe(expected)
  })
})

describe('votes', () => {
  const finding = findingOf({ fingerprint: 'f', path: 'a.ts', quote: 'b', startLine: 2, line: 2 })
  const prints = diffPrints([fileOf('a.ts', '@@ -1,1 +1,4 @@\n x\n+y\n+z\n+b\n')])
  const votes = (headSha: string, quote = 'b') =>
    votesOf({
      sample: { id: '5/7', headSha: 'h', prints },
      signals: [signal('reaction', '+1', 1)],
      posted: [{ finding: { ...finding, quote }, headSha }],
    })

  it('stand where the finding stood, on the head that was sampled', () =>
    expect(votes('h')).toMatchObject([
      { origin: 'feedback/5/7/f/2', label: 'real-issue', tier: 'A', about: { path: 'a.ts', line: 2 } },
    ]))

  it('stand where its lines are in the sample, for a later head', () =>
    expect(votes('later')).toMatchObject([{ about: { startLine: 4, line: 4 } }]))

  it('are left out when the sample has no such lines', () => expect(votes('later', 'new')).toEqual([]))

  it('hold no secret', () => {
    const secret = `ghp_${'A1b2'.repeat(9)}`
    const all = votesOf({
      sample: { id: '5/7', headSha: 'h', prints },
      signals: [signal('reply', 'wrong', 1)],
      posted: [{ finding: { ...finding, body: secret }, headSha: 'h' }],
    })
    expect(all).toHaveLength(1)
    expect(JSON.stringify(all)).not.toContain(secret)
  })
})

it('reactions are compared by comment, person, kind and time, on the comments that were looked at', () => {
  const before = [
    signal('reaction', '+1', 1),
    signal('reaction', 'heart', 1, cara),
    signal('reaction', '-1', 1, { commentId: 99 }),
  ]
  const seen = [
    { commentId: 10, authorId: 2, content: '+1', givenAt: new Date(1000) },
    { commentId: 10, authorId: 3, content: 'heart', givenAt: new Date(5000) },
    { commentId: 10, authorId: 4, content: '-1', givenAt: new Date(2000) },
  ]
  expect(compareReactions(before, seen, new Set([10]))).toEqual({
    added: seen.slice(1),
    removed: [before[1]],
  })
})

it('looks come 5 min, 15 min, 1 h, 6 h and 24 h after one another, then daily', () => {
  expect([0, 1, 2, 3, 4, 5, 50].map(polls => pollAfterMs(polls) / 60_000)).toEqual([
    5, 15, 60, 360, 1440, 1440, 1440,
  ])
})
