import { eligibleFrom, failureReasons, type FailureReason } from '../../src/core/gate/failure.ts'
import type { DoorAnswer, GatedExperiment, NewRecord, StoredVerdict } from '../../src/ports/gate.ts'
import type { GateDeps } from './deps.ts'
import { impact } from './impact.ts'

const EXAMPLES = 5

/** Ends the trials whose last word is quarantine or expiry: also those whose gate was killed between word and deed. */
export async function quarantineFailed(deps: GateDeps): Promise<void> {
  for (const experiment of await deps.evidence.experiments(['active', 'paused'])) {
    const newest = await deps.verdicts.newest(experiment.id)
    const answer = newest?.verdict.answer
    if (newest === null || (answer !== 'quarantine' && answer !== 'expire')) continue
    const reasons = failureReasons(newest.verdict)
    const outcome =
      answer === 'expire'
        ? 'inconclusive'
        : reasons.some(each => each.class === 'safety')
          ? 'dangerous'
          : 'failed'
    const archived = await archiveExperiment(deps, experiment, newest, outcome, reasons)
    if (archived.outcome === 'refused')
      deps.log.error({ experiment: experiment.id, why: archived.why }, 'a failed experiment was not archived')
  }
}

export async function archiveExperiment(
  deps: GateDeps,
  experiment: GatedExperiment,
  verdict: StoredVerdict | null,
  outcome: NewRecord['outcome'],
  reasons: readonly FailureReason[],
): Promise<DoorAnswer<string>> {
  const answer = await deps.quarantine.archive({
    experimentId: experiment.id,
    releaseId: null,
    outcome,
    failureReasons: { reasons, examples: await deps.evidence.examples(experiment.id, EXAMPLES) },
    metrics:
      verdict === null ? {} : { verdict: verdict.id, criteria: verdict.verdict.criteria, cut: verdict.cut },
    impact: await impact(
      deps,
      experiment.configuration,
      { kind: 'experiment', id: experiment.id },
      outcome === 'dangerous',
    ),
    eligibleFrom: eligibleFrom(reasons, deps.clock.now()),
  })
  if (answer.outcome === 'done') {
    deps.metrics.quarantined(outcome)
    deps.log.info(
      { experiment: experiment.id, record: answer.value, outcome },
      'an experiment went to quarantine',
    )
  }
  return answer
}
