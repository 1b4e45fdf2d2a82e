import { eligibleFrom, type FailureReason } from '../../src/core/gate/failure.ts'
import { watchRelease } from '../../src/core/gate/watch.ts'
import type { ReleaseState } from '../../src/ports/gate.ts'
import type { GateDeps } from './deps.ts'
import { impact } from './impact.ts'

/** Takes a release back: the one before it reviews from now on, and its open comments are withdrawn. */
export async function rollBack(deps: GateDeps, release: ReleaseState, reason: string): Promise<void> {
  const answer = await deps.releases.step(release.id, 'failed', reason)
  if (answer.outcome === 'refused')
    return deps.log.error({ release: release.id, why: answer.why }, 'a release could not be rolled back')
  deps.metrics.rolledBack()
  deps.log.warn({ release: release.id, reason }, 'a release was rolled back')
  await retire(deps, { ...release, step: 'failed', reason })
}

/** What follows a rollback, also when whoever rolled back was killed after it: comments withdrawn, archived with its figures. */
export async function retire(deps: GateDeps, release: ReleaseState): Promise<void> {
  await deps.releases.order('withdraw', release.id)
  const records = await deps.quarantine.records({ configurationId: release.configurationId })
  if (records.some(record => record.releaseId === release.id)) return
  const now = deps.clock.now()
  const verdict = release.verdictId === null ? null : await deps.verdicts.get(release.verdictId)
  const reviews = await deps.published.of(release.id, release.createdAt)
  const watch = watchRelease(
    reviews.map(review => ({ ...review, at: review.at.getTime() })),
    now.getTime(),
  )
  const reasons: FailureReason[] = [{ class: classOf(release.reason), words: release.reason }]
  const answer = await deps.quarantine.archive({
    experimentId: verdict?.experimentId ?? null,
    releaseId: release.id,
    outcome: 'rolled-back',
    failureReasons: reasons,
    metrics: { watch, verdict: release.verdictId },
    impact: await impact(deps, release.configuration, { kind: 'release', id: release.id }, false),
    eligibleFrom: eligibleFrom(reasons, now),
  })
  if (answer.outcome === 'refused')
    return deps.log.error({ release: release.id, why: answer.why }, 'a rolled back release was not archived')
  deps.metrics.quarantined('rolled-back')
}

/** Releases that were rolled back and are not archived yet. */
export async function retireFailed(deps: GateDeps): Promise<void> {
  for (const release of await deps.releases.all()) if (release.step === 'failed') await retire(deps, release)
}

function classOf(reason: string): FailureReason['class'] {
  if (reason.includes('answered too late')) return 'latency'
  return reason.startsWith('by ') ? 'by-hand' : 'errors'
}
