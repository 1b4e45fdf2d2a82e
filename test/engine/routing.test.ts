import { describe, expect, it } from 'vitest'
import type { Routing } from '../../src/core/configuration.ts'
import { Fault, type FaultCode } from '../../src/core/fault.ts'
import { concludeCheck } from '../../src/core/review/check.ts'
import { lostSteps } from '../../src/core/review/receipt.ts'
import { fakeAnalysers, fileOf, primary, secondary, snapshotOf } from '../support/fakes.ts'
import { answer, element, files, modelsAsked, outcomes, tryOut } from './setup.ts'

const adaptive: Routing = { strategy: 'adaptive', primary, secondary }
const ensemble: Routing = { strategy: 'ensemble', primary, secondary }
const failing = (code: FaultCode) => async (asked: { choice: { model: string } }) => {
  if (asked.choice.model === 'first') throw new Fault(code, 'no', { retry: 'never' })
  return answer(element())
}

it.each<[Routing, string[]]>([
  [{ strategy: 'none' }, []],
  [{ strategy: 'primary', primary }, ['first']],
  [{ strategy: 'secondary', secondary }, ['second']],
  [ensemble, ['first', 'second']],
  [adaptive, ['first']],
])('$strategy asks %j', async (routing, expected) => {
  const found = await tryOut({ configuration: { routing } })
  expect(modelsAsked(found.asked)).toEqual(expected)
  expect(found.findings).toHaveLength(expected.length === 0 ? 0 : 1)
  expect(found.pending).toBe(false)
  expect(lostSteps(found.receipt)).toEqual([])
})

it('reviews nothing, and says so, without models and without an analyser that knows the language', async () => {
  const { receipt, findings } = await tryOut({
    configuration: { routing: { strategy: 'none' }, analysers: ['ruff'] },
  })
  expect(receipt.files).toMatchObject([{ path: 'src/a.ts', coverage: 'skipped' }])
  expect(concludeCheck(receipt, findings)).toMatchObject({ conclusion: 'neutral', title: 'Nothing reviewed' })
})

describe('when the first model of an adaptive route fails', () => {
  const faults: FaultCode[] = [
    'model-unauthorized',
    'model-refused',
    'model-invalid',
    'model-truncated',
    'model-rate-limited',
    'model-unavailable',
    'model-timeout',
    'model-rejected',
  ]
  it.each(faults)('with %s, the second takes its place and the review is whole', async code => {
    const found = await tryOut({ configuration: { routing: adaptive }, script: failing(code) })
    const outcome = code === 'model-refused' ? 'refused' : 'failed'
    expect(outcomes(found)).toEqual([
      `openai/first src/a.ts: ${outcome} ${code}`,
      'anthropic/second src/a.ts: ok',
    ])
    expect(found.receipt.steps[1]?.fallbackFor).toBe('openai/first')
    expect(found.findings[0]?.source).toBe('anthropic/second')
    expect(lostSteps(found.receipt)).toEqual([])
    expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('success')
  })

  it.each<FaultCode>(['bug', 'budget-exhausted', 'superseded'])(
    'with %s, nobody else is asked',
    async code => {
      const found = await tryOut({ configuration: { routing: adaptive }, script: failing(code) })
      expect(modelsAsked(found.asked)).toEqual(['first'])
      expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('neutral')
    },
  )

  it('because there is no key for it, the second is asked at once', async () => {
    const found = await tryOut({ configuration: { routing: adaptive }, missing: ['openai'] })
    expect(outcomes(found)).toEqual([
      'openai/first src/a.ts: skipped model-unauthorized',
      'anthropic/second src/a.ts: ok',
    ])
    expect(lostSteps(found.receipt)).toEqual([])
  })

  it('and the second fails too, both are in the receipt and the check is not green', async () => {
    const found = await tryOut({
      configuration: { routing: adaptive },
      script: async () => {
        throw new Fault('model-unavailable', 'down', { retry: 'soon' })
      },
    })
    expect(lostSteps(found.receipt)).toHaveLength(2)
    expect(found.receipt.files).toMatchObject([{ coverage: 'skipped', reason: 'step-failed' }])
    expect(concludeCheck(found.receipt, []).conclusion).toBe('neutral')
  })

  it('after it had streamed a finding, that finding is kept', async () => {
    const found = await tryOut({
      configuration: { routing: adaptive },
      script: async ({ choice, request }) => {
        if (choice.model === 'second') return answer()
        request.stream?.onElement(element({ title: 'Streamed' }))
        throw new Fault('model-truncated', 'cut', { retry: 'never' })
      },
    })
    expect(found.findings.map(finding => finding.title)).toEqual(['Streamed'])
  })
})

it('does not fall back where the route has no fallback', async () => {
  const found = await tryOut({ script: failing('model-unavailable') })
  expect(outcomes(found)).toEqual(['openai/first src/a.ts: failed model-unavailable'])
  expect(found.lineDigests).toEqual({})
})

describe('an ensemble', () => {
  it('merges what both say and is surer of it', async () => {
    const found = await tryOut({
      configuration: { routing: ensemble },
      script: async ({ choice }) => answer(element({ confidence: choice.model === 'first' ? 0.5 : 0.6 })),
    })
    expect(found.findings).toHaveLength(1)
    expect(found.findings[0]?.confidence).toBeCloseTo(0.8)
    expect(found.findings[0]?.sources).toEqual(['anthropic/second', 'openai/first'])
  })

  it('lets agreement lift a finding over the floor that neither passes alone', async () => {
    const unsure = async () => answer(element({ confidence: 0.4 }))
    const limits = { minConfidence: 0.6 }
    expect((await tryOut({ limits, script: unsure })).findings).toHaveLength(0)
    expect(
      (await tryOut({ limits, script: unsure, configuration: { routing: ensemble } })).findings,
    ).toHaveLength(1)
  })

  it('keeps what only one says', async () => {
    const found = await tryOut({
      configuration: { routing: ensemble },
      script: async ({ choice }) =>
        answer(
          choice.model === 'first'
            ? element()
            : element({ quote: 'const d = 4', title: 'Leak', body: 'Token.' }),
        ),
    })
    expect(found.findings).toHaveLength(2)
  })

  it('with one model down still reviews, and is not green', async () => {
    const found = await tryOut({ configuration: { routing: ensemble }, script: failing('model-unavailable') })
    expect(found.findings).toHaveLength(1)
    expect(found.receipt.files).toMatchObject([{ coverage: 'seen' }])
    expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('neutral')
    expect(found.lineDigests).toEqual({})
  })
})

describe('per file', () => {
  const lines = Array.from({ length: 200 }, (_, at) => `+const value${at} = compute(${at})`).join('\n')
  const many = snapshotOf(
    Array.from({ length: 12 }, (_, at) => fileOf(`src/f${at}.ts`, `@@ -0,0 +1,200 @@\n${lines}`)),
  )
  const perFile = { technique: { pass: 'per-file', analysersFirst: false, selfCheck: false } } as const

  it.each([1, 3, 64])('never has more than %i calls at a time', async parallelCalls => {
    let open = 0
    let most = 0
    const found = await tryOut({
      snapshot: many,
      configuration: perFile,
      limits: { parallelCalls },
      script: async () => {
        most = Math.max(most, ++open)
        for (let turn = 0; turn < 5; turn++) await Promise.resolve()
        open--
        return answer()
      },
    })
    expect(found.asked).toHaveLength(12)
    expect(most).toBe(Math.min(12, parallelCalls))
    expect(found.receipt.files.every(file => file.coverage === 'seen')).toBe(true)
  })

  it('loses only the file whose call fails', async () => {
    const found = await tryOut({
      snapshot: many,
      configuration: perFile,
      script: async ({ request }) => {
        if (request.user.includes('"src/f3.ts"')) throw new Fault('model-timeout', 'late', { retry: 'soon' })
        return answer()
      },
    })
    const missing = found.receipt.files.filter(file => file.coverage !== 'seen')
    expect(missing).toMatchObject([{ path: 'src/f3.ts', reason: 'step-failed' }])
    expect(Object.keys(found.lineDigests)).toHaveLength(11)
  })
})

describe('analysers', () => {
  const report = { analyser: 'oxlint', outcome: 'ok', paths: ['src/a.ts'], latencyMs: 5 } as const
  const linted = {
    path: 'src/a.ts',
    quote: 'const b = 2',
    side: 'RIGHT',
    severity: 'high',
    category: 'correctness',
    confidence: 0.95,
    title: 'Duplicate key',
    body: '',
    source: 'oxlint/no-dupe-keys',
  } as const
  const snapshot = {
    ...snapshotOf(files('src/a.ts')),
    contents: new Map([['src/a.ts', 'const a = 1\nconst b = 2\nconst d = 4\n']]),
  }
  const analysersOnly = { routing: { strategy: 'none' }, analysers: ['oxlint'] } as const
  const trial = { snapshot, configuration: { ...analysersOnly, analysers: ['oxlint' as const] } }

  it('review alone when there is no model', async () => {
    const found = await tryOut({
      ...trial,
      deps: { analysers: fakeAnalysers([{ ...report, paths: ['src/a.ts'], findings: [linted] }]) },
    })
    expect(found.findings.map(finding => finding.source)).toEqual(['oxlint/no-dupe-keys'])
    expect(found.receipt.files).toMatchObject([{ coverage: 'seen' }])
  })

  it.each(['failed', 'late'] as const)(
    'that are %s are in the receipt, and the check is not green',
    async outcome => {
      const reports = [{ ...report, paths: ['src/a.ts'], outcome, fault: 'analyser-timeout', findings: [] }]
      const found = await tryOut({ ...trial, deps: { analysers: fakeAnalysers(reports) } })
      expect(outcomes(found)).toEqual([`oxlint src/a.ts: ${outcome} analyser-timeout`])
      expect(found.receipt.files).toMatchObject([{ coverage: 'skipped', reason: 'step-failed' }])
      expect(concludeCheck(found.receipt, []).conclusion).toBe('neutral')
    },
  )

  it('that throw, or answer nothing at all, lose no model’s review', async () => {
    const broken = { analyse: async () => Promise.reject(new Error('spawn failed')), close: async () => {} }
    const silent = fakeAnalysers([])
    for (const [analysers, fault] of [
      [broken, 'bug'],
      [silent, 'analyser-failed'],
    ] as const) {
      const found = await tryOut({ snapshot, configuration: { analysers: ['oxlint'] }, deps: { analysers } })
      expect(outcomes(found)).toEqual([`oxlint src/a.ts: failed ${fault}`, 'openai/first src/a.ts: ok'])
      expect(found.findings).toHaveLength(1)
    }
  })

  it('that go first are context for the models', async () => {
    const found = await tryOut({
      snapshot,
      configuration: {
        analysers: ['oxlint'],
        technique: { pass: 'single-pass', analysersFirst: true, selfCheck: false },
      },
      deps: { analysers: fakeAnalysers([{ ...report, paths: ['src/a.ts'], findings: [linted] }]) },
    })
    expect(found.asked[0]?.request.user).toContain('["src/a.ts",null,"oxlint/no-dupe-keys","Duplicate key"]')
  })

  it('that never end hold the models back only for part of the deadline', async () => {
    const found = await tryOut({
      snapshot,
      configuration: {
        analysers: ['oxlint'],
        technique: { pass: 'single-pass', analysersFirst: true, selfCheck: false },
      },
      deps: { analysers: { analyse: () => new Promise(() => {}), close: async () => {} } },
    })
    expect(found.findings.map(finding => finding.source)).toEqual(['openai/first'])
    expect(outcomes(found)[0]).toBe('oxlint src/a.ts: late')
    expect(found.pending).toBe(true)
  })

  it('are not asked when the repository does not want them', async () => {
    const found = await tryOut({ ...trial, preferences: { analysers: false } })
    expect(found.receipt.steps).toEqual([])
  })

  it('do not make a file reviewed that the models had no tokens for', async () => {
    const found = await tryOut({
      snapshot,
      configuration: { analysers: ['oxlint'] },
      limits: { callTokens: 1_000 },
      deps: { analysers: fakeAnalysers([{ ...report, paths: ['src/a.ts'], findings: [] }]) },
    })
    expect(found.asked).toEqual([])
    expect(found.receipt.files).toMatchObject([{ coverage: 'skipped', reason: 'over-token-budget' }])
    expect(concludeCheck(found.receipt, []).conclusion).toBe('neutral')
  })
})
