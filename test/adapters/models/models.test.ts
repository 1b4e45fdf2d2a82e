import { describe, expect, it } from 'vitest'
import { usageOf } from '../../../src/adapters/models/faults.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Reply } from '../../../sandbox/models/reply.ts'
import { choices, faultOf, good, key, limits, request, script, setup } from './setup.ts'

const json: Reply = { kind: 'json', value: good }
const text = JSON.stringify(good)

describe.each(['openai', 'anthropic'] as const)('%s', provider => {
  const choice = choices[provider]

  it('answers the validated value with usage and price', async () => {
    const { models, stub } = await setup(script({ kind: 'text', text, usage: { cached: 2 } }))
    const answer = await models.ask(choice, request(), limits())
    expect(answer.value).toEqual(good)
    expect(answer.repaired).toBe(false)
    const prompt = stub.requests[0]?.promptTokens
    const output = Math.ceil(text.length / 4)
    expect(answer.usage).toMatchObject({ inputTokens: prompt, cachedInputTokens: 2, outputTokens: output })
    expect(answer.usage.usd).toBeGreaterThan(0)
    expect(stub.refusals).toEqual([])
  })

  it('has no price for a model that is not in the table', async () => {
    const { models } = await setup(script(json))
    const answer = await models.ask({ ...choice, model: 'house-model' }, request(), limits())
    expect(answer.usage.usd).toBeUndefined()
    expect(answer.usage.outputTokens).toBeGreaterThan(0)
  })

  it('hands over a complete element while the answer is still held back', async () => {
    const seen: unknown[] = []
    const first = Promise.withResolvers<void>()
    // The rest is only sent after the first element arrived: without streaming this never ends.
    const after = text.indexOf('},{') + 1
    const { models } = await setup(script({ kind: 'text', text, gate: { after, until: first.promise } }))
    const onElement = (element: unknown) => {
      seen.push(element)
      first.resolve()
    }
    await models.ask(choice, request({ stream: { key: 'findings', onElement } }), limits())
    expect(seen).toEqual(good.findings)
  })

  it('ignores what an element listener throws', async () => {
    const { models } = await setup(script(json))
    const onElement = () => {
      throw new Error('listener')
    }
    const answer = await models.ask(choice, request({ stream: { key: 'findings', onElement } }), limits())
    expect(answer.value).toEqual(good)
  })

  it.each<[string, Reply, string]>([
    ['not JSON', { kind: 'text', text: 'Sure! Here is' }, 'the answer is not JSON'],
    ['empty', { kind: 'text', text: '' }, 'the answer is empty'],
    ['another shape', { kind: 'json', value: { summary: 1, findings: [] } }, 'summary'],
    [
      'out of bounds',
      { kind: 'json', value: { summary: '', findings: [{ line: 0, note: null }] } },
      'findings.0.line',
    ],
  ])('repairs an answer that is %s, once, and counts both', async (_, bad, problem) => {
    const { models, stub } = await setup(script(bad, json))
    const answer = await models.ask(choice, request(), limits())
    expect(answer).toMatchObject({ value: good, repaired: true })
    expect(stub.requests).toHaveLength(2)
    expect(stub.requests[1]?.user).toContain(problem)
    expect(stub.requests[1]?.user.startsWith('diff')).toBe(true)
    expect(answer.usage.inputTokens).toBe(stub.requests.reduce((sum, each) => sum + each.promptTokens, 0))
  })

  it('takes JSON out of a code fence', async () => {
    const { models } = await setup(script({ kind: 'text', text: `\`\`\`json\n${text}\n\`\`\`` }))
    expect(await models.ask(choice, request(), limits())).toMatchObject({ value: good, repaired: false })
  })

  it.each<[string, Reply[], string, string, number, boolean]>([
    ['invalid twice', [{ kind: 'text', text: 'no' }], 'model-invalid', 'never', 2, true],
    ['cut', [{ kind: 'cut', text, tokens: 3 }], 'model-truncated', 'never', 1, true],
    ['refusal', [{ kind: 'refusal' }], 'model-refused', 'never', 1, true],
    [
      '401',
      [{ kind: 'error', status: 401, message: `bad key ${key}` }],
      'model-unauthorized',
      'never',
      1,
      false,
    ],
    ['403', [{ kind: 'error', status: 403 }], 'model-unauthorized', 'never', 1, false],
    [
      '400',
      [{ kind: 'error', status: 400, type: 'invalid_request_error' }],
      'model-rejected',
      'never',
      1,
      false,
    ],
    ['413', [{ kind: 'error', status: 413 }], 'model-rejected', 'never', 1, false],
    ['422', [{ kind: 'error', status: 422 }], 'model-rejected', 'never', 1, false],
    ['408', [{ kind: 'error', status: 408 }], 'model-timeout', 'later', 1, false],
    ['409', [{ kind: 'error', status: 409 }], 'model-rate-limited', 'later', 3, false],
    ['429 for good', [{ kind: 'error', status: 429 }], 'model-rate-limited', 'later', 3, false],
    [
      'an empty account',
      [{ kind: 'error', status: 429, type: 'insufficient_quota' }],
      'model-rate-limited',
      'never',
      1,
      false,
    ],
    ['529 for good', [{ kind: 'error', status: 529 }], 'model-unavailable', 'soon', 3, false],
    ['reset before the first byte', [{ kind: 'reset', after: 0 }], 'model-unavailable', 'soon', 3, false],
    ['reset mid-stream', [{ kind: 'reset', text, after: 40 }], 'model-unavailable', 'soon', 1, true],
    [
      'overload mid-stream',
      [{ kind: 'stream-error', type: 'overloaded_error', text }],
      'model-unavailable',
      'soon',
      1,
      true,
    ],
  ])('%s', async (_, replies, code, retry, calls, cost) => {
    const { models, stub } = await setup(script(...replies).bind(null))
    // OpenAI names an overload otherwise.
    if (provider === 'openai' && replies[0]?.kind === 'stream-error') replies[0].type = 'server_error'
    const fault = await faultOf(models.ask(choice, request(), limits()))
    expect(fault).toMatchObject({ code, retry })
    expect(stub.requests).toHaveLength(calls)
    expect((usageOf(fault)?.inputTokens ?? 0) > 0).toBe(cost)
    expect(JSON.stringify([fault.message, fault.cause, fault.stack])).not.toContain(key)
  })

  it.each<[string, Reply]>([
    ['529', { kind: 'error', status: 529 }],
    ['429 with retry-after-ms', { kind: 'error', status: 429, headers: { 'retry-after-ms': '20' } }],
    ['a reset before the first byte', { kind: 'reset', after: 0 }],
  ])('repeats after %s and succeeds', async (_, reply) => {
    const { models, stub } = await setup(script(reply, json))
    expect(await models.ask(choice, request(), limits())).toMatchObject({ value: good, repaired: false })
    expect(stub.requests).toHaveLength(2)
  })

  it('does not wait for a retry-after beyond the deadline, and says when to come back', async () => {
    const { models, stub } = await setup(
      script({ kind: 'error', status: 429, headers: { 'retry-after': '60' } }),
    )
    const fault = await faultOf(models.ask(choice, request(), limits(5_000)))
    expect(fault.code).toBe('model-rate-limited')
    expect(fault.retryAt?.getTime()).toBeGreaterThan(Date.now() + 30_000)
    expect(stub.requests).toHaveLength(1)
  })

  it('times out on a hanging provider, once, with the prompt counted', async () => {
    const { models, stub } = await setup(script({ kind: 'hang' }))
    const fault = await faultOf(models.ask(choice, request(), limits(250)))
    expect(fault.code).toBe('model-timeout')
    expect(stub.requests).toHaveLength(1)
    expect(usageOf(fault)?.inputTokens).toBeGreaterThan(0)
  })

  it('times out in the middle of a stream', async () => {
    const until = new Promise<void>(() => {})
    const { models } = await setup(script({ kind: 'text', text, gate: { after: 30, until } }))
    const fault = await faultOf(models.ask(choice, request(), limits(250)))
    expect(fault.code).toBe('model-timeout')
    expect(usageOf(fault)?.outputTokens).toBeGreaterThan(1)
  })

  it("stops on the caller's signal with the caller's own code", async () => {
    const { models, stub } = await setup(script({ kind: 'hang' }))
    const controller = new AbortController()
    const asked = faultOf(models.ask(choice, request(), limits(10_000, controller.signal)))
    await expect.poll(() => stub.requests.length).toBe(1)
    controller.abort(new Fault('superseded', 'newer head', { retry: 'never' }))
    expect((await asked).code).toBe('superseded')
  })

  it('does not repair without the time for it', async () => {
    const { models, stub } = await setup(script({ kind: 'text', text: 'no' }))
    expect((await faultOf(models.ask(choice, request(), limits(450)))).code).toBe('model-invalid')
    expect(stub.requests).toHaveLength(1)
  })

  it('opens the circuit, answers at once, and closes it after a good probe', async () => {
    let up = false
    const circuit = { failures: 3, halfOpenAfterMs: 50 }
    const answer = (): Reply => (up ? json : { kind: 'error', status: 503 })
    const { models, stub } = await setup(answer, {}, { circuit })
    await faultOf(models.ask(choice, request(), limits()))
    expect(stub.requests).toHaveLength(3)
    const open = await faultOf(models.ask(choice, request(), limits()))
    expect(open).toMatchObject({ code: 'model-unavailable', retry: 'later' })
    expect(stub.requests).toHaveLength(3)
    // Another model of the same provider is not held back.
    up = true
    await models.ask({ ...choice, model: 'another' }, request(), limits())
    await expect
      .poll(() =>
        models.ask(choice, request(), limits()).then(
          it => it.value,
          () => 'open',
        ),
      )
      .toEqual(good)
  })

  it('each request is one line of the log: what it took and cost, nothing of what was said', async () => {
    const said: unknown[] = []
    const log = { info: (...all: unknown[]) => said.push(all), warn: (...all: unknown[]) => said.push(all) }
    const { models } = await setup(script(json), {}, { log })
    await models.ask(choice, request(), limits())
    expect(said).toEqual([
      [
        {
          model: `${choice.provider}/${choice.model}`,
          outcome: 'ok',
          latencyMs: expect.any(Number),
          inputTokens: expect.any(Number),
          cachedInputTokens: expect.any(Number),
          outputTokens: expect.any(Number),
          usd: expect.any(Number),
        },
        'model asked',
      ],
    ])
  })

  it('a wrong key is named nowhere', async () => {
    const said: unknown[] = []
    const log = { info: (...all: unknown[]) => said.push(all), warn: (...all: unknown[]) => said.push(all) }
    const { models } = await setup(script(json), { keys: ['other'] }, { log })
    const fault = await faultOf(models.ask(choice, request(), limits()))
    expect(fault.code).toBe('model-unauthorized')
    expect(fault.message).toContain('[key]')
    expect(JSON.stringify([said, fault.message, fault.stack])).not.toContain(key)
  })

  it('an unknown model is rejected', async () => {
    const { models } = await setup(script(json), { models: ['one-model'] })
    expect((await faultOf(models.ask(choice, request(), limits()))).code).toBe('model-rejected')
  })
})

describe('a server without /responses', () => {
  it.each<[string, Reply, unknown]>([
    ['answers', json, { value: good }],
    ['is repaired', { kind: 'text', text: 'no' }, { value: good, repaired: true }],
  ])('%s by chat completions, and is not asked for /responses again', async (_, first, expected) => {
    const { models, stub } = await setup(script(first, json), { missing: ['/v1/responses'] })
    expect(await models.ask(choices.openai, request(), limits())).toMatchObject(expected as object)
    await models.ask(choices.openai, request(), limits())
    expect(stub.refusals.filter(each => each.path === '/v1/responses')).toHaveLength(1)
  })

  it.each<[Reply, string]>([
    [{ kind: 'cut', text, tokens: 3 }, 'model-truncated'],
    [{ kind: 'refusal' }, 'model-refused'],
    [{ kind: 'reset', text, after: 40 }, 'model-unavailable'],
    [{ kind: 'error', status: 401 }, 'model-unauthorized'],
  ])('%o is %s', async (reply, code) => {
    const { models } = await setup(script(reply), { missing: ['/v1/responses'] })
    expect((await faultOf(models.ask(choices.openai, request(), limits()))).code).toBe(code)
  })
})

it('counts cache writes of Anthropic into the input and into the price', async () => {
  const user = 'x'.repeat(4000)
  const { models } = await setup(script({ kind: 'text', text, usage: { cached: 100, cacheWrite: 500 } }))
  const { usage } = await models.ask(choices.anthropic, request({ user }), limits())
  expect(usage).toMatchObject({ inputTokens: 1004, cachedInputTokens: 100 })
  const output = Math.ceil(text.length / 4)
  expect(usage.usd).toBeCloseTo((404 * 0.1 + 100 * 0.01 + 500 * 0.125 + output * 0.5) / 1e6, 12)
})

it('asks nobody for a provider without a key', async () => {
  const { models, stub } = await setup(script(json), {}, { anthropic: undefined })
  expect([models.has('openai'), models.has('anthropic')]).toEqual([true, false])
  expect((await faultOf(models.ask(choices.anthropic, request(), limits()))).code).toBe('model-unauthorized')
  expect(stub.requests).toEqual([])
})
