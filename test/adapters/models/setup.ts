import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { createModels, type ModelsOptions } from '../../../src/adapters/models/models.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { ModelChoice } from '../../../src/core/configuration.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { ModelRequest } from '../../../src/ports/model.ts'
import type { Prompt, Reply } from '../../../sandbox/models/reply.ts'
import { startModelStub, type ModelStubOptions } from '../../../sandbox/models/stub.ts'

export const key = 'sk-test-0123456789abcdef'
export const answerType = z.strictObject({
  summary: z.string(),
  findings: z.array(z.strictObject({ line: z.int().min(1), note: z.string().max(50).nullable() })),
})
export type Answer = z.infer<typeof answerType>
export const good: Answer = {
  summary: 'two',
  findings: [
    { line: 1, note: 'a' },
    { line: 2, note: null },
  ],
}

export const choices: Record<'openai' | 'anthropic', ModelChoice> = {
  openai: { provider: 'openai', model: 'gpt-6.1-terra', maxOutputTokens: 2000 },
  anthropic: { provider: 'anthropic', model: 'claude-haiku-5-5', maxOutputTokens: 2000 },
}

export const request = (more: Partial<ModelRequest<Answer>> = {}): ModelRequest<Answer> => ({
  system: 'You review code.',
  user: 'diff',
  nonces: { boundary: 'a-boundary', canary: 'a-canary' },
  schema: { name: 'review', type: answerType },
  cacheKey: 'repository:1',
  ...more,
})

/** The script's replies in order; the last one stays. */
export const script = (...replies: Reply[]): ((prompt: Prompt) => Reply) => {
  let next = 0
  return () => replies[Math.min(next++, replies.length - 1)] ?? { kind: 'hang' }
}

/** A stub and models that ask it; both end with the test. `random` 0 makes retries wait 150 and 300 ms. */
export async function setup(
  answer: ModelStubOptions['answer'],
  options: Partial<ModelStubOptions> = {},
  models: Partial<ModelsOptions> = {},
) {
  const stub = await startModelStub({ answer, keys: [key], ...options })
  onTestFinished(() => stub.close())
  const access = {
    openai: { apiKey: key, baseURL: stub.openAiUrl },
    anthropic: { apiKey: key, baseURL: stub.url },
  }
  return { stub, models: createModels({ ...access, clock: systemClock, random: () => 0, ...models }) }
}

export const limits = (deadlineMs = 10_000, signal = new AbortController().signal) => ({ deadlineMs, signal })

export async function faultOf(asked: Promise<unknown>): Promise<Fault> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Fault) return error
  throw new Error('expected a Fault', { cause: error })
}
