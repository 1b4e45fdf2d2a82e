import { describe, expect, it } from 'vitest'
import { changeOf, coverFiles } from '../../../src/core/review/coverage.ts'
import type { FileChange, Hunk } from '../../../src/core/review/diff.ts'
import {
  countReasons,
  lostSteps,
  standingBlockers,
  uncoveredFiles,
  wasSteered,
  type Receipt,
  type SkipReason,
  type Step,
} from '../../../src/core/review/receipt.ts'
import { fileOf, receiptOf, stepOf } from '../../support/fakes.ts'

describe('what became of a file', () => {
  const file = fileOf('src/a.ts', '@@ -1 +1,2 @@\n a\n+b\n@@ -9 +10,2 @@\n c\n+d')
  const [first, second] = file.hunks
  const hunks = (...each: (Hunk | undefined)[]) => new Set(each.filter(hunk => hunk !== undefined))
  const nothing = {
    unaffordable: hunks(),
    lost: new Set<string>(),
    contents: new Map([['src/a.ts', '']]),
    unchanged: new Set<string>(),
  }

  it.each<[string, Set<Hunk>, Partial<typeof nothing>, Partial<FileChange>, string]>([
    ['all hunks seen', hunks(first, second), {}, {}, 'seen 2'],
    [
      'all read in the last round',
      hunks(first, second),
      { unchanged: new Set(['src/a.ts']) },
      {},
      'seen 2 unchanged',
    ],
    ['one of two seen, no step for the other', hunks(first), {}, {}, 'partly 1 unsupported-by-analysers'],
    ['none seen, no analyser knows it', hunks(), {}, {}, 'skipped 0 unsupported-by-analysers'],
    ['none seen, contents unreadable', hunks(), { contents: new Map() }, {}, 'skipped 0 contents-unreadable'],
    ['none seen, its step failed', hunks(), { lost: new Set(['src/a.ts']) }, {}, 'skipped 0 step-failed'],
    [
      'no money for one hunk',
      hunks(first),
      { unaffordable: hunks(second) },
      {},
      'partly 1 over-token-budget',
    ],
    [
      'an analyser saw what no model was asked about',
      hunks(first, second),
      { unaffordable: hunks(second) },
      {},
      'partly 1 over-token-budget',
    ],
    [
      'all that could be read of a damaged patch',
      hunks(first, second),
      {},
      { damaged: 'cut' },
      'partly 2 patch-damaged',
    ],
    [
      'nothing of a damaged patch, step failed',
      hunks(),
      { lost: new Set(['src/a.ts']) },
      { damaged: 'cut' },
      'skipped 0 step-failed',
    ],
  ])('%s', (_, seen, asked, more, expected) => {
    const [covered] = coverFiles([{ ...file, ...more }], seen, { ...nothing, ...asked })
    const { coverage, hunksSeen, reason = '' } = covered ?? {}
    expect(`${coverage} ${hunksSeen} ${reason}`.trim()).toBe(expected)
    expect(covered?.change).toEqual(changeOf(file))
  })
})

describe('lost steps', () => {
  it.each<[Step['outcome'], boolean]>([
    ['ok', false],
    ['failed', true],
    ['late', true],
    ['refused', true],
    ['skipped', true],
  ])('a step that ended %s is lost: %s', (outcome, lost) => {
    expect(lostSteps(receiptOf({ steps: [stepOf({ outcome })] }))).toHaveLength(lost ? 1 : 0)
  })

  it.each<[string, Partial<Step>, number]>([
    ['a fallback for the same subject makes up for it', {}, 0],
    ['a fallback that failed too does not', { outcome: 'failed' }, 2],
    ['a fallback for another subject does not', { subject: 'src/b.ts' }, 1],
    ['a fallback for another model does not', { fallbackFor: 'openai/other' }, 1],
  ])('%s', (_, more, expected) => {
    const failed = stepOf({ outcome: 'failed' })
    const instead = stepOf({ name: 'anthropic/second', fallbackFor: 'openai/first', ...more })
    expect(lostSteps(receiptOf({ steps: [failed, instead] }))).toHaveLength(expected)
  })
})

const intended: [SkipReason, boolean][] = [
  ['excluded-by-configuration', true],
  ['generated', true],
  ['binary', true],
  ['submodule', true],
  ['symlink', true],
  ['no-content-change', true],
  ['removed', true],
  ['too-large', false],
  ['unsupported-by-analysers', false],
  ['over-file-limit', false],
  ['over-token-budget', false],
  ['patch-damaged', false],
  ['contents-unreadable', false],
  ['step-failed', false],
]
it.each(intended)('a file left out as %s is as intended: %s', (reason, fine) => {
  const files: Receipt['files'] = [{ path: 'a', coverage: 'skipped', hunks: 1, hunksSeen: 0, reason }]
  expect(uncoveredFiles(receiptOf({ files }))).toHaveLength(fine ? 0 : 1)
})

describe('what was left out', () => {
  const receipt = receiptOf({
    leftOut: countReasons([
      { reason: 'already-posted', blocking: true },
      { reason: 'below-confidence', blocking: true },
      { reason: 'already-posted', blocking: false },
      { reason: 'refuted', blocking: false },
    ]),
  })

  it('is counted by reason, in order of appearance, blocking ones apart', () => {
    expect(receipt.leftOut).toEqual([
      { reason: 'already-posted', count: 2, blocking: 1 },
      { reason: 'below-confidence', count: 1, blocking: 1 },
      { reason: 'refuted', count: 1 },
    ])
  })

  it('still stands in the way when it is blocking and nothing speaks against it', () => {
    expect(standingBlockers(receipt)).toEqual([{ reason: 'already-posted', blocking: 1 }])
  })

  it.each([
    ['hostile', true],
    ['refuted', false],
  ] as const)('%s shows that a model was steered: %s', (reason, expected) => {
    expect(wasSteered(receiptOf({ leftOut: [{ reason, count: 1 }] }))).toBe(expected)
  })
})
