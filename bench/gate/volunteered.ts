import { logAccurate } from '../../src/core/gate/criteria.ts'
import { addPullRequest, noGateEvidence } from '../../src/core/gate/evidence.ts'
import { logMean } from '../../src/core/gate/capital.ts'
import { defaultThresholds } from '../../src/core/gate/thresholds.ts'
import { logBelow } from '../../src/core/gate/mixture.ts'
import { atMost, summary, type Case, type Settings } from './cases.ts'
import { tabulated, type StoppingRule } from './exact.ts'
import { poisson, randomFrom, seedOf } from './random.ts'
import { mixtureRule } from './rules.ts'

const pulls = 2000
const mostFindings = 16_000
const silent = { tp: 0, fp: 0, fn: 0, tn: 0 }
const wait = -Math.log(defaultThresholds.level)

interface Reactions {
  right: number
  wrong: number
}

type Ends = Record<'promoted' | 'quarantined' | 'alone' | 'aloneAgainst', (number | null)[]>

/** Accuracy by who reacts. `alone` takes volunteered labels for a fair sample. */
function simulate(
  { runs, seed }: Settings,
  part: number,
  world: { truth: number; reactions: Reactions; audited: number },
  tables: { up: StoppingRule; down: StoppingRule },
): Ends {
  const ends: Ends = { promoted: [], quarantined: [], alone: [], aloneAgainst: [] }
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(seedOf(seed, part, run))
    const at: Record<keyof Ends, number | null> = {
      promoted: null,
      quarantined: null,
      alone: null,
      aloneAgainst: null,
    }
    let evidence = noGateEvidence
    let [n, k] = [0, 0]
    for (let number = 1; number <= pulls; number++) {
      const audited = { ...silent, due: 0, unanswered: 0 }
      const volunteered = { right: 0, wrong: 0 }
      for (let left = 1 + poisson(random, 3); left > 0; left--) {
        const right = random.chance(world.truth)
        if (random.chance(right ? world.reactions.right : world.reactions.wrong))
          volunteered[right ? 'right' : 'wrong']++
        if (random.chance(world.audited)) audited[right ? 'tp' : 'fp']++
      }
      n += volunteered.right + volunteered.wrong
      k += volunteered.right
      audited.due = audited.tp + audited.fp
      const pull = { at: number, audited, production: silent, volunteered, found: 0, hasIssue: false }
      evidence = addPullRequest(evidence, { ...pull, authors: {}, groups: {} }, defaultThresholds)
      if (logAccurate(evidence) >= wait) at.promoted ??= number
      if (logMean(evidence.accuracy.below) >= wait) at.quarantined ??= number
      if (tables.up.stops(n, k)) at.alone ??= number
      if (tables.down.stops(n, k)) at.aloneAgainst ??= number
      // Both rules have spoken: nothing more can change.
      if (at.promoted !== null && at.alone !== null) break
    }
    for (const name of ['promoted', 'quarantined', 'alone', 'aloneAgainst'] as const)
      ends[name].push(at[name])
  }
  return ends
}

export function volunteeredCases(settings: Settings): Case[] {
  const tables = {
    up: mixtureRule(0.95, 0.05, mostFindings),
    down: tabulated(
      {
        side: 'below',
        stops: (n, successes) => logBelow(0.95, { n, successes }) >= wait,
      },
      mostFindings,
    ),
  }
  const shy = { right: 0.3, wrong: 0.1 }
  const cell = (part: number, truth: number, reactions: Reactions, audited: number): Ends =>
    simulate(settings, part, { truth, reactions, audited }, tables)
  const praise = [0, 0.1].map((audited, part) => {
    const { promoted, alone } = cell(30 + part, 0.9, shy, audited)
    const { share, error } = summary(promoted)
    return atMost(
      `true .90, wrong ones reacted to 3 times less, ${audited === 0 ? 'no audit' : '10 % audited'}: promoted`,
      share,
      0.01,
      { error, simpler: { 'volunteered alone': summary(alone).share } },
    )
  })
  const { quarantined, aloneAgainst } = cell(32, 0.98, { right: 0.05, wrong: 0.3 }, 0.1)
  const { share, error } = summary(quarantined)
  return [
    ...praise,
    atMost('true .98, wrong ones reacted to 6 times more, 10 % audited: quarantined', share, 0.05, {
      error,
      simpler: { 'volunteered alone': summary(aloneAgainst).share },
    }),
  ]
}
