import { expect, it } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { concludeCheck } from '../../src/core/review/check.ts'
import { claimsPerCheck } from '../../src/core/review/prompt.ts'
import { lostSteps } from '../../src/core/review/receipt.ts'
import { primary, secondary, type Script } from '../support/fakes.ts'
import { answer, element, modelsAsked, outcomes, tryOut } from './setup.ts'

const technique = { pass: 'single-pass', analysersFirst: false, selfCheck: true } as const
const right = element({ title: 'Real', body: 'It fails.' })
const wrong = element({ title: 'Imagined', body: 'It may fail.', quote: 'const d = 4' })
const verdict = (id: number, holds: boolean) => ({ id, holds, why: 'Because.' })

/** Answers reviews with `elements` and second looks with `verdicts`. */
function script(elements: object[], verdicts: object[] | Fault): Script {
  return async ({ request }) => {
    if (request.schema.name === 'review') return answer(...elements)
    if (verdicts instanceof Fault) throw verdicts
    return { verdicts }
  }
}

it('drops what the second look refutes, and counts it', async () => {
  const found = await tryOut({
    configuration: { technique },
    script: script([right, wrong], [verdict(0, true), verdict(1, false)]),
  })
  expect(found.findings.map(finding => finding.title)).toEqual(['Real'])
  expect(found.leftOut.map(each => [each.reason, each.finding.title])).toEqual([['refuted', 'Imagined']])
  expect(found.receipt.leftOut).toEqual([{ reason: 'refuted', count: 1 }])
  expect(outcomes(found)).toEqual(['openai/first src/a.ts: ok', 'openai/first self-check: ok'])
})

it.each<[string, object[], string[]]>([
  ['no verdict at all', [], ['Imagined', 'Real']],
  [
    'verdicts on claims that were not made',
    [verdict(7, false), verdict(-1, false), verdict(0.5, false)],
    ['Imagined', 'Real'],
  ],
  ['the same claim twice', [verdict(1, false), verdict(1, true)], ['Real']],
])('with %s, claims that were not refuted stand', async (_, verdicts, expected) => {
  const found = await tryOut({ configuration: { technique }, script: script([right, wrong], verdicts) })
  expect(found.findings.map(finding => finding.title).toSorted()).toEqual(expected)
})

it('lets the claims stand when the second look fails, and is not green', async () => {
  const down = new Fault('model-unavailable', 'down', { retry: 'soon' })
  const found = await tryOut({ configuration: { technique }, script: script([right, wrong], down) })
  expect(found.findings).toHaveLength(2)
  expect(outcomes(found)).toContain('openai/first self-check: failed model-unavailable')
  expect(concludeCheck(found.receipt, found.findings).conclusion).toBe('neutral')
})

it('does not look again when there is no claim', async () => {
  const found = await tryOut({ configuration: { technique }, script: script([], []) })
  expect(found.asked).toHaveLength(1)
})

it('judges an element once although it came while streaming, in another order of keys', async () => {
  const reordered = Object.fromEntries(Object.entries(right).toReversed())
  const found = await tryOut({
    configuration: { technique },
    script: async asked => {
      if (asked.request.schema.name === 'review') asked.request.stream?.onElement(reordered)
      return script([right], [verdict(0, false)])(asked, new AbortController().signal)
    },
  })
  expect(found.findings).toEqual([])
  expect(found.receipt.leftOut).toEqual([{ reason: 'refuted', count: 1 }])
})

it('looks at many claims in several calls, none unjudged', async () => {
  const titles = Array.from({ length: 2 * claimsPerCheck + 1 }, (_, at) => `Claim ${at}`)
  const found = await tryOut({
    configuration: { technique },
    script: script(
      titles.map(title => element({ title })),
      Array.from({ length: claimsPerCheck }, (_, id) => verdict(id, false)),
    ),
  })
  expect(found.asked).toHaveLength(4)
  expect(found.findings).toEqual([])
  expect(found.receipt.leftOut).toEqual([{ reason: 'refuted', count: titles.length }])
})

it('after a fallback asks the model that answered, about the claims of both', async () => {
  const found = await tryOut({
    configuration: { technique, routing: { strategy: 'adaptive', primary, secondary } },
    script: async ({ choice, request }) => {
      if (request.schema.name !== 'review') return { verdicts: [verdict(1, false)] }
      if (choice.model === 'second') return answer(wrong)
      request.stream?.onElement(right)
      throw new Fault('model-truncated', 'cut', { retry: 'never' })
    },
  })
  expect(modelsAsked(found.asked)).toEqual(['first', 'second', 'second'])
  expect(found.findings.map(finding => finding.title)).toEqual(['Real'])
  expect(lostSteps(found.receipt)).toEqual([])
})
