import { describe, expect, it } from 'vitest'
import { decide, type Verdict } from '../../../src/core/gate/decide.ts'
import {
  addPullRequest,
  addRun,
  noGateEvidence,
  type GateEvidence,
  type PullRequestEvidence,
} from '../../../src/core/gate/evidence.ts'
import { defaultThresholds } from '../../../src/core/gate/thresholds.ts'
import { dayMs, hits, pullAt, runAt, trialOf } from './evidence.ts'

const first = { position: 1, promotions: 0 }
const thresholds = defaultThresholds
const wordOn = (evidence: GateEvidence, now = evidence.to ?? 0, budget = first): Verdict =>
  decide(evidence, thresholds, budget, now)
const missingFrom = (verdict: Verdict): string =>
  'missing' in verdict ? verdict.missing.join('\n') : `nothing: ${verdict.answer}`

const good = trialOf(300)

describe('promote', () => {
  it('is the word on an experiment that is right, fast, sound and better than production', () => {
    const verdict = wordOn(good)
    expect(verdict.answer).toBe('promote')
    for (const criterion of Object.values(verdict.criteria)) expect(criterion.state).toBe('proven')
  })

  it('comes out the same from evidence that was stored as JSON in between', () =>
    expect(wordOn(JSON.parse(JSON.stringify(good)) as GateEvidence)).toEqual(wordOn(good)))

  it.each<[string, GateEvidence, RegExp]>([
    ['no evidence', noGateEvidence, /0 of 60 labelled pull requests/],
    ['59 labelled pull requests', trialOf(59), /59 of 60 labelled pull requests/],
    ['less than two weeks', trialOf(139), /13 of 14 days/],
    [
      'nothing found, where nothing was to be found',
      trialOf(300, {
        pull: () => ({
          audited: { ...hits(0, 0, 0, 4), due: 4, unanswered: 0 },
          production: hits(0, 0, 0, 4),
          found: 0,
          hasIssue: false,
        }),
      }),
      /0 of 20 hunks in which it found a real issue/,
    ],
    [
      'labels of one person',
      trialOf(300, { pull: () => ({ authors: { ada: 4 } }) }),
      /one person decided 100 %/,
    ],
    [
      'nobody’s answer on more than a tenth of the draw',
      trialOf(300, { pull: () => ({ audited: { ...hits(1, 0, 0, 3), due: 5, unanswered: 1 } }) }),
      /300 of 1500 drawn hunks have no answer/,
    ],
    [
      'an answer to all but a thirteenth of the draw, as the rest counts as wrong',
      trialOf(300, {
        pull: n => ({ audited: { ...hits(1, 0, 0, 3), due: n % 3 ? 4 : 5, unanswered: n % 3 ? 0 : 1 } }),
      }),
      /accuracy: not at the present rate/,
    ],
    [
      'pull requests that nobody answered at all',
      trialOf(300, {
        pull: n => (n % 11 === 0 ? { audited: { ...hits(0, 0, 0, 0), due: 4, unanswered: 4 } } : {}),
      }),
      /accuracy: not at the present rate/,
    ],
    [
      'a reviewer that is right on nearly all hunks and finds a fifth of what is there, as production does',
      trialOf(900, {
        pull: n => ({
          at: (n / 40) * dayMs,
          audited: { ...(n % 5 ? hits(0, 0, 1, 39) : hits(1, 0, 0, 39)), due: 40, unanswered: 0 },
          production: n % 5 === 1 ? hits(1, 0, 0, 39) : hits(0, 0, 1, 39),
          found: n % 5 ? 0 : 1,
        }),
      }),
      /finds 0.200 of the known issues: more than 0.25 must be shown/,
    ],
    [
      'nothing but what production says too',
      trialOf(900, { pull: n => ({ at: (n / 40) * dayMs, production: hits(1, 0, 0, 3) }) }),
      /^0 of 10 pull requests in which it says something else than production$/,
    ],
    [
      'runs that could not be measured',
      trialOf(300, { run: n => (n % 5 === 0 ? { state: 'unmeasured' } : {}) }),
      /60 of 300 runs could not be measured/,
    ],
    [
      'labels that people volunteered only',
      trialOf(300, {
        pull: () => ({
          audited: { ...hits(0, 0, 0, 0), due: 0, unanswered: 0 },
          production: hits(0, 0, 0, 0),
          volunteered: { right: 4, wrong: 0 },
        }),
      }),
      /accuracy: no audited pull requests yet/,
    ],
    [
      'nothing known of production',
      trialOf(300, { pull: () => ({ production: null }) }),
      /recall: no audited pull requests with an issue yet/,
    ],
    [
      'a sampler that takes twice what it should',
      { ...good, sampler: { n: 1000, successes: 500, rate: 0.25 } },
      /the sampler took 500 of 1000/,
    ],
    [
      'errors that are not shown to be few',
      trialOf(300, { run: n => (n % 60 === 0 ? { state: 'degraded' } : {}) }),
      /errors: \d+ more runs/,
    ],
    [
      'a group that is harmed',
      trialOf(300, {
        pull: n =>
          n % 10 === 0
            ? { groups: { 'language:Go': { own: hits(0, 0, 1, 3), production: hits(1, 0, 0, 3) } } }
            : {},
      }),
      /recall is below production’s by 1.00 in language:Go/,
    ],
  ])('is not the word with %s', (_, evidence, missing) => {
    const verdict = wordOn(evidence)
    expect(verdict.answer).toBe('wait')
    expect(missingFrom(verdict)).toMatch(missing)
  })

  it.each([
    ['behind the evidence', (good.to ?? 0) - 1],
    ['no number', NaN],
  ])('is not the word when the clock is %s', (_, now) => {
    expect(missingFrom(wordOn(good, now))).toContain('the clock is behind the newest evidence')
  })

  it('waits longer the later an experiment stands, less so after promotions, and says so', () => {
    const needed = (position: number, promotions: number): number =>
      wordOn(good, good.to ?? 0, { position, promotions }).needed.promote
    expect(needed(1, 0)).toBeCloseTo(Math.log(32.89868134), 8)
    expect(needed(5, 0)).toBeCloseTo(Math.log(822.4670334), 8)
    expect(needed(5, 1)).toBeCloseTo(needed(5, 0) - Math.log(2), 8)
    expect(wordOn(good, good.to ?? 0, { position: 10_000, promotions: 0 }).answer).toBe('wait')
  })

  it('takes the word of few people where that is allowed, and says that it was', () => {
    const few = { ...thresholds, fewPeople: true }
    const evidence = trialOf(300, { pull: () => ({ authors: { ada: 4 } }), thresholds: few })
    const verdict = decide(evidence, few, first, evidence.to ?? 0)
    expect(verdict).toMatchObject({ answer: 'promote', waived: ['a few people may decide the labels'] })
  })
})

describe('quarantine', () => {
  it.each(['budget', 'schema', 'blacklist', 'secret'] as const)(
    'is the word at once after a breach: %s',
    breach => {
      const evidence = addRun(good, runAt(31, { breach }), thresholds)
      expect(wordOn(evidence)).toMatchObject({ answer: 'quarantine', reasons: [{ kind: 'breach', breach }] })
    },
  )

  it.each([
    ['accuracy', trialOf(60, { pull: () => ({ audited: { ...hits(1, 1, 0, 2), due: 4, unanswered: 0 } }) })],
    ['latency', trialOf(40, { run: n => (n % 3 === 0 ? { latencyMs: 3001 } : {}) })],
    ['errors', trialOf(40, { run: n => (n % 4 === 0 ? { state: 'degraded' } : {}) })],
    ['recall', trialOf(60, { pull: () => ({ audited: { ...hits(0, 0, 1, 3), due: 4, unanswered: 0 } }) })],
    [
      'precision',
      trialOf(60, {
        pull: n => ({
          audited: { ...(n % 2 ? hits(1, 1, 0, 48) : hits(1, 0, 0, 49)), due: 50, unanswered: 0 },
          production: hits(1, 0, 0, 49),
        }),
      }),
    ],
  ] as const)('is the word when %s is disproven', (criterion, evidence) => {
    const verdict = wordOn(evidence)
    expect(verdict).toMatchObject({ answer: 'quarantine' })
    expect('reasons' in verdict && verdict.reasons).toContainEqual({ kind: 'disproven', criterion })
  })

  it.each<[string, GateEvidence, number]>([
    ['when a criterion is disproven', trialOf(40, { run: () => ({ state: 'degraded' }) }), 0],
    ['at the horizon', trialOf(40), 91 * dayMs],
  ])('and any other word is wait %s, while the sampler is broken', (_, evidence, now) => {
    const sampler = { n: 1000, successes: 500, rate: 0.25 }
    expect(wordOn(evidence, Math.max(now, evidence.to ?? 0)).answer).not.toBe('wait')
    const verdict = wordOn({ ...evidence, sampler }, Math.max(now, evidence.to ?? 0))
    expect(verdict.answer).toBe('wait')
    expect(missingFrom(verdict)).toMatch(/the sampler took 500 of 1000/)
  })

  it('is the word after a breach whatever the sampler does', () =>
    expect(wordOn({ ...good, breaches: ['secret'], sampler: { n: 9, successes: 9, rate: 0.1 } }).answer).toBe(
      'quarantine',
    ))

  it('takes failed runs for late ones and for errors', () => {
    const { criteria } = wordOn(trialOf(10, { run: () => ({ state: 'failed', latencyMs: 10 }) }))
    expect(criteria.latency).toMatchObject({ value: 0, state: 'disproven' })
    expect(criteria.errors).toMatchObject({ value: 0, state: 'disproven' })
  })

  it.each([NaN, -1, Infinity])('a latency of %d ms is late', latencyMs =>
    expect(addRun(noGateEvidence, runAt(0, { latencyMs }), thresholds).within).toEqual({
      n: 1,
      successes: 0,
    }),
  )

  it('is not the word for what nobody answered: that disproves nothing', () => {
    const evidence = trialOf(300, {
      pull: n => (n % 2 ? { audited: { ...hits(0, 0, 0, 0), due: 4, unanswered: 4 } } : {}),
    })
    expect(wordOn(evidence)).toMatchObject({ answer: 'wait', criteria: { accuracy: { value: 1, n: 150 } } })
  })

  it('is never the word because of what people volunteer', () => {
    const evidence = trialOf(800, {
      pull: () => ({
        audited: { ...hits(0, 0, 0, 0), due: 0, unanswered: 0 },
        production: hits(0, 0, 0, 0),
        volunteered: { right: 0, wrong: 4 },
      }),
    })
    expect(wordOn(evidence).answer).toBe('wait')
  })
})

describe('expire', () => {
  const unproven = { run: (n: number) => (n % 50 === 0 ? { state: 'degraded' as const } : {}) }
  it.each([
    ['90 days', trialOf(300, unproven), 90],
    [
      '2,000 labelled pull requests',
      trialOf(2000, { ...unproven, pull: n => ({ at: (n / 40) * dayMs }) }),
      200,
    ],
  ])('is the word after %s without proof', (_, evidence, day) => {
    const verdict = wordOn(evidence, day * dayMs)
    expect(verdict.answer).toBe('expire')
    expect(missingFrom(verdict)).toMatch(/errors/)
  })

  it('is not overtaken by proof that comes too late', () =>
    expect(wordOn(good, 90.1 * dayMs).answer).toBe('expire'))
})

describe('what is missing', () => {
  it('names how much more of what there is, and that much more is enough', () => {
    const few = trialOf(150)
    const verdict = wordOn(few)
    expect(verdict.answer).toBe('wait')
    const errors =
      'outlook' in verdict ? verdict.outlook.find(each => each.criterion === 'errors') : undefined
    expect(errors?.words).toMatch(/^errors: (\d+) more runs, or \1 more samples, at the present rate/)
    const more = errors?.more ?? NaN
    const after = (extra: number): string => {
      let evidence = few
      for (let n = 0; n < extra; n++) evidence = addRun(evidence, runAt(15), thresholds)
      return wordOn(evidence).criteria.errors.state
    }
    expect(after(more)).toBe('proven')
    expect(after(more - 1)).toBe('open')
  })

  it('names audited findings and samples for accuracy, where not every sample is audited', () => {
    const none = { ...hits(0, 0, 0, 0), due: 0, unanswered: 0 }
    const verdict = wordOn(
      trialOf(160, { pull: n => (n % 4 === 0 ? {} : { audited: none, production: hits(0, 0, 0, 0) }) }),
    )
    expect(missingFrom(verdict)).toMatch(/accuracy: \d+ more audited findings, or \d+ more samples/)
    const outlook =
      'outlook' in verdict ? verdict.outlook.find(each => each.criterion === 'accuracy') : undefined
    expect(outlook?.samples).toBe(4 * (outlook?.more ?? NaN))
  })

  it('says when the present rate never gets there', () => {
    const evidence = trialOf(100, { run: n => (n % 25 === 0 ? { state: 'degraded' } : {}) })
    expect(missingFrom(wordOn(evidence))).toContain('errors: not at the present rate')
  })
})

describe('evidence', () => {
  it('comes to the same criteria in any order of the pull requests, where production is as talkative', () => {
    const pulls = Array.from({ length: 50 }, (_, n) => pullAt(1, n))
    const of = (list: typeof pulls): Verdict =>
      wordOn(list.reduce((sum, pull) => addPullRequest(sum, pull, thresholds), noGateEvidence))
    const [a, b] = [of(pulls), of(pulls.toReversed())]
    for (const name of ['accuracy', 'recall'] as const) {
      expect(a.criteria[name].logFor).toBeCloseTo(b.criteria[name].logFor, 9)
      expect(a.criteria[name].logAgainst).toBeCloseTo(b.criteria[name].logAgainst, 9)
    }
  })

  const counted: [string, (n: number) => Partial<PullRequestEvidence>][] = [
    ['found', n => ({ found: n })],
    ['of an author', n => ({ authors: { ada: n } })],
    ['in a group', n => ({ groups: { g: { own: hits(0, n, 0, 1), production: hits(0, 0, 0, 1) } } })],
    ['of production', n => ({ production: hits(0, 0, n, 1) })],
    ['volunteered', n => ({ volunteered: { right: n, wrong: 0 } })],
    ...(['tp', 'fp', 'fn', 'tn', 'due', 'unanswered'] as const).map((name): (typeof counted)[number] => [
      `audited ${name}`,
      n => ({ audited: { ...hits(1, 0, 0, 3), due: 4, unanswered: 0, [name]: n } }),
    ]),
  ]
  it.each(counted.flatMap(([name, more]) => [-1, NaN, Infinity].map(n => [n, name, more] as const)))(
    'a count of %d %s is refused',
    (n, _, more) =>
      expect(() => addPullRequest(noGateEvidence, pullAt(0, 0, more(n)), thresholds)).toThrow(RangeError),
  )

  it.each<[string, Partial<GateEvidence>]>([
    ['unmeasured runs', { unmeasured: NaN }],
    ['drawn hunks', { audited: { due: NaN, unanswered: 0, hunks: 1200 } }],
    ['unanswered hunks', { audited: { due: 1200, unanswered: NaN, hunks: 1200 } }],
    ['hunks found', { found: NaN }],
    ['pull requests that differ', { differing: NaN }],
    ['what the sampler took', { sampler: { n: 100, successes: NaN, rate: 0.25 } }],
    ['the sampler’s rate', { sampler: { n: 100, successes: 25, rate: NaN } }],
    ['an author’s hunks', { authors: { ...good.authors, ada: NaN } }],
    ['shares found', { pool: { ...good.pool, above: good.pool.above.map(() => NaN) } }],
  ])('that holds no number of %s promotes nothing', (_, more) =>
    expect(wordOn({ ...good, ...more }).answer).toBe('wait'),
  )

  it('without a time is refused', () =>
    expect(() => addPullRequest(noGateEvidence, pullAt(NaN, 0), thresholds)).toThrow(RangeError))

  it('stays small: two thousand pull requests in twenty groups are less than 40 kB', () => {
    const evidence = trialOf(2000, {
      pull: n => ({
        groups: { [`language:${n % 20}`]: { own: hits(1, 0, 0, 3), production: hits(1, 0, 0, 3) } },
      }),
    })
    expect(JSON.stringify(evidence).length).toBeLessThan(40_000)
  })

  it('flags who is hardly better than a reviewer that says nothing', () => {
    const quiet = { audited: { ...hits(1, 0, 1, 998), due: 1000, unanswered: 0 } }
    expect(wordOn(trialOf(100, { pull: () => quiet })).flags).toEqual([
      'accuracy 0.999 is hardly above the 0.998 of saying nothing',
    ])
    expect(wordOn(good).flags).toEqual([])
  })
})
