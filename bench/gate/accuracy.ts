import { logMean } from '../../src/core/gate/capital.ts'
import { addFraction, noFractions } from '../../src/core/gate/fraction.ts'
import { atLeast, atMost, levelBar, medianOf, summary, type Case, type Settings } from './cases.ts'
import { stoppedBy, type StoppingRule } from './exact.ts'
import { poisson, randomFrom, seedOf, sharedChance, successes, type Random } from './random.ts'
import { addUniform, meanAfter30, mixtureRule, ownRule, uniformStart, wilsonPeeked } from './rules.ts'

const p0 = 0.95
const level = 0.05
const needed = -Math.log(level)
const most = 2000
/** Pull requests have about four findings: so many are enough for all of them. */
const mostFindings = 16_000

interface Pull {
  findings: number
  right: number
}

/** One finding to a pull request, or about four whose rightness is correlated. */
function pullFrom(random: Random, truth: number, icc: number | null): Pull {
  if (icc === null) return { findings: 1, right: random.chance(truth) ? 1 : 0 }
  const findings = 1 + poisson(random, 3)
  return { findings, right: successes(random, findings, sharedChance(random, truth, icc)) }
}

type Rule = 'own' | 'naive' | 'wilson' | 'mixture' | 'uniform'

interface Cell {
  truth: number
  icc: number | null
  pulls: number
  rules: readonly Rule[]
}

/** When each rule promotes, in pull requests; all rules see the same ones, after each of them. */
function simulate(
  cell: Cell,
  { runs, seed }: Settings,
  part: number,
  tables: { wilson: StoppingRule; mixture: StoppingRule },
): Record<Rule, (number | null)[]> {
  const stops: Record<Rule, (number | null)[]> = { own: [], naive: [], wilson: [], mixture: [], uniform: [] }
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(seedOf(seed, part, run))
    const at = new Map<Rule, number>()
    let own = noFractions
    let uniform = uniformStart
    let [n, k] = [0, 0]
    for (let pull = 1; pull <= cell.pulls && at.size < cell.rules.length; pull++) {
      const { findings, right } = pullFrom(random, cell.truth, cell.icc)
      const x = right / findings
      n += findings
      k += right
      for (const rule of cell.rules) {
        if (at.has(rule)) continue
        let stop: boolean
        switch (rule) {
          case 'own':
            own = addFraction(own, x, p0)
            stop = logMean(own.above) >= needed
            break
          case 'uniform':
            uniform = addUniform(uniform, x, p0)
            stop = logMean(uniform) >= needed
            break
          case 'naive':
            stop = meanAfter30(p0).stops(n, k)
            break
          case 'wilson':
            stop = tables.wilson.stops(n, k)
            break
          case 'mixture':
            stop = tables.mixture.stops(n, k)
            break
        }
        if (stop) at.set(rule, pull)
      }
    }
    for (const rule of cell.rules) stops[rule].push(at.get(rule) ?? null)
  }
  return stops
}

/** Proof of accuracy alone, at e >= 20: at the edge, inside clusters, and how long it takes. */
export function accuracyCases(settings: Settings): Case[] {
  const tables = { wilson: wilsonPeeked(p0, mostFindings), mixture: mixtureRule(p0, level, mostFindings) }
  const exact = (truth: number): number =>
    stoppedBy(ownRule(level, most), truth, () => true, most)[most] ?? NaN
  const promoted = (cell: Cell, part: number) => {
    const stops = simulate(cell, settings, part, tables)
    const of = (rule: Rule) => ({ ...summary(stops[rule]), median: medianOf(stops[rule], cell.pulls) })
    return {
      own: of('own'),
      naive: of('naive'),
      wilson: of('wilson'),
      mixture: of('mixture'),
      uniform: of('uniform'),
    }
  }
  const rules = ['own', 'naive', 'wilson', 'mixture'] as const
  const independent = [0.93, 0.95].map((truth, part): Case => {
    const { own, naive, wilson, mixture } = promoted({ truth, icc: null, pulls: most, rules }, part)
    const bar = part === 0 ? 0.01 : levelBar(settings.runs)
    // Where every pull request is right or wrong, the chance is known without drawing any.
    return atMost(`true ${truth}, independent: promoted, exactly`, exact(truth), bar, {
      simpler: {
        'mean >= .95 after 30': naive.share,
        'Wilson, peeked': wilson.share,
        'beta mixture': mixture.share,
        'own rule, simulated': own.share,
      },
    })
  })
  const clustered = promoted({ truth: 0.95, icc: 0.4, pulls: most, rules: [...rules, 'uniform'] }, 2)
  const [good, better] = [0.98, 0.99].map((truth, part) =>
    promoted({ truth, icc: 0.2, pulls: 1000, rules: ['own', 'uniform'] }, 3 + part),
  )
  return [
    ...independent,
    atMost('true 0.95, ICC 0.4: promoted', clustered.own.share, levelBar(settings.runs), {
      error: clustered.own.error,
      simpler: {
        'Wilson by finding': clustered.wilson.share,
        'beta mixture by finding': clustered.mixture.share,
        'uniform grid': clustered.uniform.share,
      },
    }),
    ...(good === undefined
      ? []
      : [
          atLeast('true 0.98, ICC 0.2: promoted within 1,000', good.own.share, 0.95, {
            error: good.own.error,
            simpler: { 'uniform grid': good.uniform.share },
          }),
          atMost('true 0.98, ICC 0.2: median pull requests', good.own.median, 140, {
            simpler: { 'uniform grid': good.uniform.median },
          }),
        ]),
    ...(better === undefined
      ? []
      : [
          atMost('true 0.99, ICC 0.2: median pull requests', better.own.median, 100, {
            simpler: { 'uniform grid': better.uniform.median },
          }),
        ]),
  ]
}
