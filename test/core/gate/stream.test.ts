import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decide } from '../../../src/core/gate/decide.ts'
import { readThresholds } from '../../../src/core/gate/settings.ts'
import { concluded, newStream, readOn, type Stream } from '../../../src/core/gate/stream.ts'
import { readLine } from '../../../src/core/gate/stream-line.ts'
import { defaultThresholds } from '../../../src/core/gate/thresholds.ts'
import { trialOf } from './evidence.ts'
import { generatedLines } from './stream-lines.ts'

function take(stream: Stream, each: object): { ignored: string | null; answer: string } {
  const line = readLine(JSON.stringify(each))
  if ('wrong' in line) throw new Error(line.wrong)
  const ignored = readOn(stream, line, defaultThresholds, 10)
  return { ignored, answer: concluded(stream, defaultThresholds).answer }
}

function fed(lines: readonly object[], stream = newStream()): { stream: Stream; ignored: (string | null)[] } {
  return { stream, ignored: lines.map(each => take(stream, each).ignored) }
}

const people = ['ada', 'bob', 'cy', 'dee', 'eli', 'fay']
const run = { kind: 'run', state: 'done', latencyMs: 1500 }
const pull = (n: number): object => ({
  kind: 'pull-request',
  audited: { tp: 1, tn: 3 },
  production: n % 2 === 0 ? { tp: 1, tn: 3 } : { fp: 1, fn: 1, tn: 2 },
  authors: { [people[n % people.length] ?? 'ada']: 4 },
  run: { state: 'done', latencyMs: 1500 },
})

describe('a stream', () => {
  it('comes to the verdict of the same evidence taken in by the gate', () => {
    const { stream } = fed(Array.from({ length: 120 }, (_, n) => pull(n)))
    const evidence = trialOf(120)
    const { criteria } = concluded(stream, defaultThresholds)
    expect(criteria).toEqual(decide(evidence, defaultThresholds, stream.budget, stream.now).criteria)
  })

  it('promotes a good trial, and nothing after that changes it', () => {
    const { stream, ignored } = fed([
      ...Array.from({ length: 300 }, (_, n) => pull(n)),
      { kind: 'run', state: 'failed' },
    ])
    expect(stream.ended?.answer).toBe('promote')
    expect(ignored.at(-1)).toBe('the trial has ended')
  })

  it('labels count when the line of their pull request comes, and not after it', () => {
    const label = {
      kind: 'label',
      pullRequest: '1',
      source: 'audited',
      author: 'ada',
      groups: ['language:Go'],
    }
    const before = fed([
      { ...label, issue: true, own: true, production: false },
      { ...label, issue: false, own: true, production: false },
      { ...label, issue: true, own: false, production: true },
      { ...label, issue: false, own: false, production: false },
      { ...label, source: 'volunteered', issue: false, own: true, production: true },
      { ...label, source: 'volunteered', issue: true, own: true, production: false },
    ]).stream
    expect(before.evidence).toEqual(newStream().evidence)
    expect(before.open.get('1')).toHaveLength(6)
    const { stream, ignored } = fed(
      [
        { kind: 'pull-request', id: '1' },
        { kind: 'pull-request', id: '1' },
        { ...label, issue: true, own: true, production: true },
      ],
      before,
    )
    const byCounts = fed([
      {
        kind: 'pull-request',
        audited: { tp: 1, fp: 1, fn: 1, tn: 1 },
        production: { tp: 1, fn: 1, tn: 2 },
        volunteered: { wrong: 1 },
        authors: { ada: 6 },
        groups: {
          'language:Go': { own: { tp: 1, fp: 1, fn: 1, tn: 1 }, production: { tp: 1, fn: 1, tn: 2 } },
        },
      },
    ]).stream
    expect(stream.open.size).toBe(0)
    // The issue that somebody volunteered, and production did not post, was found too.
    expect(stream.evidence).toEqual({ ...byCounts.evidence, found: 2 })
    expect(ignored).toEqual([null, 'pull request 1 is final', 'pull request 1 is final'])
  })

  it('keeps time: the line’s own, else a tenth of a day for each pull request, backwards never', () => {
    const { stream } = fed([pull(0), pull(1)])
    expect(stream.now - newStream().now).toBe(17_280_000)
    const later = fed(
      [
        { ...run, at: '2026-03-01T00:00:00Z' },
        { ...run, at: '2026-02-01T00:00:00Z' },
      ],
      stream,
    ).stream
    const verdict = concluded(later, defaultThresholds)
    expect('missing' in verdict && verdict.missing[0]).toBe('the clock is behind the newest evidence')
  })

  it('a new trial begins with nothing, at its own place in the budget', () => {
    const { stream } = fed([pull(0), { kind: 'trial', name: 'b', position: 5, promotions: 1 }])
    expect(stream).toEqual({ ...newStream(), name: 'b', budget: { position: 5, promotions: 1 } })
  })

  // Recorded when the state was copied at each line instead of changed.
  it('answers each of 360 generated lines as recorded: verdict, what is ignored, time, and what is taken in', () => {
    const stream = newStream()
    const answers = generatedLines().map(each => {
      const { answer, ignored } = take(stream, each)
      const { name, now, open, evidence } = stream
      const { pullRequests, audited, found, withIssue, healthy, groups, recall } = evidence
      const taken = [pullRequests, audited.hunks, found, withIssue, healthy.n]
      const sums = [...taken, Object.keys(groups).length, recall.own.right]
      return [answer, name, ignored ?? '-', new Date(now).toISOString(), open.size, ...sums].join('; ')
    })
    const recorded = new URL('../../fixtures/gate/stream-answers.txt', import.meta.url)
    expect(answers).toEqual(readFileSync(recorded, 'utf8').trimEnd().split('\n'))
  })

  it('a broken sampler makes it wait', () => {
    const { stream } = fed([{ kind: 'sampler', offered: 1000, taken: 500, rate: 0.25 }])
    const verdict = concluded(stream, defaultThresholds)
    expect('missing' in verdict && verdict.missing.join()).toContain('the sampler took 500 of 1000')
  })
})

describe('a line that cannot be read says how to correct it', () => {
  it.each([
    ['{', /^not JSON \(.*\); write one JSON object on each line$/],
    ['[]', /write a map of keys/],
    ['{"kind":"pul-request"}', /^kind: .*did you mean `pull-request`\?$/],
    ['{"kind":"run","state":"ok"}', /^state: .*write one of `done`, `degraded`, `failed`, `unmeasured`$/],
    ['{"kind":"run","state":"done","latency":3}', /^latency: unknown key; did you mean `latencyMs`\?$/],
    ['{"kind":"run","state":"done","at":"yesterday"}', /^at: .*write a time such as 2026-01-31T12:00:00Z$/],
    ['{"kind":"run","state":"done","latencyMs":1e999}', /^latencyMs: /],
    ['{"kind":"pull-request","audited":{"tp":-1}}', /^audited\.tp: out of range; at least 0$/],
    ['{"kind":"pull-request","audited":{"tp":1e300}}', /^audited\.tp: out of range; at most 1000000$/],
    ['{"kind":"pull-request","audited":{"tp":-1e300}}', /^audited\.tp: out of range; at least 0$/],
    ['{"kind":"pull-request","authors":{"ada":1e300}}', /^authors\.ada: out of range; at most 1000000$/],
    ['{"kind":"trial","position":1e300}', /^position: out of range; at most 9007199254740991$/],
    ['{"kind":"pull-request","audited":{"tp":0.5}}', /^audited\.tp: wrong type; write a whole number$/],
    ['{"kind":"label","pullRequest":"1"}', /^source: the key is missing; add `source`$/],
    ['{"kind":"sampler","offered":1,"taken":2,"rate":0.5}', /^taken: more than was offered/],
  ])('%s', (text, wrong) => {
    const read = readLine(text)
    expect('wrong' in read && read.wrong).toMatch(wrong)
  })
})

describe('settings', () => {
  it('change what they name, and leave the rest', () =>
    expect(readThresholds('{"accuracy":0.9,"minimum":{"days":0}}')).toEqual({
      ...defaultThresholds,
      accuracy: 0.9,
      minimum: { ...defaultThresholds.minimum, days: 0 },
    }))

  it.each([
    ['{"acuracy":0.9}', /^acuracy: unknown key; did you mean `accuracy`\?$/],
    ['{"accuracy":1}', /^accuracy: out of range/],
    ['{"gamma":0.5}', /^gamma: out of range; at least 1$/],
    ['nothing', /^not JSON/],
  ])('%s is refused', (text, wrong) => {
    const read = readThresholds(text)
    expect('wrong' in read && read.wrong).toMatch(wrong)
  })
})
