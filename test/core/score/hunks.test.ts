import { describe, expect, it } from 'vitest'
import type { LabelledPlace } from '../../../src/core/label.ts'
import type { Finding } from '../../../src/core/review/finding.ts'
import { hunksOf } from '../../../src/core/sample.ts'
import { hunkAt, hunkCounter, statementOf, type ScoredSample } from '../../../src/core/score/hunks.ts'
import { fileOf, wordForWord } from '../../support/fakes.ts'

const countHunks = (sample: ScoredSample, findings: readonly Finding[]) =>
  hunkCounter(sample, wordForWord)(findings.map(statementOf))

/** Five hunks of one line each, at lines 10, 20, 30, 40 and 50. */
const patch = [10, 20, 30, 40, 50].map(at => `@@ -${at},0 +${at},1 @@\n+line ${at}`).join('\n')
const hunks = hunksOf({ files: [fileOf('a.ts', patch)] })

function place(
  line: number,
  verdict: LabelledPlace['verdict'],
  more: Partial<LabelledPlace> = {},
): LabelledPlace {
  return {
    path: 'a.ts',
    side: 'RIGHT',
    startLine: line,
    line,
    text: 'issue',
    severity: 'high',
    verdict,
    kind: 'volunteered',
    tier: 'A',
    weight: 0.9,
    authors: [7],
    ...more,
  }
}
function finding(line: number, title = 'issue'): Finding {
  return {
    path: 'a.ts',
    side: 'RIGHT',
    startLine: line,
    line,
    quote: `line ${line}`,
    title,
    body: '',
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    source: 'x',
    sources: ['x'],
    fingerprint: String(line),
  }
}
const judged = (verdict: LabelledPlace['verdict']) => place(10, verdict, { kind: 'audited' })
const sample = (places: LabelledPlace[], more: Partial<ScoredSample> = {}): ScoredSample => ({
  hunks,
  places,
  clean: [],
  drawn: [],
  ...more,
})

describe('hunks of a run', () => {
  it('are counted as worked out by hand', () => {
    // 10: real, found. 20: real, missed. 30: not an issue, said. 40: not an issue, silent. 50: said, nobody judged.
    const scored = sample([place(10, 'real'), place(20, 'real'), place(30, 'not'), place(40, 'not')])
    const counts = countHunks(scored, [finding(10), finding(30), finding(50)])
    expect(counts).toMatchObject({
      hunks: 5,
      labelled: 4,
      tp: 1,
      fn: 1,
      fp: 1,
      tn: 1,
      unknown: 1,
      mute: 2,
      findings: 3,
      right: 1,
      wrong: 1,
      unjudged: 1,
      issues: 2,
      found: 1,
      severity: { high: { issues: 2, found: 1, right: 1, wrong: 1 } },
      authors: { 7: 4 },
    })
    expect(counts.satisfaction).toEqual({ weight: 1.8, pleased: 0.9 })
  })

  it.each<[string, LabelledPlace[], number[], Partial<ScoredSample>, string | null]>([
    ['silence on an unlabelled hunk says nothing', [], [], {}, null],
    ['a disputed place is not judged', [place(10, 'disputed')], [10], {}, 'unknown'],
    ['what people only did does not count', [place(10, 'real', { tier: 'B' })], [10], {}, 'unknown'],
    ['a real issue found beside an unjudged finding is found', [place(10, 'real')], [10, 11], {}, 'tp'],
    [
      'a finding on a hunk judged clean is wrong',
      [],
      [10],
      { clean: [{ path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, authorId: 8 }] },
      'fp',
    ],
    [
      'silence on a hunk judged clean is right',
      [],
      [],
      { clean: [{ path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, authorId: 8 }] },
      'tn',
    ],
    [
      'a real issue outweighs a clean judgement of its hunk',
      [place(10, 'real')],
      [],
      { clean: [{ path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, authorId: 8 }] },
      'fn',
    ],
    ['a place outside of the diff is nobody’s', [place(99, 'real')], [], {}, null],
  ])('%s', (_name, places, lines, more, expected) => {
    const counts = countHunks(
      sample(places, more),
      lines.map(line => finding(line)),
    )
    const found = (['tp', 'fp', 'fn', 'tn', 'unknown'] as const).filter(name => counts[name] > 0)
    expect(found).toEqual(expected === null ? [] : [expected])
  })

  it('several findings on one issue are all right, and it is found once', () => {
    const counts = countHunks(sample([place(10, 'real')]), [finding(10), finding(10)])
    expect(counts).toMatchObject({ right: 2, found: 1, issues: 1, tp: 1 })
  })

  it('whoever judged a hunk clean is one of its authors', () => {
    const clean = [{ path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, authorId: 8 } as const]
    expect(countHunks(sample([place(20, 'not')], { clean }), []).authors).toEqual({ 7: 1, 8: 1 })
  })

  it('a place that does not count keeps its findings from being taken for another', () => {
    const counts = hunkCounter(sample([place(10, 'disputed'), place(11, 'real')]), {
      ...wordForWord,
      to: labels => findings => findings.map(() => labels.findIndex(label => label.line === 10)),
    })([statementOf(finding(10))])
    expect(counts).toMatchObject({ right: 0, unjudged: 1, found: 0, unknown: 1 })
  })

  it('a mute reviewer gets its hunks right where there is nothing, and finds nothing', () => {
    const scored = sample([place(10, 'real'), place(30, 'not'), place(40, 'not')])
    const counts = countHunks(scored, [])
    expect(counts.tp + counts.tn).toBe(counts.mute)
    expect(counts.found).toBe(0)
  })

  it.each<[string, LabelledPlace[], number[], boolean, object]>([
    ['a finding that is none leaves a silent run unanswered', [judged('not')], [], false, { unanswered: 1 }],
    ['until its hunk is judged clean', [judged('not')], [], true, { tn: 1 }],
    ['and is wrong of whoever said it', [judged('not')], [10], false, { fp: 1 }],
    ['a real issue is missed by a silent run', [judged('real')], [], false, { fn: 1 }],
    ['a volunteered word is no judgement', [place(10, 'real')], [10], false, { unanswered: 1 }],
    ['no word at all is unanswered', [], [], false, { unanswered: 1 }],
    ['so is a finding nobody judged', [], [10], false, { unanswered: 1 }],
  ])('in the audit %s', (_name, places, lines, clean, expected) => {
    const scored = sample(places, {
      drawn: [0],
      clean: clean ? [{ path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, authorId: 8 }] : [],
    })
    const { labelled, due, ...audited } = countHunks(
      scored,
      lines.map(line => finding(line)),
    ).audited
    const zero = { tp: 0, fp: 0, fn: 0, tn: 0, unanswered: 0 }
    expect(audited).toEqual({ ...zero, ...expected })
    expect([due, labelled + audited.unanswered]).toEqual([1, 1])
  })

  it('keeps what was drawn and never judged apart from what was', () => {
    const scored = sample([place(10, 'real', { kind: 'audited' }), place(20, 'real')], { drawn: [0, 1, 2] })
    expect(countHunks(scored, [finding(10)]).audited).toEqual({
      due: 3,
      unanswered: 2,
      labelled: 1,
      tp: 1,
      fp: 0,
      fn: 0,
      tn: 0,
    })
  })
})

describe('what the gate asks besides', () => {
  const volunteered = [place(10, 'real'), place(20, 'not'), place(30, 'real')]

  it.each<[string, LabelledPlace[], number[], number[], object]>([
    [
      'of what production posted counts what was said',
      volunteered,
      [10, 20],
      [10, 20],
      { right: 1, wrong: 1 },
    ],
    ['of what it did not post nothing does', volunteered, [10, 20], [30], { right: 0, wrong: 0 }],
    [
      'where production posted and this run did not, nothing',
      volunteered,
      [],
      [10, 20],
      { right: 0, wrong: 0 },
    ],
    ['a blind judgement was not volunteered', [judged('real')], [10], [10], { right: 0, wrong: 0 }],
    [
      'words of the lower tiers do not count',
      [place(10, 'real', { tier: 'B' })],
      [10],
      [10],
      { right: 0, wrong: 0 },
    ],
    ['nor do disputed ones', [place(10, 'disputed')], [10], [10], { right: 0, wrong: 0 }],
  ])('volunteered: %s', (_name, places, lines, posted, expected) => {
    const scored = sample(places, { posted: posted.map(line => statementOf(finding(line))) })
    expect(
      countHunks(
        scored,
        lines.map(line => finding(line)),
      ).volunteered,
    ).toEqual(expected)
  })

  const low = (line: number) => place(line, 'real', { kind: 'audited', severity: 'low' })
  it.each<[string, LabelledPlace[], number[], object]>([
    ['found', [judged('real')], [10], { high: { tp: 1, fp: 0, fn: 0, tn: 0 } }],
    ['missed', [low(10)], [], { low: { tp: 0, fp: 0, fn: 1, tn: 0 } }],
    [
      'a false alarm has the severity of its finding',
      [judged('not')],
      [10],
      { high: { tp: 0, fp: 1, fn: 0, tn: 0 } },
    ],
    ['a volunteered word is in no group', [place(10, 'real')], [10], {}],
    ['nor is what was not drawn', [low(20)], [20], {}],
  ])('audited hunks by severity: %s', (_name, places, lines, expected) => {
    const counts = countHunks(
      sample(places, { drawn: [0] }),
      lines.map(line => finding(line)),
    )
    expect(counts.auditedSeverity).toEqual(expected)
  })
})

describe('the hunk of a place', () => {
  it.each([
    ['inside', 20, 20, 1],
    ['three lines off', 23, 23, 1],
    ['four lines off', 24, 24, null],
    ['nearer to the next', 27, 27, 2],
    ['a range that ends in it', 12, 20, 1],
  ])('%s', (_name, startLine, line, expected) => {
    expect(hunkAt(hunks, { path: 'a.ts', side: 'RIGHT', startLine, line })).toBe(expected)
  })

  it('is none in another file', () => {
    expect(hunkAt(hunks, { path: 'b.ts', side: 'RIGHT', startLine: 10, line: 10 })).toBeNull()
  })
})
