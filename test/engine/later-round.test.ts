import { describe, expect, it } from 'vitest'
import { concludeCheck } from '../../src/core/review/check.ts'
import type { EarlierRounds } from '../../src/core/review/rounds.ts'
import { earlierRounds, lineDigests } from '../../src/core/review/rounds.ts'
import { fileOf, snapshotOf } from '../support/fakes.ts'
import { answer, files, tryOut } from './setup.ts'

const silent = async () => answer()
const [old] = files('src/old.ts')
const fresh = fileOf('src/fresh.ts', '@@ -1,1 +1,2 @@\n a\n+b')
const round = (more: Partial<Parameters<typeof earlierRounds>[0]> = {}): EarlierRounds =>
  earlierRounds({
    count: 1,
    posted: [],
    lineDigests: lineDigests(old ? [old] : []),
    sameRelease: true,
    ...more,
  })

describe('models in a later round', () => {
  it.each<[string, EarlierRounds, string[]]>([
    ['read only what is new since the last round', round(), ['src/fresh.ts']],
    [
      'read everything when the release changed in between',
      round({ sameRelease: false }),
      ['src/fresh.ts', 'src/old.ts'],
    ],
    [
      'read everything when a full review is asked for',
      round({ count: 0, lineDigests: {} }),
      ['src/fresh.ts', 'src/old.ts'],
    ],
    [
      'read a file again that the last round did not see',
      round({ lineDigests: {} }),
      ['src/fresh.ts', 'src/old.ts'],
    ],
  ])('%s', async (_name, rounds, expected) => {
    const found = await tryOut({ script: silent, snapshot: snapshotOf(old ? [old, fresh] : []), rounds })
    expect(found.receipt.steps.flatMap(step => step.paths).toSorted()).toEqual(expected)
    expect(found.receipt.files.map(file => file.coverage)).toEqual(['seen', 'seen'])
  })

  it('are not asked at all when nothing is new, and the receipt says why the file counts as seen', async () => {
    const found = await tryOut({ script: silent, snapshot: snapshotOf(old ? [old] : []), rounds: round() })
    expect(found.asked).toEqual([])
    expect(found.receipt.files).toMatchObject([{ path: 'src/old.ts', coverage: 'seen', reason: 'unchanged' }])
    expect(concludeCheck(found.receipt, []).conclusion).toBe('success')
    // What the next round compares with still holds the file.
    expect(Object.keys(found.lineDigests)).toEqual(['src/old.ts'])
  })
})

describe('a blocking finding that was posted before', () => {
  const raise = async () =>
    answer({
      path: 'src/fresh.ts',
      side: 'RIGHT',
      quote: 'b',
      line: 2,
      severity: 'high',
      category: 'correctness',
      confidence: 0.9,
      title: 'Wrong',
      body: 'It is wrong.',
      suggestion: null,
    })
  const snapshot = snapshotOf([fresh])

  it.each([
    ['keeps the check from being green while its thread is open', false, 'neutral'],
    ['does not when somebody resolved its thread', true, 'success'],
  ])('%s', async (_name, resolved, conclusion) => {
    const first = await tryOut({ script: raise, snapshot })
    const fingerprint = first.findings[0]?.fingerprint ?? ''
    const rounds = round({
      posted: [{ fingerprint }],
      settled: resolved ? [fingerprint] : [],
      lineDigests: {},
    })
    const found = await tryOut({ script: raise, snapshot, rounds })
    expect(found.findings).toEqual([])
    expect(found.leftOut.map(each => each.reason)).toEqual(['already-posted'])
    expect(concludeCheck(found.receipt, []).conclusion).toBe(conclusion)
  })
})
