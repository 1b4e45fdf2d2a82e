import type { ReconcileDeps } from './deps.ts'
import { sayOnce } from './say-once.ts'

/**
 * Gives every promotion that was decided its release, and orders its smoke test. The database looks at the figures itself,
 * and may refuse: while it does, it is asked again in every turn.
 */
export async function promote(
  deps: Pick<ReconcileDeps, 'verdicts' | 'releases' | 'log' | 'metrics' | 'refusals'>,
): Promise<void> {
  for (const { id, experimentId } of await deps.verdicts.unreleased()) {
    const answer = await deps.releases.release(id)
    if (answer.outcome === 'refused') {
      sayOnce(deps, `release/${id}`, answer.why, { verdict: id, experiment: experimentId })
      continue
    }
    deps.refusals.delete(`release/${id}`)
    deps.metrics.promoted()
    deps.log.info(
      { release: answer.value, experiment: experimentId, verdict: id },
      'an experiment became a release',
    )
    await deps.releases.order('smoke', answer.value)
  }
}
