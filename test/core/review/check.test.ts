import { expect, it } from 'vitest'
import { concludeCheck } from '../../../src/core/review/check.ts'
import type { Finding } from '../../../src/core/review/finding.ts'
import type { Hostility } from '../../../src/core/review/hostile.ts'
import type { FileCoverage, Receipt } from '../../../src/core/review/receipt.ts'
import { findingOf, receiptOf, stepOf } from '../../support/fakes.ts'

const calm: Hostility = { hiddenCharacters: 0, invisibleCharacters: 0, injectionIn: [] }
const skipped = (reason: FileCoverage['reason']): FileCoverage => ({
  path: 'b',
  coverage: 'skipped',
  hunks: 1,
  hunksSeen: 0,
  reason,
})
const seen = receiptOf().files
const part: FileCoverage = {
  path: 'b',
  coverage: 'partly',
  hunks: 2,
  hunksSeen: 1,
  reason: 'over-token-budget',
}

it.each<[string, Partial<Receipt>, Finding[], string]>([
  ['nothing found', {}, [], 'No findings'],
  ['only findings that do not block', {}, [findingOf(), findingOf({ severity: 'info' })], '2 findings'],
  ['a generated file beside it', { files: [...seen, skipped('generated')] }, [], 'No findings'],
  [
    'a failed step made up for by its fallback',
    { steps: [stepOf({ outcome: 'failed' }), stepOf({ name: 'b/c', fallbackFor: 'openai/first' })] },
    [],
    'No findings',
  ],
  [
    'unsure or refuted claims left out',
    {
      leftOut: [
        { reason: 'refuted', count: 1, blocking: 1 },
        { reason: 'below-confidence', count: 1, blocking: 1 },
      ],
    },
    [],
    'No findings',
  ],
])('is green after %s', (_, receipt, findings, title) => {
  expect(concludeCheck(receiptOf(receipt), findings, [], calm)).toMatchObject({
    conclusion: 'success',
    title,
  })
})

it.each<[string, Partial<Receipt>, Finding[], Finding[], string]>([
  ['nothing was there to review', { files: [] }, [], [], 'Nothing reviewed'],
  ['every file was skipped on purpose', { files: [skipped('generated')] }, [], [], 'Nothing reviewed'],
  [
    'no step looked',
    { files: [skipped('step-failed')], steps: [stepOf({ outcome: 'failed' })] },
    [],
    [],
    'Nothing reviewed',
  ],
  [
    'a step failed',
    { steps: [stepOf(), stepOf({ outcome: 'failed', name: 'x/y' })] },
    [],
    [],
    'No findings, review incomplete',
  ],
  ['a step is late', { steps: [stepOf({ outcome: 'late' })] }, [], [], 'No findings, review incomplete'],
  ['a model refused', { steps: [stepOf({ outcome: 'refused' })] }, [], [], 'No findings, review incomplete'],
  [
    'the budget refused a call',
    { steps: [stepOf({ outcome: 'skipped', fault: 'budget-exhausted' })] },
    [],
    [],
    'No findings, review incomplete',
  ],
  ['a file was seen in part', { files: [...seen, part] }, [], [], 'No findings, review incomplete'],
  [
    'a file was too large',
    { files: [...seen, skipped('too-large')] },
    [],
    [],
    'No findings, review incomplete',
  ],
  ['GitHub did not list all files', { filesNotListed: true }, [], [], 'No findings, review incomplete'],
  ['a high finding', {}, [findingOf({ severity: 'high' })], [], '1 finding, 1 blocking'],
  [
    'a late critical finding',
    {},
    [findingOf()],
    [findingOf({ severity: 'critical' })],
    '2 findings, 1 blocking',
  ],
  [
    'a blocking finding of an earlier round that still stands',
    { leftOut: [{ reason: 'already-posted', count: 1, blocking: 1 }] },
    [],
    [],
    'No findings, 1 blocking',
  ],
  [
    'a blocking finding over the comment limit',
    { leftOut: [{ reason: 'over-comment-limit', count: 3, blocking: 2 }] },
    [findingOf()],
    [],
    '1 finding, 2 blocking',
  ],
  [
    'a blocking claim whose line was not found',
    { leftOut: [{ reason: 'not-in-diff', count: 1, blocking: 1 }] },
    [],
    [],
    'No findings, 1 blocking',
  ],
  [
    'a model that gave away its private reference',
    { leftOut: [{ reason: 'hostile', count: 1 }] },
    [],
    [],
    'No findings',
  ],
])('is never green when there is %s', (_, receipt, findings, late, title) => {
  expect(concludeCheck(receiptOf(receipt), findings, late, calm)).toMatchObject({
    conclusion: 'neutral',
    title,
  })
})

it('is not green while text of the pull request speaks to the reviewer', () => {
  const check = concludeCheck(receiptOf(), [], [], { ...calm, injectionIn: ['title'] })
  expect(check.conclusion).toBe('neutral')
  expect(check.summary).toContain('steer')
})

it('says in words what is missing and why', () => {
  const receipt = receiptOf({
    files: [...seen, part, skipped('removed')],
    steps: [stepOf({ outcome: 'failed', fault: 'model-timeout' })],
    leftOut: [{ reason: 'already-posted', count: 1, blocking: 1 }],
  })
  expect(concludeCheck(receipt, [findingOf({ severity: 'high' })]).summary).toBe(
    [
      '1 of 3 changed files reviewed, 1 in part, 1 left out on purpose.',
      'Part of the review is missing: `openai/first` failed (model-timeout).',
      '1 file not fully reviewed.',
      '1 blocking finding: look before you merge.',
      'Also blocking: 1 already posted.',
    ].join('\n\n'),
  )
})

it('annotates findings on the new side, as plain text without secrets', () => {
  const { annotations } = concludeCheck(receiptOf(), [
    findingOf({
      title: 'Leaks AKIAIOSFODNN7EXAMPLE\u202E',
      body: 'x'.repeat(9_000),
      startLine: 3,
      line: 5,
      severity: 'critical',
    }),
    findingOf({ side: 'LEFT' }),
    findingOf({ body: '', severity: 'info' }),
  ])
  expect(annotations).toHaveLength(2)
  expect(annotations[0]).toMatchObject({
    path: 'src/a.ts',
    startLine: 3,
    endLine: 5,
    level: 'failure',
    title: 'critical: Leaks [secret removed]',
  })
  expect(annotations[0]?.message).toHaveLength(2_000)
  expect(annotations[1]).toMatchObject({ level: 'notice', message: 'Wrong sum' })
})
