import { addPullRequest, noGateEvidence, type GateEvidence } from '../../src/core/gate/evidence.ts'
import { pullRequestOf, withRuns } from '../../src/core/gate/outcome.ts'
import type { EvidenceCut, GatedExperiment, GateSettings } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'

const OUTCOMES_AT_ONCE = 500

export interface Gathered {
  /** Sums of the pull requests, without the runs. */
  sums: GateEvidence
  evidence: GateEvidence
  cut: EvidenceCut
}

/**
 * Everything that speaks for or against an experiment, each final outcome once in the order of finality. What was kept with
 * the last verdict is gone on with; under other thresholds all is summed anew.
 */
export async function gather(
  deps: Pick<ReconcileDeps, 'evidence'>,
  experiment: GatedExperiment,
  { thresholds, overheadMs }: GateSettings,
): Promise<Gathered> {
  const kept = await deps.evidence.kept(experiment.id, thresholds)
  let sums = kept?.evidence ?? noGateEvidence
  let sequence = kept?.sequence ?? '0'
  for (;;) {
    const outcomes = await deps.evidence.outcomesAfter(experiment.id, sequence, OUTCOMES_AT_ONCE)
    for (const outcome of outcomes) sums = addPullRequest(sums, pullRequestOf(outcome), thresholds)
    sequence = outcomes.at(-1)?.sequence ?? sequence
    if (outcomes.length < OUTCOMES_AT_ONCE) break
  }
  const { runsTo, ...runs } = await deps.evidence.runs(experiment.id, thresholds.latencyMs - overheadMs)
  return { sums, evidence: withRuns(sums, runs), cut: { sequence, runsTo } }
}
