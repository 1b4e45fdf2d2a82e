import { describe, expect, it } from 'vitest'
import {
  judgementOf,
  questionsOf,
  type DrawnSample,
  type Judged,
  type Judgement,
  type Question,
} from '../../src/core/judging.ts'
import { questionLines } from '../../src/core/judging-text.ts'
import { matching } from '../../src/core/match/likeness.ts'
import type { Finding } from '../../src/core/review/finding.ts'
import { findingAt } from '../jobs/gate/drawn.ts'
import { fileOf, snapshotOf } from '../support/fakes.ts'

const patch = `@@ -1,3 +1,2 @@
 one
-two
-three
+two and three
@@ -20,2 +19,0 @@
-twenty
-more`
function drawn(more: Partial<DrawnSample> = {}): DrawnSample {
  return {
    sampleId: '1/7',
    takenAt: new Date(0),
    snapshot: snapshotOf([{ ...fileOf('src/a.ts', patch), previousPath: 'src/old.ts' }]),
    hunks: [0, 1],
    findings: [],
    judgements: [],
    ...more,
  }
}
const whole = (judged: Judged, by = 'ann'): Judgement => ({ ...lines(1, 2), text: '', judged, by })
const lines = (startLine: number, line: number) => ({
  path: 'src/a.ts',
  side: 'RIGHT' as const,
  startLine,
  line,
})
const said = (title: string, judged: Judged, by = 'ann'): Judgement => ({
  ...lines(2, 2),
  text: `${title}\n${title}.`,
  judged,
  by,
})
const asked = (more: Partial<DrawnSample>, judge = 'ann'): string[] =>
  questionsOf(drawn({ hunks: [0], ...more }), judge, matching)
    .filter(question => question.waits)
    .map(({ claim }) => claim?.text.split('\n')[0] ?? 'hunk')

const found: Finding[] = [findingAt(2, 'Sum overflows an integer')]

describe('what a judge is asked', () => {
  it.each<[string, Partial<DrawnSample>, string[]]>([
    ['a hunk without findings, as a whole', {}, ['hunk']],
    ['a finding before its hunk', { findings: found }, ['Sum overflows an integer']],
    ['a finding that several made, once', { findings: [...found, ...found] }, ['Sum overflows an integer']],
    [
      'the hunk as well when what was said there is none',
      { findings: found, judgements: [said('Sum overflows an integer', 'not-an-issue')] },
      ['hunk'],
    ],
    [
      'nothing more where an issue is known',
      { findings: found, judgements: [said('Sum overflows an integer', 'real-issue')] },
      [],
    ],
    ['nothing more of a clean hunk', { judgements: [whole('clean')] }, []],
    ['not what they were unsure of', { judgements: [whole('unsure')] }, []],
    ['what another was unsure of', { judgements: [whole('unsure', 'bob')] }, ['hunk']],
    [
      'a finding that came after its hunk was judged clean',
      { findings: found, judgements: [whole('clean', 'bob')] },
      ['Sum overflows an integer'],
    ],
    ['nothing of a hunk that was not drawn', { hunks: [], findings: found }, []],
  ])('%s', (_name, more, expected) => {
    expect(asked(more)).toEqual(expected)
  })

  it('shows numbers as they are to be written, and nothing that tells who found it', () => {
    const [first] = questionsOf(drawn({ findings: found }), 'ann', matching)
    const text = questionLines(first as Question, { color: false }).join('\n')
    expect(text).toContain(
      ['        1  one', '  -    -2  two', '  -    -3  three', '> +     2  two and three'].join('\n'),
    )
    expect(text).not.toContain('secret-model')
  })
})

describe('an answer', () => {
  const [hunk, gone] = questionsOf(drawn(), 'ann', matching) as [Question, Question]
  const [claim] = questionsOf(drawn({ findings: found }), 'ann', matching) as [Question]
  it.each<[string, Question, 'y' | 'n' | 'unsure', { line: string; text: string } | null, object]>([
    ['y to a finding', claim, 'y', null, { ...lines(2, 2), judged: 'real-issue', severity: 'high' }],
    ['n to a finding', claim, 'n', null, { ...lines(2, 2), judged: 'not-an-issue' }],
    ['n to a hunk', hunk, 'n', null, { ...lines(1, 2), text: '', judged: 'clean' }],
    ['unsure of a hunk', hunk, 'unsure', null, { text: '', judged: 'unsure' }],
    ['a line', hunk, 'y', { line: '2', text: ' off by one ' }, { ...lines(2, 2), text: 'off by one' }],
    [
      'a removed line',
      hunk,
      'y',
      { line: '-3', text: 'still needed' },
      { path: 'src/old.ts', side: 'LEFT', startLine: 3, line: 3, judged: 'real-issue' },
    ],
    [
      'n to a hunk that only removes',
      gone,
      'n',
      null,
      { path: 'src/old.ts', side: 'LEFT', startLine: 20, line: 21, judged: 'clean' },
    ],
  ])('%s says what scoring understands', (_name, question, answer, issue, expected) => {
    expect(judgementOf(question, answer, issue)).toMatchObject({ submit: expected })
  })

  it.each<[Question, 'y' | 'n', { line: string; text: string } | null, string]>([
    [hunk, 'y', null, 'say at which line, and what is wrong there'],
    [hunk, 'y', { line: '2', text: '  ' }, 'say at which line, and what is wrong there'],
    [hunk, 'y', { line: '3', text: 'x' }, 'line 3 is not in this hunk'],
    [hunk, 'y', { line: '-1', text: 'x' }, 'line -1 is not in this hunk'],
    [hunk, 'y', { line: '2x', text: 'x' }, 'line 2x is not in this hunk'],
    [hunk, 'n', { line: '2', text: 'x' }, 'a line and a text go with y'],
    [claim, 'y', { line: '2', text: 'x' }, 'this question has its line and text already'],
  ])('is refused with the reason (%#)', (question, answer, issue, problem) => {
    expect(judgementOf(question, answer, issue)).toEqual({ problem })
  })
})
