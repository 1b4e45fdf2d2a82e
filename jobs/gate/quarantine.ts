import { eligibleFrom, failureReasons, type FailureReason } from '../../src/core/gate/failure.ts'
import type { DoorAnswer, GatedExperiment, NewRecord, StoredVerdict } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'
import { impact } from './impact.ts'
import { sayOnce } from './say-once.ts'

const EXAMPLES = 5

/**
 * Ends the trials whose last word is quarantine or expiry, also those whose gate was killed between word and deed, and those
 * with a blacklisted part, whatever was said of them.
 */
export async function quarantineFailed(deps: ReconcileDeps): Promise<void> {
  for (const experiment of await deps.evidence.experiments(['active', 'paused'])) {
    const ending = await endingOf(deps, experiment)
    if (ending === null) continue
    const { verdict, outcome, reasons } = ending
    const archived = await archiveExperiment(deps, experiment, verdict, outcome, reasons)
    if (archived.outcome === 'refused')
      sayOnce(deps, `archive/${experiment.id}`, archived.why, { experiment: experiment.id })
  }
}

interface Ending {
  verdict: StoredVerdict | null
  outcome: NewRecord['outcome']
  reasons: readonly FailureReason[]
}

async function endingOf(deps: ReconcileDeps, experiment: GatedExperiment): Promise<Ending | null> {
  const verdict = await deps.verdicts.newest(experiment.id)
  const listed = await deps.quarantine.blacklisted(experiment.configurationId, experiment.parts)
  if (listed !== null)
    return { verdict, outcome: 'dangerous', reasons: [{ class: 'safety', words: `blacklisted: ${listed}` }] }
  if (verdict === null) return null
  const reasons = failureReasons(verdict.verdict)
  switch (verdict.verdict.answer) {
    case 'expire':
      return { verdict, outcome: 'inconclusive', reasons }
    case 'quarantine': {
      const outcome = reasons.some(each => each.class === 'safety') ? 'dangerous' : 'failed'
      return { verdict, outcome, reasons }
    }
    case 'promote':
    case 'wait':
      return null
  }
}

export async function archiveExperiment(
  deps: ReconcileDeps,
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
      { experimentId: experiment.id, releaseId: null },
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
