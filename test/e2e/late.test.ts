import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRepository, see } from './repository.ts'
import { cleanCode } from './samples.ts'
import { until } from './until.ts'
import { expectHonestWork, startWorld, type World } from './world.ts'

let world: World
const answered = Promise.withResolvers<void>()
const finding = {
  path: 'src/a.ts',
  side: 'RIGHT',
  quote: cleanCode.split('\n')[0],
  line: 1,
  severity: 'high',
  category: 'correctness',
  confidence: 0.9,
  title: 'The sum loses its sign',
  body: 'A negative amount is taken for a positive one.',
  suggestion: null,
}
const text = JSON.stringify({ findings: [finding] })

beforeAll(async () => {
  world = await startWorld({
    backend: 'postgres',
    answer: () => ({ kind: 'text', text, gate: { after: 10, until: answered.promise } }),
  })
})
afterAll(() => world?.close())

it('a model that is slower than the deadline is waited for with a word, and what it finds is added', async () => {
  const repository = await createRepository(world)
  const at = await repository.open({ 'src/a.ts': cleanCode })
  const summary = await until(
    'the summary says that more will come',
    () => see(world, at).summaries[0] ?? null,
  )
  expect(summary.body).toContain('Still reading')
  expect(see(world, at).checks).toEqual([expect.objectContaining({ status: 'in_progress' })])
  answered.resolve()
  await repository.settled()
  const seen = see(world, at)
  expect(seen.reviews).toEqual([])
  expect(seen.summaries).toEqual([
    expect.objectContaining({ id: summary.id, body: expect.stringContaining('The sum loses its sign') }),
  ])
  expect(seen.summaries[0]?.body).not.toContain('Still reading')
  expect(seen.checks).toEqual([expect.objectContaining({ status: 'completed', conclusion: 'neutral' })])
  expect(repository.requests().length).toBeLessThanOrEqual(8)
  await expectHonestWork(world)
})
