import type { GateDeps } from './deps.ts'

/** Gives every promotion that was decided its release. The database looks at the figures itself, and may refuse. */
export async function promote(
  deps: Pick<GateDeps, 'verdicts' | 'releases' | 'log' | 'metrics'>,
): Promise<void> {
  for (const { id, experimentId } of await deps.verdicts.unreleased()) {
    const answer = await deps.releases.release(id)
    if (answer.outcome === 'refused') {
      deps.log.error({ verdict: id, experiment: experimentId, why: answer.why }, 'the release was refused')
      continue
    }
    deps.metrics.promoted()
    deps.log.info(
      { release: answer.value, experiment: experimentId, verdict: id },
      'an experiment became a release',
    )
  }
}
