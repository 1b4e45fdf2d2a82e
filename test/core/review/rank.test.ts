import { expect, it } from 'vitest'
import { rankAndCap } from '../../../src/core/review/rank.ts'
import { findingOf } from '../../support/fakes.ts'

const open = { severityFloor: 'info', minConfidence: 0, maxComments: 20 } as const
const titles = (findings: readonly { title: string }[]) => findings.map(finding => finding.title)

it.each([
  ['severity', { severity: 'high' }, { severity: 'low', confidence: 1 }],
  ['confidence', { confidence: 0.9 }, { confidence: 0.5 }],
  ['agreement among equals', { sources: ['a', 'b'] }, { sources: ['a'] }],
  ['security before correctness', { category: 'security' }, { category: 'correctness' }],
  ['path', { path: 'a' }, { path: 'b' }],
  ['line', { startLine: 1 }, { startLine: 2 }],
] as const)('ranks by %s', (_, better, worse) => {
  const a = findingOf({
    title: 'better',
    ...better,
    sources: 'sources' in better ? [...better.sources] : ['s'],
  })
  const b = findingOf({ title: 'worse', ...worse, sources: 'sources' in worse ? [...worse.sources] : ['s'] })
  expect(titles(rankAndCap([b, a], open).kept)).toEqual(['better', 'worse'])
})

it.each([
  [{ severityFloor: 'high' }, { severity: 'medium' }, 'below-severity-floor'],
  [{ severityFloor: 'high' }, { severity: 'high' }, undefined],
  [{ minConfidence: 0.5 }, { confidence: 0.49 }, 'below-confidence'],
  [{ minConfidence: 0.5 }, { confidence: 0.5 }, undefined],
  [{ maxComments: 0 }, {}, 'over-comment-limit'],
] as const)('with %j, %j is left out: %s', (caps, more, reason) => {
  const { kept, leftOut } = rankAndCap([findingOf(more)], { ...open, ...caps })
  expect(leftOut.map(each => each.reason)).toEqual(reason === undefined ? [] : [reason])
  expect(kept).toHaveLength(reason === undefined ? 1 : 0)
})

const inFile = (path: string, count: number, more: Parameters<typeof findingOf>[0] = {}) =>
  Array.from({ length: count }, (_, line) =>
    findingOf({ path, startLine: line, line, title: `${path}${line}`, ...more }),
  )

it('gives one file at most half of the places while others wait', () => {
  const { kept, leftOut } = rankAndCap(
    [...inFile('a', 10, { severity: 'high' }), ...inFile('b', 10, { severity: 'low' })],
    { ...open, maxComments: 8 },
  )
  expect(kept.filter(finding => finding.path === 'a')).toHaveLength(4)
  expect(kept.filter(finding => finding.path === 'b')).toHaveLength(4)
  expect(leftOut).toHaveLength(12)
})

it('gives one file all places when no other waits', () => {
  expect(rankAndCap(inFile('a', 10), { ...open, maxComments: 8 }).kept).toHaveLength(8)
})

it('holds no critical finding back for being one of many in its file', () => {
  const { kept } = rankAndCap([...inFile('a', 8, { severity: 'critical' }), ...inFile('b', 8)], {
    ...open,
    maxComments: 8,
  })
  expect(kept.filter(finding => finding.path === 'a')).toHaveLength(8)
})

it('loses none: every finding is kept or left out', () => {
  const all = [...inFile('a', 30), ...inFile('b', 3, { confidence: 0.1 })]
  const { kept, leftOut } = rankAndCap(all, { ...open, maxComments: 5, minConfidence: 0.2 })
  expect(new Set([...kept, ...leftOut.map(each => each.finding)])).toEqual(new Set(all))
})
