import {
  addPullRequest,
  addRun,
  noGateEvidence,
  type GateEvidence,
  type Hits,
  type PullRequestEvidence,
  type RunEvidence,
} from '../../../src/core/gate/evidence.ts'
import { defaultThresholds, type Thresholds } from '../../../src/core/gate/thresholds.ts'

export const dayMs = 86_400_000
const people = ['ada', 'bob', 'cy', 'dee', 'eli', 'fay']

export function hits(tp: number, fp: number, fn: number, tn: number): Hits {
  return { tp, fp, fn, tn }
}

export function runAt(day: number, more: Partial<RunEvidence> = {}): RunEvidence {
  return { at: day * dayMs, state: 'done', latencyMs: 1500, breach: null, ...more }
}

/** A pull request with one issue that is found, and three clean hunks; production misses every other issue. */
export function pullAt(day: number, n: number, more: Partial<PullRequestEvidence> = {}): PullRequestEvidence {
  const own = hits(1, 0, 0, 3)
  return {
    at: day * dayMs,
    audited: { ...own, due: 4, unanswered: 0 },
    production: n % 2 === 0 ? own : hits(0, 1, 1, 2),
    volunteered: { right: 0, wrong: 0 },
    found: 1,
    hasIssue: true,
    authors: { [people[n % people.length] ?? 'ada']: 4 },
    groups: {},
    ...more,
  }
}

/** `count` pull requests, ten a day, each with a run. */
export function trialOf(
  count: number,
  more: {
    pull?: (n: number) => Partial<PullRequestEvidence>
    run?: (n: number) => Partial<RunEvidence>
    thresholds?: Thresholds
    from?: GateEvidence
  } = {},
): GateEvidence {
  const thresholds = more.thresholds ?? defaultThresholds
  let evidence = more.from ?? noGateEvidence
  for (let n = 0; n < count; n++) {
    const day = n / 10
    evidence = addRun(evidence, runAt(day, more.run?.(n)), thresholds)
    evidence = addPullRequest(evidence, pullAt(day, n, more.pull?.(n)), thresholds)
  }
  return evidence
}
