import { addPair, logCertain, noEqualPairs, noPairs, type Attempt } from '../../src/core/gate/paired.ts'
import { atMost, levelBar, summary, type Case, type Settings } from './cases.ts'
import { randomFrom, seedOf, sharedChance, successes, type Random } from './random.ts'

const pulls = 1000
const margin = 0.05
const needed = -Math.log(0.05)

type PairFrom = (random: Random) => [own: Attempt, production: Attempt]

/** One to three issues in a pull request; what one reviewer finds there is correlated. */
function recallPair(own: number, production: number): PairFrom {
  return random => {
    const issues = 1 + Math.floor(random.next() * 3)
    const of = (mean: number): Attempt => ({
      tried: 1,
      right: successes(random, issues, sharedChance(random, mean, 0.2)) / issues,
    })
    return [of(own), of(production)]
  }
}

/** Production says something in six of ten pull requests, right in 0.9 of them; the experiment in all, right in 0.85. */
const talkative: PairFrom = random => {
  const says = random.chance(0.6)
  return [
    { tried: 1, right: random.chance(0.85) ? 1 : 0 },
    says ? { tried: 1, right: random.chance(0.9) ? 1 : 0 } : { tried: 0, right: 0 },
  ]
}

/** Both against production at the edge of the margin: how often either test is wrong. */
export function pairCases({ runs, seed }: Settings): Case[] {
  return (
    [
      ['recall .85 against .90', recallPair(0.85, 0.9), noEqualPairs],
      ['precision .85 against .90, speaking more', talkative, noPairs],
    ] as const
  ).map(([name, from, start], part) => {
    const [unharmed, harmed]: [(number | null)[], (number | null)[]] = [[], []]
    for (let run = 0; run < runs; run++) {
      const random = randomFrom(seedOf(seed, 50 + part, run))
      let pairs = start
      const at: { unharmed: number | null; harmed: number | null } = { unharmed: null, harmed: null }
      for (let n = 1; n <= pulls; n++) {
        pairs = addPair(pairs, ...from(random), margin)
        if (logCertain(pairs.unharmed, pairs.apart) >= needed) at.unharmed ??= n
        if (logCertain(pairs.harmed, pairs.apart) >= needed) at.harmed ??= n
      }
      unharmed.push(at.unharmed)
      harmed.push(at.harmed)
    }
    const { share, error } = summary(unharmed)
    return atMost(`${name}, margin .05: non-inferior`, share, levelBar(runs), {
      error,
      simpler: { 'same data, harm shown': summary(harmed).share },
    })
  })
}
