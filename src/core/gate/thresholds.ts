import { minimumEvidence, type Evidence } from '../minimum-evidence.ts'

/** What the gate asks for. Shares are 0 to 1; the capitals of the evidence depend on them, so evidence is kept for one set. */
export interface Thresholds {
  /** Mean share of audited hunks of a pull request that are judged rightly. */
  accuracy: number
  latencyMs: number
  /** Share of runs that must be within latencyMs: 0.95 makes it the 95th percentile. */
  latencyShare: number
  /** Largest share of failed or degraded runs. */
  errorRate: number
  /** How far recall and precision may be below production's. */
  margin: number
  /** Chance to promote what should not be, over the lifetime; and of each experiment, to quarantine what should not be. */
  level: number
  /** How many times less often a wrong finding is reacted to than a right one, at most. */
  gamma: number
  /** Share of due audited hunks that must be answered, and of runs that must be measured. */
  measured: number
  minimum: Evidence
  /** Share of the issues known in a pull request that an experiment must be shown to find: less is timid, however right it is. */
  poolRecall: number
  /** Least pull requests in which it says something else than production: who repeats it changes nothing for anybody. */
  differing: number
  /** A small team's word that a few people may decide its labels; every verdict says so. */
  fewPeople: boolean
  horizon: { pullRequests: number; days: number }
}

export const defaultThresholds: Thresholds = {
  accuracy: 0.95,
  latencyMs: 3000,
  latencyShare: 0.95,
  errorRate: 0.02,
  margin: 0.05,
  level: 0.05,
  gamma: 3,
  measured: 0.9,
  minimum: minimumEvidence,
  poolRecall: 0.25,
  differing: 10,
  fewPeople: false,
  horizon: { pullRequests: 2000, days: 90 },
}
