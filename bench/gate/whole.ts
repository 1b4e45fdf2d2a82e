import { answerOf } from '../../src/core/gate/decide.ts'
import { addPullRequest, addRun, noGateEvidence } from '../../src/core/gate/evidence.ts'
import { defaultThresholds } from '../../src/core/gate/thresholds.ts'
import { atLeast, atMost, medianOf, summary, type Case, type Settings } from './cases.ts'
import { randomFrom, seedOf } from './random.ts'
import { pullFrom, type World } from './reviewers.ts'
import { meanAfter30 } from './rules.ts'

const first = { position: 1, promotions: 0 }
const most = 2000

const ordinary: World = {
  issues: 0.05,
  icc: 0.2,
  own: { recall: 0.9, falseAlarms: 0.005 },
  production: { recall: 0.7, falseAlarms: 0.03 },
  failures: 0.003,
  late: 0.01,
  pace: 40,
  audited: 1,
  reactions: { right: 0.3, wrong: 0.1 },
}
/** Few issues, so that a reviewer who says nothing is nearly always right. */
const sparse: World = { ...ordinary, issues: 0.02, production: { recall: 0.5, falseAlarms: 0.03 } }

/** Eight hunks in a hundred are wrong, and most of those nobody judges: the answered ones look like .99. */
const hidden: World = {
  ...ordinary,
  own: { recall: 0.9, falseAlarms: 0.079 },
  production: { recall: 0.7, falseAlarms: 0.1 },
  wrongUnanswered: 0.9,
}

interface Ends {
  promoted: (number | null)[]
  quarantined: (number | null)[]
  /** What accuracy alone would have promoted. */
  accurate: (number | null)[]
  /** When all five criteria were proven, whatever the minimum of evidence. */
  proven: (number | null)[]
  naive: (number | null)[]
}

/** The whole gate after every pull request, by the code that decides in earnest. */
function trials(world: World, { runs, seed }: Settings, part: number): Ends {
  const ends: Ends = { promoted: [], quarantined: [], accurate: [], proven: [], naive: [] }
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(seedOf(seed, part, run))
    let evidence = noGateEvidence
    let promoted: number | null = null
    let quarantined: number | null = null
    let accurate: number | null = null
    let proven: number | null = null
    let naive: number | null = null
    let [n, k] = [0, 0]
    for (let number = 1; number <= most; number++) {
      const { run: one, pull } = pullFrom(random, world, number)
      evidence = addRun(evidence, one, defaultThresholds)
      evidence = addPullRequest(evidence, pull, defaultThresholds)
      const { tp, fp, fn, tn } = pull.audited
      n += tp + fp + fn + tn
      k += tp + tn
      if (naive === null && meanAfter30(0.95).stops(n, k)) naive = number
      const { answer, assessed } = answerOf(evidence, defaultThresholds, first, pull.at)
      if (accurate === null && assessed.accuracy.state === 'proven') accurate = number
      if (Object.values(assessed).every(each => each.state === 'proven')) proven ??= number
      if (answer === 'promote') promoted = number
      if (answer === 'quarantine') quarantined = number
      if (answer !== 'wait') break
    }
    ends.promoted.push(promoted)
    ends.quarantined.push(quarantined)
    ends.accurate.push(accurate)
    ends.proven.push(proven)
    ends.naive.push(naive)
  }
  return ends
}

const degenerate: readonly [string, World][] = [
  ['mute, 2 % of hunks with issues', { ...sparse, own: { recall: 0, falseAlarms: 0 } }],
  ['timid, 2 % of hunks with issues', { ...sparse, own: { recall: 0.2, falseAlarms: 0.001 } }],
  ['spamming', { ...ordinary, own: { recall: 0.95, falseAlarms: 0.3 } }],
  [
    'parroting a production of .93',
    { ...ordinary, production: { recall: 0.5, falseAlarms: 0.047 }, own: 'parrot' },
  ],
]

/** Most of their trials go on to the horizon, so a tenth of the runs has to do. */
const lasting: readonly [string, World][] = [
  [
    'timid, 3 % with issues, production as timid',
    {
      ...sparse,
      issues: 0.03,
      production: { recall: 0.2, falseAlarms: 0.01 },
      own: { recall: 0.2, falseAlarms: 0.001 },
    },
  ],
  [
    'parroting a production of .98',
    { ...ordinary, production: { recall: 0.9, falseAlarms: 0.015 }, own: 'parrot' },
  ],
  ['true .92, nobody answers nine in ten of its mistakes', hidden],
]

function neverPromoted(name: string, ends: Ends): Case {
  const promoted = summary(ends.promoted)
  return atMost(`${name}: promoted`, promoted.share, 0, {
    error: promoted.error,
    simpler: {
      'accuracy alone': summary(ends.accurate).share,
      'mean >= .95 after 30': summary(ends.naive).share,
      quarantined: summary(ends.quarantined).share,
    },
  })
}

export function wholeCases(settings: Settings): Case[] {
  const few = { ...settings, runs: Math.ceil(settings.runs / 10) }
  const good = trials(ordinary, settings, 20)
  const { share, error } = summary(good.promoted)
  return [
    ...degenerate.map(([name, world], part) => neverPromoted(name, trials(world, settings, 10 + part))),
    ...lasting.map(([name, world], part) => neverPromoted(name, trials(world, few, 30 + part))),
    atLeast('whole gate, first experiment, true .99: promoted within 2,000', share, 0.8, {
      error,
      simpler: {
        'median pull requests': medianOf(good.promoted, most),
        'the five criteria, median': medianOf(good.proven, most),
        'accuracy alone, median': medianOf(good.accurate, most),
        'wrongly quarantined': summary(good.quarantined).share,
      },
    }),
  ]
}
