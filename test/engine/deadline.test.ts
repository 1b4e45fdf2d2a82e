import { describe, expect, it } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { concludeCheck } from '../../src/core/review/check.ts'
import { fakeAnalysers, fakeClock, primary, secondary, snapshotOf } from '../support/fakes.ts'
import { answer, element, files, outcomes, tryOut } from './setup.ts'

const never = () => new Promise<never>(() => {})

/** A model that streams some elements, then answers after `ms` of the clock's time. */
function slow(clock: ReturnType<typeof fakeClock>, ms: number, streamed: object[], last: object[]) {
  return async ({
    request,
  }: {
    request: { stream?: { onElement: (each: unknown) => void } | undefined }
  }) => {
    for (const each of streamed) request.stream?.onElement(each)
    await clock.sleep(ms)
    return answer(...streamed, ...last)
  }
}

describe('at the deadline', () => {
  it('what has streamed is there, what is missing is late, and the rest comes as late findings', async () => {
    const clock = fakeClock()
    const early = element({ title: 'Early' })
    const late = element({
      title: 'Token leaks',
      body: 'It is logged.',
      quote: 'const d = 4',
      severity: 'high',
    })
    const found = await tryOut({ deps: { clock }, script: slow(clock, 9_000, [early], [late]) })
    expect(found.latencyMs).toBe(2_500)
    expect(found.pending).toBe(true)
    expect(found.findings.map(finding => finding.title)).toEqual(['Early'])
    expect(outcomes(found)).toEqual(['openai/first src/a.ts: late'])
    expect(found.receipt.files).toMatchObject([{ coverage: 'skipped', reason: 'step-failed' }])
    expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('neutral')
    expect(found.lineDigests).toEqual({})

    const rest = await found.whenLate
    expect(rest.late.map(finding => finding.title)).toEqual(['Token leaks'])
    expect(rest.receipt.steps).toMatchObject([{ outcome: 'ok' }])
    expect(rest.receipt.leftOut).toEqual([{ reason: 'late', count: 1, blocking: 1 }])
    expect(rest.latencyMs).toBe(9_000)
    expect(rest.usd).toBeGreaterThan(0)
    expect(Object.keys(rest.lineDigests)).toEqual(['src/a.ts'])
  })

  it('a late answer that says the same again is not told twice, surer or not', async () => {
    const clock = fakeClock()
    const script = slow(
      clock,
      9_000,
      [element()],
      [element({ confidence: 0.99, body: 'The sum is plainly wrong.' })],
    )
    const found = await tryOut({ deps: { clock }, script })
    expect(found.findings).toHaveLength(1)
    expect((await found.whenLate).late).toEqual([])
  })

  it('late findings do not push out what was posted, nor is what was over the limit told as late', async () => {
    const clock = fakeClock()
    const streamed = [
      element({ severity: 'high', title: 'Alpha' }),
      element({ quote: 'const d = 4', title: 'Beta', body: 'b' }),
    ]
    const worse = element({ severity: 'critical', quote: 'const a = 1', title: 'Gamma', body: 'g' })
    const found = await tryOut({
      deps: { clock },
      script: slow(clock, 9_000, streamed, [worse]),
      preferences: { maxComments: 1 },
    })
    expect(found.findings.map(finding => finding.title)).toEqual(['Alpha'])
    const rest = await found.whenLate
    expect(rest.late.map(finding => finding.title)).toEqual(['Gamma'])
    expect(rest.receipt.leftOut).toEqual([
      { reason: 'over-comment-limit', count: 1 },
      { reason: 'late', count: 1, blocking: 1 },
    ])
  })

  it('a review that is done in time has nothing late', async () => {
    const found = await tryOut({})
    const rest = await found.whenLate
    expect(rest).toEqual({
      late: [],
      receipt: found.receipt,
      lineDigests: found.lineDigests,
      usd: found.usd,
      latencyMs: found.latencyMs,
    })
    expect(found.pending).toBe(false)
  })

  it('what never answers is given up at the abort, told to stop, and stays late in the receipt', async () => {
    const clock = fakeClock()
    let stopped: AbortSignal | undefined
    const found = await tryOut({
      deps: { clock },
      limits: { abortMs: 20_000 },
      script: async (_, signal) => {
        stopped = signal
        return never()
      },
    })
    expect(stopped?.aborted).toBe(false)
    const rest = await found.whenLate
    expect(rest.latencyMs).toBe(20_000)
    expect(stopped?.aborted).toBe(true)
    expect(rest.receipt.steps).toMatchObject([{ outcome: 'late' }])
  })

  it('an abort before the deadline ends the wait', async () => {
    const found = await tryOut({ limits: { abortMs: 1_000, deadlineMs: 5_000 }, script: never })
    expect(found.latencyMs).toBe(1_000)
    expect((await found.whenLate).receipt.steps).toMatchObject([{ outcome: 'late' }])
  })

  it('a slow first model leaves time for its replacement', async () => {
    const clock = fakeClock()
    const found = await tryOut({
      deps: { clock },
      configuration: { routing: { strategy: 'adaptive', primary, secondary } },
      limits: { abortMs: 10_000 },
      script: async ({ choice }) => {
        if (choice.model === 'second') return answer(element())
        await clock.sleep(6_000)
        throw new Fault('model-timeout', 'deadline', { retry: 'never' })
      },
    })
    const rest = await found.whenLate
    expect(rest.late).toHaveLength(1)
    expect(concludeCheck(rest.receipt, [], rest.late).conclusion).toBe('success')
  })

  it('a model is given what is left of the time, the first of an adaptive route less', async () => {
    const given: number[] = []
    const models = {
      has: () => true,
      ask: async (_: unknown, __: unknown, limits: { deadlineMs: number }) => {
        given.push(limits.deadlineMs)
        throw new Fault('model-unavailable', 'down', { retry: 'soon' })
      },
    }
    await tryOut({
      deps: { models },
      limits: { abortMs: 10_000 },
      configuration: { routing: { strategy: 'adaptive', primary, secondary } },
    })
    expect(given).toEqual([6_000, 10_000])
  })
})

describe('a newer head', () => {
  it('that is known beforehand stops everything before a model is asked', async () => {
    const asked: string[] = []
    const trial = tryOut({ signal: AbortSignal.abort(), script: async () => void asked.push('x') })
    await expect(trial).rejects.toMatchObject({ code: 'superseded' })
    expect(asked).toEqual([])
  })

  it('that comes while models think ends the review and their calls', async () => {
    const newer = new AbortController()
    let theirs: AbortSignal | undefined
    const trial = tryOut({
      signal: newer.signal,
      script: async (_, signal) => {
        theirs = signal
        queueMicrotask(() => newer.abort())
        return never()
      },
    })
    await expect(trial).rejects.toMatchObject({ code: 'superseded', retry: 'never' })
    expect(theirs?.aborted).toBe(true)
  })

  it('that carries its own reason is reported by it', async () => {
    const reason = new Fault('superseded', 'the pull request was closed', { retry: 'never' })
    await expect(tryOut({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('that comes after the deadline ends what is pending, and what there is is told', async () => {
    const newer = new AbortController()
    const found = await tryOut({
      signal: newer.signal,
      script: async ({ request }) => {
        request.stream?.onElement(element())
        return never()
      },
    })
    newer.abort()
    const rest = await found.whenLate
    expect(found.findings).toHaveLength(1)
    expect(rest.late).toEqual([])
    expect(rest.receipt.steps).toMatchObject([{ outcome: 'late' }])
  })
})

describe('money and tokens', () => {
  it('that are refused for every call leave an honest receipt and no review', async () => {
    const found = await tryOut({ deps: { reserve: async () => false } })
    expect(found.asked).toEqual([])
    expect(outcomes(found)).toEqual(['openai/first src/a.ts: skipped budget-exhausted'])
    expect(found.receipt.files).toMatchObject([{ coverage: 'skipped', reason: 'over-token-budget' }])
    expect(concludeCheck(found.receipt, [])).toMatchObject({
      conclusion: 'neutral',
      title: 'Nothing reviewed',
    })
  })

  it('that are refused for one model of two leave the other’s review', async () => {
    let reserved = 0
    const found = await tryOut({
      configuration: { routing: { strategy: 'ensemble', primary, secondary } },
      deps: { reserve: async () => ++reserved === 1 },
    })
    expect(found.receipt.files).toMatchObject([{ coverage: 'seen' }])
    expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('neutral')
  })

  it('are reserved in shares that together are the review’s', async () => {
    const shares: number[] = []
    await tryOut({
      limits: { reviewUsd: 8 },
      configuration: {
        routing: { strategy: 'ensemble', primary, secondary },
        technique: { pass: 'single-pass', analysersFirst: false, selfCheck: true },
      },
      deps: { reserve: async usd => shares.push(usd) > 0 },
    })
    expect(shares).toEqual([2, 2, 2, 2])
  })

  it('stop further calls when a call has used them up', async () => {
    const found = await tryOut({
      limits: { reviewUsd: 0.001, parallelCalls: 1 },
      configuration: { routing: { strategy: 'ensemble', primary, secondary } },
    })
    expect(found.receipt.files).toMatchObject([{ coverage: 'seen' }])
    expect(outcomes(found)).toEqual([
      'openai/first src/a.ts: ok',
      'anthropic/second src/a.ts: skipped budget-exhausted',
    ])
  })

  it('stop further calls at the review’s tokens', async () => {
    const found = await tryOut({
      snapshot: {
        ...snapshotOf(files('src/a.ts'), { body: 'A long description. '.repeat(200) }),
        instructions: [{ path: 'AGENTS.md', text: 'Use tabs everywhere. '.repeat(300) }],
      },
      limits: { reviewTokens: 1_600, parallelCalls: 1 },
      configuration: { routing: { strategy: 'ensemble', primary, secondary } },
    })
    expect(found.asked).toHaveLength(1)
    expect(outcomes(found)[1]).toBe('anthropic/second src/a.ts: skipped budget-exhausted')
  })

  it('that a failed call used are counted', async () => {
    const cost = { inputTokens: 900, cachedInputTokens: 0, outputTokens: 5, usd: 0.5 }
    const found = await tryOut({
      deps: { usageOf: () => cost },
      script: async () => {
        throw new Fault('model-invalid', 'no JSON', { retry: 'never' })
      },
    })
    expect(found.usd).toBe(0.5)
    expect(found.receipt.steps).toMatchObject([{ outcome: 'failed', inputTokens: 900, usd: 0.5 }])
  })
})

it('an unknown prompt is a fault of the configuration, and nothing is left running', async () => {
  const clock = fakeClock()
  await expect(tryOut({ deps: { clock }, configuration: { prompt: 'nothing@9' } })).rejects.toMatchObject({
    code: 'configuration-invalid',
  })
  await new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(resolve))))
  expect(clock.elapsed()).toBe(0)
})

it('files whose contents are too large for analysers, or unknown, are not given to them', async () => {
  const given: string[] = []
  const snapshot = {
    ...snapshotOf(files('a.ts', 'b.ts', 'c.ts')),
    contents: new Map([
      ['a.ts', 'x'],
      ['b.ts', 'é'.repeat(600)],
    ]),
  }
  const analysers = {
    ...fakeAnalysers(),
    analyse: async (_: unknown, those: readonly { path: string }[]) => (
      given.push(...those.map(file => file.path)),
      []
    ),
  }
  await tryOut({
    snapshot,
    limits: { fileBytes: 1_000 },
    configuration: { analysers: ['oxlint'] },
    deps: { analysers },
  })
  expect(given).toEqual(['a.ts'])
})
