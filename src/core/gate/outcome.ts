import type { Counts } from '../score/hunks.ts'
import { sizeOf } from '../score/sums.ts'
import {
  breachKinds,
  type Breach,
  type GateEvidence,
  type Hits,
  type PullRequestEvidence,
} from './evidence.ts'
import type { Tally } from './mixture.ts'

/** A final outcome as it is stored: what an experiment's run and production's own came to on one sample. */
export interface StoredOutcome {
  /** When the sample was taken, ms since 1970. */
  takenAt: number
  counts: Counts
  baseline: Counts
  language: string
  changedLines: number
}

/** What an experiment's finished runs come to, whatever their samples' labels are. */
export interface RunTallies {
  /** Time of the first and of the newest, ms since 1970; null without any. */
  from: number | null
  to: number | null
  within: Tally
  healthy: Tally
  unmeasured: number
  breaches: readonly Breach[]
  sampler: (Tally & { rate: number }) | null
}

/** The same mapping as gate.judged_outcomes in migrations/0009_gate_evidence.sql: a test compares them. */
export function pullRequestOf(outcome: StoredOutcome): PullRequestEvidence {
  const { counts, baseline } = outcome
  const [audited, production] = [counts.audited, baseline.audited]
  const both = { own: hitsOf(audited), production: hitsOf(production) }
  return {
    at: outcome.takenAt,
    audited: { ...hitsOf(audited), due: audited.due, unanswered: audited.unanswered },
    production: hitsOf(production),
    volunteered: { right: counts.volunteered.right, wrong: counts.volunteered.wrong },
    found: counts.tp,
    hasIssue: counts.issues > 0,
    authors: counts.authors,
    groups: {
      [`language:${outcome.language}`]: both,
      [`size:${sizeOf(outcome.changedLines)}`]: both,
      ...severityGroups(counts, baseline),
    },
  }
}

const none: Hits = { tp: 0, fp: 0, fn: 0, tn: 0 }

function severityGroups(
  { auditedSeverity: own }: Counts,
  { auditedSeverity: production }: Counts,
): PullRequestEvidence['groups'] {
  const names = new Set([...Object.keys(own), ...Object.keys(production)] as (keyof typeof own)[])
  return Object.fromEntries(
    [...names].map(name => [
      `severity:${name}`,
      { own: own[name] ?? none, production: production[name] ?? none },
    ]),
  )
}

function hitsOf({ tp, fp, fn, tn }: Hits): Hits {
  return { tp, fp, fn, tn }
}

/** Evidence of pull requests with what the runs came to: their tallies are counted anew each time. */
export function withRuns(evidence: GateEvidence, runs: RunTallies): GateEvidence {
  const times = (of: 'from' | 'to'): number[] => [evidence[of] ?? [], runs[of] ?? []].flat()
  return {
    ...evidence,
    from: least(times('from')),
    to: greatest(times('to')),
    within: runs.within,
    healthy: runs.healthy,
    unmeasured: runs.unmeasured,
    breaches: breachKinds.filter(kind => runs.breaches.includes(kind)),
    sampler: runs.sampler,
  }
}

const least = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.min(...times))
const greatest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.max(...times))
