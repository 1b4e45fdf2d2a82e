import { describe, expect, it, test } from 'vitest'
import { redactWishes } from '../../src/core/redact.ts'
import { defaultConfiguration } from '../../src/core/repository-configuration.ts'
import { readSnapshot, readWishes, samplingRate, snapshotJson } from '../../src/core/sample.ts'
import { fileOf, snapshotOf } from '../support/fakes.ts'

test.each([
  [0.25, true, 0.25],
  [0.25, false, 0],
  [0.25, 0.1, 0.1],
  [0.25, 0.5, 0.25],
  [0, true, 0],
  [1, 0, 0],
])(
  'of a rate of %d and a repository that says %s, %d of its pull requests are copied',
  (rate, wish, share) => {
    expect(samplingRate(rate, wish)).toBe(share)
  },
)

describe('a stored sample', () => {
  const snapshot = snapshotOf([fileOf('a.ts', ['@@ -0,0 +1 @@', '+let a = 1'].join('\n'))])
  const wishes = {
    ...defaultConfiguration(),
    analysers: false,
    path_instructions: [{ paths: ['src/**'], instructions: 'The key is AKIAIOSFODNN7REALKEY here.' }],
  }

  it('comes back as it was, its repository’s wishes beside it', () => {
    const stored: unknown = JSON.parse(snapshotJson(snapshot, wishes))
    expect(readSnapshot(stored)).toEqual(snapshot)
    expect(readWishes(stored)).toEqual(wishes)
  })

  it('holds no credential that stood in an instruction', () => {
    const secret = `ghp_${'k'.repeat(36)}`
    const told = { ...wishes, path_instructions: [{ paths: ['src/**'], instructions: `Use ${secret}.` }] }
    const stored = snapshotJson(snapshot, redactWishes(told))
    expect(stored).toContain('Use ')
    expect(stored).not.toContain(secret)
  })
})
