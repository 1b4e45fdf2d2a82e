import { expect, it } from 'vitest'
import type { Memory } from '../../src/ports/model-answers.ts'
import { answer, element, files, tryOut } from './setup.ts'
import { snapshotOf } from '../support/fakes.ts'

const cost = { inputTokens: 900, outputTokens: 20, usd: 0.25 }

/** Holds this answer to every question; what it is told to keep goes to `kept`. */
function holding(value: unknown, kept: unknown[] = []): Memory {
  return {
    recall: async (_, request) => (value === null ? null : { value: request.schema.type.parse(value), cost }),
    keep: (_choice, _request, given) => void kept.push(given.value),
  }
}

const hostile = answer(
  element(),
  element({ title: 'x'.repeat(500), confidence: 7 }),
  element({ path: '../../etc/passwd', quote: 'root' }),
  element({ quote: '' }),
  ...Array.from({ length: 120 }, (_, line) => element({ title: `number ${line}`, line })),
)

it('findings of a stored answer are judged as those of one just given', async () => {
  const live = await tryOut({ script: async () => hostile })
  const stored = await tryOut({ deps: { memory: holding(hostile) } })
  expect(stored.asked).toEqual([])
  for (const part of ['findings', 'unanchored', 'leftOut', 'lineDigests'] as const)
    expect(stored[part]).toEqual(live[part])
  expect(stored.receipt.leftOut).toEqual(live.receipt.leftOut)
})

it('a stored answer is marked with what it had cost, and reserves and costs nothing now', async () => {
  const reserved: number[] = []
  const reserve = async (usd: number) => reserved.push(usd) > 0
  const found = await tryOut({ deps: { memory: holding(answer(element())), reserve } })
  expect(found.receipt.steps).toEqual([expect.objectContaining({ outcome: 'ok', stored: cost })])
  for (const field of ['usd', 'inputTokens', 'outputTokens'])
    expect(found.receipt.steps[0]).not.toHaveProperty(field)
  expect([reserved, found.usd]).toEqual([[], 0])
})

it('it counts towards the tokens of a review as one just given does', async () => {
  const snapshot = snapshotOf(files('src/a.ts', 'src/b.ts', 'src/c.ts'))
  const technique = { pass: 'per-file', analysersFirst: false, selfCheck: false } as const
  const limits = { reviewTokens: 2_000, parallelCalls: 1 }
  const trial = { snapshot, configuration: { technique }, limits }
  const live = await tryOut(trial)
  const stored = await tryOut({ ...trial, deps: { memory: holding(answer(element())) } })
  const read = (found: typeof live) => found.receipt.files.map(file => [file.path, file.coverage])
  expect(read(stored)).toEqual(read(live))
})

it('what a model answers is kept, and what it fails to answer is not', async () => {
  const kept: unknown[] = []
  const memory = holding(null, kept)
  await tryOut({ deps: { memory } })
  await tryOut({ deps: { memory }, script: () => Promise.reject(new Error('refused')) })
  expect(kept).toEqual([answer(element())])
})

it('an answer that is found after the review was ended is not taken', async () => {
  const ending = new AbortController()
  const memory: Memory = {
    ...holding(answer(element())),
    recall: async (_, request) => {
      ending.abort()
      return { value: request.schema.type.parse(answer(element())), cost }
    },
  }
  await expect(tryOut({ deps: { memory }, signal: ending.signal })).rejects.toMatchObject({
    code: 'superseded',
  })
})
