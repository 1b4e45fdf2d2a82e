import { expect, it, test } from 'vitest'
import { decide } from '../../../src/core/gate/decide.ts'
import { noGateEvidence, type GateEvidence } from '../../../src/core/gate/evidence.ts'
import {
  eligibleFrom,
  failureReasons,
  rollbackReasons,
  type FailureClass,
} from '../../../src/core/gate/failure.ts'
import { defaultThresholds } from '../../../src/core/gate/thresholds.ts'

const now = new Date('2026-11-24T12:00:00Z')
const day = 86_400_000

it.each<[FailureClass[], number | null]>([
  [['accuracy'], 30],
  [['latency'], 7],
  [['errors'], 7],
  [['cost'], 7],
  [['inconclusive'], 0],
  [['by-hand'], 30],
  [['latency', 'accuracy'], 30],
  [['safety'], null],
  [['accuracy', 'safety'], null],
  [[], 0],
])('what failed for %j may be tried again after %s days', (classes, days) => {
  const from = eligibleFrom(
    classes.map(each => ({ class: each, words: '' })),
    now,
  )
  expect(from === null ? null : (from.getTime() - now.getTime()) / day).toBe(days)
})

const verdictOn = (more: Partial<GateEvidence>, at = now) =>
  decide({ ...noGateEvidence, ...more }, defaultThresholds, { position: 1, promotions: 0 }, at.getTime())

it.each<[string, Partial<GateEvidence>, FailureClass[]]>([
  ['a budget that ran away', { breaches: ['budget'] }, ['cost']],
  ['answers that are none', { breaches: ['schema'] }, ['safety']],
  ['what is blacklisted, and a secret', { breaches: ['blacklist', 'secret'] }, ['safety', 'safety']],
  ['lateness', { within: { n: 200, successes: 100 }, healthy: { n: 200, successes: 200 } }, ['latency']],
  ['errors', { within: { n: 200, successes: 200 }, healthy: { n: 200, successes: 150 } }, ['errors']],
])('a quarantine for %s says so', (_what, evidence, classes) => {
  const reasons = failureReasons(verdictOn(evidence))
  expect(reasons.map(reason => reason.class)).toEqual(classes)
  for (const { words } of reasons) expect(words).not.toMatch(/NaN|undefined|null/)
})

test('an expiry says what was missing, also when that came too late', () => {
  const expired = verdictOn({ from: now.getTime() - 91 * day, to: now.getTime() })
  expect(expired.answer).toBe('expire')
  expect(failureReasons(expired).map(reason => reason.class)).toContain('inconclusive')
  const late = { ...expired, answer: 'expire', missing: [] } as const
  expect(failureReasons(late)).toEqual([
    { class: 'inconclusive', words: 'what was missing came after its horizon' },
  ])
})

test('what goes on or is promoted has not failed', () => {
  expect(failureReasons(verdictOn({}))).toEqual([])
})

it.each<[string, FailureClass[]]>([
  ['by ann: it answered too late for me', ['by-hand']],
  ['smoke test failed: missed a defect', ['errors']],
  ['40 of 40 reviews answered too late, more than 5 % can explain', ['latency']],
  ['9 reviews ended in an error', ['errors']],
  ['50 % answered too late; 50 % ended in an error', ['latency', 'errors']],
])('a rollback for %j is of class %j', (words, classes) => {
  expect(rollbackReasons(words)).toEqual(classes.map(each => ({ class: each, words })))
})
