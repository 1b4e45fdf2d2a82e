import { describe, expect, it, test } from 'vitest'
import { plannedCalls, refusedProviders, tokensOf, verdictOf } from '../../src/core/experiment-run.ts'
import type { Step } from '../../src/core/review/receipt.ts'
import { missingEvidence, minimumEvidence, noEvidence } from '../../src/core/minimum-evidence.ts'
import {
  configurationOf,
  fileOf,
  primary,
  receiptOf,
  secondary,
  snapshotOf,
  stepOf,
} from '../support/fakes.ts'

const analyser = (outcome: Step['outcome']) => stepOf({ kind: 'analyser', name: 'oxlint', outcome })
const first = (outcome: Step['outcome'], fault?: string) => stepOf({ outcome, fault })
const second = (outcome: Step['outcome'], more: Partial<Step> = {}) =>
  stepOf({ name: 'anthropic/second', outcome, ...more })

describe('what a receipt makes of a run', () => {
  it.each<[string, Step[], string, string | null, string[]]>([
    ['nothing to do', [], 'done', null, []],
    ['all well', [analyser('ok'), first('ok')], 'done', null, []],
    ['an analyser lost', [analyser('failed'), first('ok')], 'degraded', null, ['oxlint']],
    ['analysers alone, one lost', [analyser('failed')], 'degraded', null, ['oxlint']],
    [
      'garbage',
      [analyser('ok'), first('failed', 'model-invalid')],
      'failed',
      'model-invalid',
      ['openai/first'],
    ],
    ['a refusal', [first('refused', 'model-refused')], 'failed', 'model-refused', ['openai/first']],
    ['late', [first('late')], 'degraded', null, ['openai/first']],
    [
      'one of two calls lost',
      [first('ok'), first('failed', 'model-timeout')],
      'degraded',
      null,
      ['openai/first'],
    ],
    [
      'half an ensemble',
      [first('failed', 'model-unavailable'), second('ok')],
      'degraded',
      null,
      ['openai/first'],
    ],
    [
      'a stand-in that answered',
      [first('failed', 'model-unavailable'), second('ok', { fallbackFor: 'openai/first' })],
      'done',
      null,
      [],
    ],
    [
      'a stand-in that failed too',
      [
        first('failed', 'model-timeout'),
        second('failed', { fallbackFor: 'openai/first', fault: 'model-invalid' }),
      ],
      'failed',
      'model-timeout',
      ['openai/first', 'anthropic/second'],
    ],
  ])('%s', (_, steps, state, errorCode, degradedSteps) => {
    expect(verdictOf(receiptOf({ steps }))).toEqual({ state, errorCode, degradedSteps })
  })

  it('adds tokens up, those of failed calls too', () => {
    const steps = [
      stepOf({ inputTokens: 100, outputTokens: 10 }),
      stepOf({ outcome: 'failed', inputTokens: 40, outputTokens: 3 }),
      analyser('ok'),
    ]
    expect(tokensOf(receiptOf({ steps }))).toEqual({ inputTokens: 140, outputTokens: 13 })
  })

  it('tells whose key was refused', () => {
    const steps = [first('failed', 'model-timeout'), second('failed', { fault: 'model-unauthorized' })]
    expect(refusedProviders(receiptOf({ steps }))).toEqual(['anthropic'])
  })
})

describe('planned calls', () => {
  const patch = `@@ -1,1 +1,200 @@\n a\n${Array.from({ length: 199 }, (_, line) => `+const value${line} = compute(${line}, "text")`).join('\n')}`
  const snapshot = snapshotOf([fileOf('src/a.ts', patch), fileOf('src/b.ts', patch)])
  const technique = { pass: 'per-file' as const, analysersFirst: false, selfCheck: false }
  it.each([
    ['none', configurationOf({ routing: { strategy: 'none' } }), []],
    ['single pass', configurationOf(), [['openai', 1]]],
    ['per file', configurationOf({ technique }), [['openai', 2]]],
    ['self-check', configurationOf({ technique: { ...technique, selfCheck: true } }), [['openai', 4]]],
    [
      'ensemble',
      configurationOf({ technique, routing: { strategy: 'ensemble', primary, secondary } }),
      [
        ['openai', 2],
        ['anthropic', 2],
      ],
    ],
    ['adaptive', configurationOf({ routing: { strategy: 'adaptive', primary, secondary } }), [['openai', 1]]],
  ])('of %s', (_, configuration, calls) => {
    expect([...plannedCalls(configuration, snapshot)]).toEqual(calls)
  })
})

test('the minimum of evidence is enough, and each part of it is asked for', () => {
  expect(missingEvidence(minimumEvidence)).toEqual([])
  expect(missingEvidence(noEvidence)).toHaveLength(5)
  expect(missingEvidence({ ...minimumEvidence, largestAuthorShare: 0.21 })).toEqual([
    'one person decided 21 % of the labels, at most 20 % may be one person’s',
  ])
  expect(missingEvidence({ ...minimumEvidence, days: 13.9 })).toEqual([
    '13 of 14 days between the first and the last of them',
  ])
})
