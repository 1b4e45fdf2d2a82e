import type { Hits, PullRequestEvidence, RunEvidence } from '../../src/core/gate/evidence.ts'
import { poisson, sharedChance, type Random } from './random.ts'

/** How often a reviewer finds what is there and says something where nothing is, by hunk. */
export interface Reviewer {
  recall: number
  falseAlarms: number
}

/** What pull requests are like, and how the experiment's runs go. */
export interface World {
  /** Share of hunks with an issue. */
  issues: number
  /** Correlation of what a reviewer does inside one pull request. */
  icc: number
  own: Reviewer | 'parrot'
  production: Reviewer
  failures: number
  late: number
  /** Pull requests in a day. */
  pace: number
  /** Share of hunks that the blind draw takes, and of those that nobody answers where the experiment is wrong. */
  audited: number
  wrongUnanswered?: number
  /** Chance that somebody reacts to a finding that is right, and to one that is wrong. */
  reactions: { right: number; wrong: number }
}

const languages = ['TypeScript', 'Python', 'Go'] as const
const people = ['ada', 'bob', 'cy', 'dee', 'eli', 'fay'] as const

/** One pull request of a world as evidence: one run of the experiment, and what labels say when they are final. */
export function pullFrom(
  random: Random,
  world: World,
  number: number,
): { run: RunEvidence; pull: PullRequestEvidence } {
  const at = (number / world.pace) * 86_400_000
  const of = (reviewer: Reviewer): { speaks: (issue: boolean) => boolean } => {
    const recall = sharedChance(random, reviewer.recall, world.icc)
    const falseAlarms = sharedChance(random, reviewer.falseAlarms, world.icc)
    return { speaks: issue => random.chance(issue ? recall : falseAlarms) }
  }
  const production = of(world.production)
  const own = world.own === 'parrot' ? null : of(world.own)
  const audited = { tp: 0, fp: 0, fn: 0, tn: 0 }
  const theirs = { tp: 0, fp: 0, fn: 0, tn: 0 }
  const volunteered = { right: 0, wrong: 0 }
  const authors: Record<string, number> = {}
  let [found, hasIssue, unanswered] = [0, false, 0]
  const hunks = 1 + poisson(random, 3)
  for (let hunk = 0; hunk < hunks; hunk++) {
    const issue = random.chance(world.issues)
    const posted = production.speaks(issue)
    const said = own === null ? posted : own.speaks(issue)
    const wanted = random.chance(world.audited)
    const left = wanted && issue !== said && random.chance(world.wrongUnanswered ?? 0)
    const drawn = wanted && !left
    if (left) unanswered++
    if (drawn) {
      audited[outcomeOf(issue, said)]++
      theirs[outcomeOf(issue, posted)]++
      const author = people[Math.floor(random.next() * people.length)] ?? 'ada'
      authors[author] = (authors[author] ?? 0) + 1
    }
    // People react to what they see, and they see what production posts.
    const reacted = posted && random.chance(issue ? world.reactions.right : world.reactions.wrong)
    if (reacted && said) volunteered[issue ? 'right' : 'wrong']++
    if (issue && (drawn || reacted)) {
      hasIssue = true
      if (said) found++
    }
  }
  const language = `language:${languages[Math.floor(random.next() * languages.length)] ?? 'Go'}`
  const failed = random.chance(world.failures)
  return {
    run: {
      at,
      state: failed ? 'failed' : 'done',
      latencyMs: failed ? null : random.chance(world.late) ? 4000 : 1500,
      breach: null,
    },
    pull: {
      at,
      audited: {
        ...audited,
        due: audited.tp + audited.fp + audited.fn + audited.tn + unanswered,
        unanswered,
      },
      production: theirs,
      volunteered,
      found,
      hasIssue,
      authors,
      groups: { [language]: { own: audited, production: theirs } },
    },
  }
}

function outcomeOf(issue: boolean, said: boolean): keyof Hits {
  if (issue) return said ? 'tp' : 'fn'
  return said ? 'fp' : 'tn'
}
