import { canonicalJson, configurationId, sha256 } from '../ids.ts'
import { matching } from '../match/likeness.ts'
import { countsOf, wrongPair, type Basis, type BasisLabel } from '../score/basis.ts'
import { decide, type Verdict } from './decide.ts'
import { firstDifference } from './difference.ts'
import { addPullRequest, noGateEvidence, type Breach, type GateEvidence } from './evidence.ts'
import { pullRequestOf, withRuns, type RunTallies, type StoredOutcome } from './outcome.ts'
import type { BudgetPosition } from './budget.ts'
import type { Tally } from './mixture.ts'
import type { Thresholds } from './thresholds.ts'

/** Of a provider or a part of this system that was down: such a failed run measured nothing. As in gate.run_tallies. */
export const outages: readonly string[] = [
  'model-unavailable',
  'model-unauthorized',
  'model-rate-limited',
  'database-unavailable',
  'queue-unavailable',
]

export interface BundledRun {
  sampleId: string
  state: 'done' | 'degraded' | 'failed'
  errorCode: string | null
  latencyMs: number | null
  /** ms since 1970. */
  finishedAt: number
  /** Of the row without it; in files. */
  sha256?: string
}

/** What a verdict is computed from. */
export interface VerdictRows {
  /** ms since 1970. */
  decidedAt: number
  thresholds: Thresholds
  overheadMs: number
  budget: BudgetPosition
  /** In the order of finality. */
  outcomes: readonly StoredOutcome[]
  runs: readonly BundledRun[]
  sampler: (Tally & { rate: number }) | null
  breaches: readonly Breach[]
}

export interface BundledOutcome extends StoredOutcome {
  sequence: string
  sampleId: string
  /** As they stood when they became final. */
  labels: readonly BasisLabel[]
  /** What the counts are made again from; null where the texts were forgotten. */
  basis: Basis | null
  /** ms since 1970; null where they are there, or nobody noted when they went. */
  forgottenAt: number | null
  /** Of the row without it; in files. */
  sha256?: string
}

/** Everything that one verdict rests on, as rows, and what was made of it: plain JSON that can be taken elsewhere. */
export interface Bundle extends VerdictRows {
  format: 'cupel-verdict/2'
  verdictId: string
  experiment: { id: string; name: string; configurationId: string; configuration: unknown }
  releaseId: string
  outcomes: readonly BundledOutcome[]
  /** What was stored. */
  stored: { evidence: GateEvidence; verdict: Verdict }
}

/** The evidence, without and with the runs, and the verdict, from the rows alone. RangeError for counts that are none. */
export function recompute(bundle: VerdictRows): {
  sums: GateEvidence
  evidence: GateEvidence
  verdict: Verdict
} {
  const { thresholds, budget, decidedAt } = bundle
  let sums = noGateEvidence
  for (const outcome of bundle.outcomes) sums = addPullRequest(sums, pullRequestOf(outcome), thresholds)
  const evidence = withRuns(sums, talliesOf(bundle))
  return { sums, evidence, verdict: decide(evidence, thresholds, budget, decidedAt) }
}

function talliesOf({ runs, thresholds, overheadMs, sampler, breaches }: VerdictRows): RunTallies {
  const measured = runs.filter(run => !(run.state === 'failed' && outages.includes(run.errorCode ?? '')))
  const within = measured.filter(
    run =>
      run.state !== 'failed' && run.latencyMs !== null && run.latencyMs <= thresholds.latencyMs - overheadMs,
  )
  const times = runs.map(run => run.finishedAt)
  return {
    from: times.length === 0 ? null : Math.min(...times),
    to: times.length === 0 ? null : Math.max(...times),
    within: { n: measured.length, successes: within.length },
    healthy: { n: measured.length, successes: measured.filter(run => run.state === 'done').length },
    unmeasured: runs.length - measured.length,
    breaches,
    sampler,
  }
}

/** The first JSON path at which what was stored is not what its rows come to; null when all agrees. */
export function disagreement(bundle: Bundle): string | null {
  return configurationDisagrees(bundle) ?? rowDisagrees(bundle) ?? figureDisagrees(bundle)
}

/** Pull requests whose counts are taken as they are stored, as there is nothing to count them by. */
export function countedAsStored({ outcomes }: Bundle): readonly BundledOutcome[] {
  return outcomes.filter(outcome => outcome.basis === null)
}

function configurationDisagrees({
  experiment: { configuration, configurationId: id },
}: Bundle): string | null {
  try {
    return configurationId(configuration) === id ? null : 'experiment.configurationId'
  } catch {
    // What JSON holds and its canonical form does not: numbers beyond all bounds, nesting beyond the stack.
    return 'experiment.configuration'
  }
}

function rowDisagrees({ outcomes, runs }: Bundle): string | null {
  const samples = new Set<string>()
  let sequence = -1n
  for (const [index, outcome] of outcomes.entries()) {
    const path = `outcomes.${index}`
    if (BigInt(outcome.sequence) <= sequence) return `${path}.sequence`
    sequence = BigInt(outcome.sequence)
    if (samples.has(outcome.sampleId)) return `${path}.sampleId`
    samples.add(outcome.sampleId)
    const wrong = outcomeDisagrees(outcome)
    if (wrong !== null) return `${path}.${wrong}`
  }
  for (const [index, run] of runs.entries()) {
    const before = runs[index - 1]
    if (before !== undefined && compareRuns(before, run) >= 0) return `runs.${index}.finishedAt`
    if (hashDisagrees(run)) return `runs.${index}.sha256`
  }
  return null
}

/** The order of runs in a bundle. */
export function compareRuns(a: BundledRun, b: BundledRun): number {
  return a.finishedAt - b.finishedAt || (a.sampleId < b.sampleId ? -1 : a.sampleId > b.sampleId ? 1 : 0)
}

function outcomeDisagrees(outcome: BundledOutcome): string | null {
  const { labels, basis, counts, baseline } = outcome
  const unordered = labels.findIndex((label, index) => label.id !== index)
  if (unordered >= 0) return `labels.${unordered}.id`
  if (basis !== null) {
    const pair = wrongPair(labels, basis, matching)
    if (pair !== null) return pair
    const own = countsOf(labels, basis)
    const wrong =
      firstDifference(counts, own.counts, 'counts') ?? firstDifference(baseline, own.baseline, 'baseline')
    if (wrong !== null) return wrong
  }
  return hashDisagrees(outcome) ? 'sha256' : null
}

function hashDisagrees(row: { sha256?: string }): boolean {
  return row.sha256 !== undefined && row.sha256 !== hashWithout(row, ['sha256'])
}

/** SHA-256 of the canonical JSON of what is left. */
export function hashWithout(value: object, names: readonly string[]): string {
  return sha256(
    canonicalJson(Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))),
  )
}

function figureDisagrees(bundle: Bundle): string | null {
  let own: ReturnType<typeof recompute>
  try {
    own = recompute(bundle)
  } catch (error) {
    return `outcomes: ${error instanceof Error ? error.message : String(error)}`
  }
  return (
    firstDifference(bundle.stored.evidence, own.sums, 'stored.evidence') ??
    firstDifference(bundle.stored.verdict, own.verdict, 'stored.verdict')
  )
}
