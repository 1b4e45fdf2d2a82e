import { describe, expect, it } from 'vitest'
import { healthOfDone, healthOfFailed } from '../../../src/core/review/health.ts'
import type { FaultCode } from '../../../src/core/fault.ts'
import { receiptOf, stepOf } from '../../support/fakes.ts'

describe('a review that was done', () => {
  it.each<[string, Parameters<typeof stepOf>[0][], boolean, [boolean, boolean]]>([
    ['all steps answered', [{}], false, [true, true]],
    ['after an attempt that failed', [{}], true, [true, false]],
    ['a model ran out of time', [{ outcome: 'failed', fault: 'model-timeout' }], false, [false, true]],
    ['a step came after the deadline', [{ outcome: 'late' }], false, [false, true]],
    ['a model answered nonsense', [{ outcome: 'failed', fault: 'model-invalid' }], false, [false, true]],
    ['a circuit is open', [{ outcome: 'failed', fault: 'model-unavailable' }], false, [false, false]],
    ['the day’s money is spent', [{ outcome: 'refused', fault: 'budget-exhausted' }], false, [false, false]],
    [
      'another model stood in for one that was down',
      [
        { name: 'openai/a', outcome: 'failed', fault: 'model-rate-limited' },
        { name: 'anthropic/b', fallbackFor: 'openai/a' },
      ],
      false,
      [true, false],
    ],
  ])('%s', (_what, steps, again, [healthy, attributable]) => {
    expect(healthOfDone(receiptOf({ steps: steps.map(stepOf) }), again)).toEqual({ healthy, attributable })
  })
})

describe('a review that was given up', () => {
  it.each<[FaultCode, boolean]>([
    ['bug', true],
    ['configuration-invalid', true],
    ['analyser-failed', true],
    ['model-invalid', true],
    ['model-unavailable', false],
    ['github-unavailable', false],
    ['github-forbidden', false],
    ['database-unavailable', false],
    ['input-malformed', false],
  ])('for %s counts against its release: %s', (code, attributable) => {
    expect(healthOfFailed(code)).toEqual({ healthy: false, attributable })
  })
})
