import { describe, expect, it } from 'vitest'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { changedLineDigests } from '../../../src/core/review/rounds.ts'
import {
  claimedDefects,
  isSound,
  judgeSmoke,
  smokeTry,
  type SmokeTry,
} from '../../../src/core/smoke/judge.ts'
import { smokeSet } from '../../../src/core/smoke/set.ts'
import { configurationOf, findingOf, receiptOf, stepOf } from '../../support/fakes.ts'

const set = smokeSet()
const [first] = set.filter(each => each.defects.length > 0)
const [clean] = set.filter(each => each.defects.length === 0)
if (!first || !clean) throw new Error('the set has both kinds')
const all = set.flatMap(each => each.defects)
const withModels = configurationOf({ analysers: genesisConfiguration.analysers })

const tried = (more: (name: string) => Partial<SmokeTry> = () => ({})) =>
  set.map(of => ({
    of,
    attempt: {
      state: 'done' as const,
      fault: null,
      outage: false,
      latencyMs: 1,
      found: of.defects,
      others: [],
      ...more(of.name),
    },
  }))

describe('the smoke set', () => {
  it('has defects and clean pull requests in several languages, each defect on a line of the diff', () => {
    expect(new Set(set.map(each => each.name)).size).toBe(set.length)
    expect(set.filter(each => each.defects.length === 0).length).toBeGreaterThanOrEqual(3)
    const languages = set.flatMap(each => each.snapshot.files.map(file => file.path.split('.').at(-1)))
    expect(new Set(languages).size).toBeGreaterThanOrEqual(5)
    for (const { snapshot, defects } of set) {
      for (const file of snapshot.files) expect(changedLineDigests(file)).toHaveLength(file.additions)
      for (const { path, line, text } of defects)
        expect(snapshot.contents.get(path)?.split('\n')[line - 1]).toBe(text)
    }
    expect(set.flatMap(each => [...each.snapshot.contents.values()]).join('')).not.toMatch(/[⟦⟧]/)
  })

  it('has defects for analysers and for models alike', () => {
    expect(claimedDefects(genesisConfiguration, all).models).toEqual([])
    const { analysers, models } = claimedDefects(withModels, all)
    expect([analysers.length, models.length].map(count => count >= 6)).toEqual([true, true])
    expect(analysers.length + models.length).toBe(all.length)
    expect(claimedDefects(configurationOf({ analysers: [] }), all).models).toHaveLength(all.length)
  })
})

describe('a try', () => {
  const [defect] = first.defects
  if (!defect) throw new Error('it has one')
  const at = { path: defect.path, startLine: defect.line, line: defect.line }
  it.each<[string, Parameters<typeof findingOf>[0], boolean]>([
    ['on its line', at, true],
    ['on a neighbour', { ...at, startLine: defect.line + 1, line: defect.line + 1 }, true],
    ['over its line', { ...at, startLine: 1, line: 400 }, true],
    ['on what was removed', { ...at, side: 'LEFT' }, false],
    ['in another file', { ...at, path: 'elsewhere.ts' }, false],
    ['further away', { ...at, startLine: 400, line: 400 }, false],
  ])('finds a defect by a finding %s', (_where, finding, hit) => {
    const { found, others } = smokeTry(first, {
      findings: [findingOf({ title: 'T', ...finding })],
      receipt: receiptOf(),
      latencyMs: 5,
    })
    expect(found.includes(defect)).toBe(hit)
    expect(others).toHaveLength(hit ? 0 : 1)
  })

  it.each<[string, Parameters<typeof stepOf>[0], Partial<SmokeTry>]>([
    ['everything answered', {}, { state: 'done', fault: null, outage: false }],
    ['a late step', { outcome: 'late', fault: 'model-timeout' }, { state: 'degraded', outage: false }],
    [
      'a model that answers nonsense',
      { outcome: 'failed', fault: 'model-invalid' },
      { state: 'failed', fault: 'model-invalid', outage: false },
    ],
    [
      'an open circuit',
      { outcome: 'failed', fault: 'model-unavailable' },
      { state: 'failed', fault: 'model-unavailable', outage: true },
    ],
    ['an empty purse', { outcome: 'refused', fault: 'budget-exhausted' }, { outage: true }],
  ])('with %s is what it is', (_what, step, expected) => {
    const receipt = receiptOf({ steps: [stepOf(step)] })
    expect(smokeTry(first, { findings: [], receipt, latencyMs: 1 })).toMatchObject(expected)
  })

  it('is worth repeating when it was degraded, or found something in a clean case', () => {
    const [done] = tried().map(each => each.attempt)
    if (!done) throw new Error('there is one')
    expect(isSound(first, done)).toBe(true)
    expect(isSound(first, { ...done, state: 'degraded' })).toBe(false)
    expect(isSound(clean, { ...done, others: ['a.ts:1 T'] })).toBe(false)
    expect(isSound(first, { ...done, others: ['a.ts:1 T'] })).toBe(true)
  })
})

describe('the judgement', () => {
  const models = (share: number) => {
    const kept = claimedDefects(withModels, all).models
    const found = new Set(kept.slice(0, Math.ceil(share * kept.length)))
    return tried(name => ({
      found:
        set
          .find(each => each.name === name)
          ?.defects.filter(each => found.has(each) || each.claimedBy !== 'model') ?? [],
    }))
  }
  it.each<[string, ReturnType<typeof tried>, string, RegExp | null]>([
    ['everything found', tried(), 'passed', null],
    ['half of what models should see', models(0.5), 'passed', null],
    ['a third of it', models(1 / 3), 'failed', /models found 2 of/],
    ['mute models', models(0), 'failed', /models found 0 of/],
    ['mute analysers', tried(() => ({ found: [] })), 'failed', /analysers found 0 of/],
    [
      'one degraded case',
      tried(name => (name === first.name ? { state: 'degraded' } : {})),
      'failed',
      /degraded/,
    ],
    [
      'an error',
      tried(name => (name === first.name ? { state: 'failed', fault: 'bug' } : {})),
      'failed',
      /failed: bug/,
    ],
    [
      'a remark on clean code',
      tried(name => (name === clean.name ? { others: ['a.ts:1 T'] } : {})),
      'failed',
      /is clean, and 1/,
    ],
    [
      'an outage',
      tried(() => ({ state: 'failed', fault: 'model-unavailable', outage: true })),
      'unmeasured',
      /model-unavailable/,
    ],
  ])('on %s', (_what, tries, outcome, why) => {
    const judged = judgeSmoke(withModels, tries)
    expect(judged.outcome).toBe(outcome)
    if (why === null) expect(judged.why).toEqual([])
    else expect(judged.why.join('; ')).toMatch(why)
  })

  it('on a configuration that examines nothing is never passed', () => {
    const nothing = configurationOf({ routing: { strategy: 'none' }, analysers: [] })
    expect(judgeSmoke(nothing, tried()).outcome).toBe('failed')
  })
})
