import { levelAt } from '../../src/core/gate/budget.ts'
import { atMost, medianOf, standardError, type Case, type Settings } from './cases.ts'
import { stoppedBy, type StoppingRule } from './exact.ts'
import { randomFrom, seedOf } from './random.ts'
import { meanAfter30, ownRule } from './rules.ts'

const level = 0.05
const most = 2000
const experiments = 20
const good = 4

/** Tables of the gate's bets by level, worked out once each. */
function rulesByLevel(): (level: number) => StoppingRule {
  const known = new Map<number, StoppingRule>()
  return of => {
    const rule = known.get(of) ?? ownRule(of, most)
    known.set(of, rule)
    return rule
  }
}

interface Outcome {
  /** Whether one at the edge was promoted, share of false ones among the promoted, and good ones promoted. */
  anyFalse: number
  falseShare: number
  power: number
}

type Levels = (position: number, promotions: number) => StoppingRule

/** All experiments see a pull request each, side by side; what is promoted first helps the others. */
function trial(
  outcomes: readonly Uint8Array[],
  good: readonly boolean[],
  rule: Levels,
): { promotedAt: (number | null)[] } & Outcome {
  const promotedAt = outcomes.map((): number | null => null)
  const right = outcomes.map(() => 0)
  let promotions = 0
  for (let n = 1; n <= most; n++) {
    for (const [i, own] of outcomes.entries()) {
      if (promotedAt[i] !== null) continue
      right[i] = (right[i] ?? 0) + (own[n - 1] ?? 0)
      if (!rule(i + 1, promotions).stops(n, right[i] ?? 0)) continue
      promotedAt[i] = n
      promotions++
    }
  }
  const promoted = promotedAt.map(at => at !== null)
  const wrong = promoted.filter((each, i) => each && !good[i]).length
  return {
    promotedAt,
    anyFalse: wrong > 0 ? 1 : 0,
    falseShare: wrong / Math.max(1, promotions),
    power: promoted.filter((each, i) => each && good[i]).length / good.filter(Boolean).length,
  }
}

export function manyCases({ runs, seed }: Settings): Case[] {
  const byLevel = rulesByLevel()
  const alone = byLevel(level)
  const bonferroni = byLevel(level / experiments)
  const naive = meanAfter30(0.95)
  const rules: Record<string, Levels> = {
    gate: (position, promotions) => byLevel(levelAt(level, { position, promotions })),
    'each at .05': () => alone,
    Bonferroni: () => bonferroni,
    'mean >= .95 after 30': () => naive,
  }
  const sums: Record<string, Outcome> = {}
  const whenGood: Record<string, (number | null)[]> = {}
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(seedOf(seed, 40, run))
    // The good ones stand anywhere among the others.
    const order = Array.from({ length: experiments }, (_, i) => ({ good: i < good, at: random.next() }))
      .toSorted((a, b) => a.at - b.at)
      .map(each => each.good)
    const outcomes = order.map(isGood =>
      Uint8Array.from({ length: most }, () => (random.chance(isGood ? 0.98 : 0.95) ? 1 : 0)),
    )
    for (const [name, rule] of Object.entries(rules)) {
      const { anyFalse, falseShare, power, promotedAt } = trial(outcomes, order, rule)
      ;(whenGood[name] ??= []).push(...promotedAt.filter((_, i) => order[i]))
      const sum = (sums[name] ??= { anyFalse: 0, falseShare: 0, power: 0 })
      sum.anyFalse += anyFalse / runs
      sum.falseShare += falseShare / runs
      sum.power += power / runs
    }
  }
  const value = sums['gate']?.anyFalse ?? NaN
  const shown = Object.entries(sums).flatMap(([name, { anyFalse, falseShare, power }]) => [
    ...(name === 'gate' ? [] : [[name, anyFalse] as const]),
    [`${name}: share of false ones`, falseShare] as const,
    [`${name}: good ones promoted`, power] as const,
    [`${name}: median pull requests of good ones`, medianOf(whenGood[name] ?? [], most)] as const,
  ])
  return [
    atMost('20 experiments, 16 at the edge: any false promotion', value, 0.08, {
      error: standardError(value, runs),
      simpler: Object.fromEntries(shown),
    }),
    retries(byLevel),
  ]
}

/** One idea at the edge, tried again 20 times with fresh samples. */
function retries(byLevel: (level: number) => StoppingRule): Case {
  const any = (rules: readonly StoppingRule[]): number =>
    1 - rules.reduce((none, rule) => none * (1 - (stoppedBy(rule, 0.95, () => true, most)[most] ?? NaN)), 1)
  const positions = Array.from({ length: experiments }, (_, i) => i + 1)
  return atMost(
    'an idea at the edge retried 20 times: ever promoted, exactly',
    any(positions.map(position => byLevel(levelAt(level, { position, promotions: 0 })))),
    level,
    { simpler: { 'each at .05': any(positions.map(() => byLevel(level))) } },
  )
}
