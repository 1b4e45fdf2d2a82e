import { z } from 'zod'
import { configurationId } from '../ids.ts'
import { decide, type Verdict } from './decide.ts'
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
}

/** Everything that one verdict rests on, as rows, and what was made of it: plain JSON that can be taken elsewhere. */
export interface Bundle {
  format: 'cupel-verdict/1'
  /** Null for a look at what there is now. */
  verdictId: string | null
  experiment: { id: string; name: string; configurationId: string; configuration: unknown }
  releaseId: string
  /** ms since 1970. */
  decidedAt: number
  thresholds: Thresholds
  overheadMs: number
  budget: BudgetPosition
  outcomes: readonly (StoredOutcome & { sequence: string; sampleId: string })[]
  runs: readonly BundledRun[]
  sampler: (Tally & { rate: number }) | null
  breaches: readonly Breach[]
  /** The labels that the outcomes were counted by, for people: nothing is recomputed from them. */
  labels: readonly unknown[]
  /** What was stored; null for a look. */
  stored: { evidence: GateEvidence; verdict: Verdict } | null
}

const bundleSchema = z.looseObject({
  format: z.literal('cupel-verdict/1'),
  experiment: z.looseObject({ configurationId: z.string(), configuration: z.unknown() }),
  decidedAt: z.number(),
  thresholds: z.looseObject({}),
  overheadMs: z.number(),
  budget: z.looseObject({ position: z.number(), promotions: z.number() }),
  outcomes: z.array(
    z.looseObject({ takenAt: z.number(), counts: z.looseObject({}), baseline: z.looseObject({}) }),
  ),
  runs: z.array(z.looseObject({ state: z.enum(['done', 'degraded', 'failed']), finishedAt: z.number() })),
  sampler: z.looseObject({}).nullable(),
  breaches: z.array(z.string()),
  stored: z.looseObject({ evidence: z.looseObject({}), verdict: z.looseObject({}) }),
})

/** An exported bundle; what does not look like one is told by the first path that is wrong. */
export function readBundle(text: string): { bundle: Bundle } | { wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { wrong: 'it is not JSON' }
  }
  const parsed = bundleSchema.safeParse(value)
  if (parsed.success) return { bundle: value as Bundle }
  const [issue] = parsed.error.issues
  return { wrong: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}` }
}

/** The evidence, without and with the runs, and the verdict, from the rows alone. RangeError for counts that are none. */
export function recompute(bundle: Bundle): { sums: GateEvidence; evidence: GateEvidence; verdict: Verdict } {
  const { thresholds, budget, decidedAt } = bundle
  let sums = noGateEvidence
  for (const outcome of bundle.outcomes) sums = addPullRequest(sums, pullRequestOf(outcome), thresholds)
  const evidence = withRuns(sums, talliesOf(bundle))
  return { sums, evidence, verdict: decide(evidence, thresholds, budget, decidedAt) }
}

function talliesOf({ runs, thresholds, overheadMs, sampler, breaches }: Bundle): RunTallies {
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
  const { configuration, configurationId: id } = bundle.experiment
  if (configurationId(configuration) !== id) return 'experiment.configurationId'
  if (bundle.stored === null) return null
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

/** Numbers agree to 1e-9, relative above 1; everything else exactly, as JSON has it. */
export function firstDifference(stored: unknown, own: unknown, path: string): string | null {
  // What JSON cannot hold was stored as null.
  const mine = typeof own === 'number' && !Number.isFinite(own) ? null : own
  if (typeof stored === 'number' && typeof mine === 'number')
    return Math.abs(stored - mine) <= 1e-9 * Math.max(1, Math.abs(mine)) ? null : path
  if (stored === null || mine === null || typeof stored !== 'object' || typeof mine !== 'object')
    return stored === mine ? null : path
  const [theirs, ours] = [stored as Record<string, unknown>, mine as Record<string, unknown>]
  const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].toSorted()
  for (const name of names) {
    if (theirs[name] === undefined && ours[name] === undefined) continue
    const found = firstDifference(theirs[name], ours[name], `${path}.${name}`)
    if (found !== null) return found
  }
  return null
}
