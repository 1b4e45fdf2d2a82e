import { describe, expect, it } from 'vitest'
import type { FileChange } from '../../../src/core/review/diff.ts'
import {
  batchSubject,
  fixedPromptTokens,
  planCalls,
  promptFactor,
} from '../../../src/core/review/technique.ts'
import { fileOf } from '../../support/fakes.ts'

/** About 7 tokens a line. */
function fileWith(path: string, lines: number, hunks = 1): FileChange {
  const each = Array.from({ length: lines }, (_, at) => `+const value${at} = compute(${at})`).join('\n')
  const patch = Array.from(
    { length: hunks },
    (_, at) => `@@ -${at * 1000},0 +${at * 1000 + 1},${lines} @@\n${each}`,
  )
  return fileOf(path, patch.join('\n'))
}

const roomy = { callTokens: 60_000, reviewTokens: 400_000 }
const shape = (plan: ReturnType<typeof planCalls>) =>
  plan.batches.map(batch => batch.pieces.map(piece => piece.file.path))

describe('single pass', () => {
  it('puts everything into one call when it fits', () => {
    expect(shape(planCalls([fileWith('a', 50), fileWith('b', 50)], 'single-pass', roomy))).toEqual([
      ['a', 'b'],
    ])
  })

  it('opens another call when the first is full, and splits a file at its hunks', () => {
    const plan = planCalls([fileWith('a', 100, 4)], 'single-pass', { ...roomy, callTokens: 5_000 })
    expect(plan.batches.length).toBeGreaterThan(1)
    expect(plan.batches.flatMap(batch => batch.pieces.flatMap(piece => piece.hunks))).toHaveLength(4)
    expect(plan.left).toEqual([])
  })

  it('has no call for no file', () => {
    expect(planCalls([], 'single-pass', roomy)).toEqual({ batches: [], left: [] })
  })
})

describe('per file', () => {
  it('gives large files a call each and packs small ones together', () => {
    const files = [fileWith('big1', 300), fileWith('s1', 10), fileWith('s2', 10), fileWith('big2', 300)]
    expect(shape(planCalls(files, 'per-file', roomy))).toEqual([['big1'], ['s1', 's2'], ['big2']])
  })
})

describe('limits', () => {
  it.each(['single-pass', 'per-file'] as const)(
    'no call of %s is planned beyond the tokens of a call',
    pass => {
      const files = Array.from({ length: 12 }, (_, at) => fileWith(`f${at}`, 40 * (at + 1), 3))
      const limits = { callTokens: 8_000, reviewTokens: 400_000 }
      const plan = planCalls(files, pass, limits)
      for (const batch of plan.batches)
        expect(batch.tokens * promptFactor + fixedPromptTokens).toBeLessThanOrEqual(limits.callTokens + 1)
      const hunks = [...plan.batches.flatMap(batch => batch.pieces), ...plan.left].flatMap(
        piece => piece.hunks,
      )
      expect(new Set(hunks)).toEqual(new Set(files.flatMap(file => file.hunks)))
    },
  )

  it('names a hunk that is too big for any call as left', () => {
    const plan = planCalls([fileWith('huge', 2_000), fileWith('b', 5)], 'single-pass', {
      ...roomy,
      callTokens: 5_000,
    })
    expect(plan.left.map(piece => piece.file.path)).toEqual(['huge'])
    expect(shape(plan)).toEqual([['b']])
  })

  it('makes no call beyond the tokens of the review, and names what is left', () => {
    const files = [fileWith('a', 300), fileWith('b', 300), fileWith('c', 300)]
    const plan = planCalls(files, 'per-file', { ...roomy, reviewTokens: 9_000 })
    const planned = plan.batches.reduce(
      (sum, batch) => sum + batch.tokens * promptFactor + fixedPromptTokens,
      0,
    )
    expect(planned).toBeLessThanOrEqual(9_000)
    expect([...shape(plan).flat(), ...plan.left.map(piece => piece.file.path)].toSorted()).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(plan.left.length).toBeGreaterThan(0)
  })

  it('leaves everything when a call has room for its fixed part only', () => {
    const plan = planCalls([fileWith('a', 1)], 'single-pass', { ...roomy, callTokens: 1_000 })
    expect([plan.batches.length, plan.left.length]).toEqual([0, 1])
  })
})

it('names a batch by its file, or by how many there are', () => {
  const [one] = planCalls([fileWith('a', 3, 2)], 'single-pass', roomy).batches
  const [two] = planCalls([fileWith('a', 3), fileWith('b', 3)], 'single-pass', roomy).batches
  expect([one && batchSubject(one), two && batchSubject(two)]).toEqual(['a', '2 files'])
})
