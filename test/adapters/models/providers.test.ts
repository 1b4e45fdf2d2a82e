import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createModels } from '../../../src/adapters/models/models.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { choices, faultOf, key, limits, request } from './setup.ts'

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
  nock.restore()
  nock.activate()
})

// A local stub cannot stand at the providers' own addresses: only here is it seen where a key goes by default.
describe('without a base URL', () => {
  it.each([
    ['openai', 'https://api.openai.com', '/v1/responses'],
    ['anthropic', 'https://api.anthropic.com', '/v1/messages'],
  ] as const)(
    '%s is asked at its own address, with its own key, and nobody else is',
    async (provider, host, path) => {
      const refusal = { error: { type: 'authentication_error', message: 'no such key' } }
      const asked = nock(host).post(path).matchHeader('authorization', `Bearer ${key}`).reply(401, refusal)
      const models = createModels({
        clock: systemClock,
        openai: { apiKey: provider === 'openai' ? key : 'sk-other-0123456789' },
        anthropic: { apiKey: provider === 'anthropic' ? key : 'sk-other-0123456789' },
      })
      const fault = await faultOf(models.ask(choices[provider], request(), limits()))
      expect(fault).toMatchObject({ code: 'model-unauthorized', retry: 'never' })
      expect(fault.message).not.toContain(key)
      expect(asked.isDone()).toBe(true)
    },
  )
})
