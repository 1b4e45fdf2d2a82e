import { eligibleFrom, rollbackReasons } from '../../src/core/gate/failure.ts'
import { watchRelease } from '../../src/core/gate/watch.ts'
import type { DoorAnswer, ReleaseState } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'
import { impact } from './impact.ts'
import { sayOnce } from './say-once.ts'

/** Takes a release back: the one before it reviews from now on, and its open comments are withdrawn. */
export async function rollBack(
  deps: ReconcileDeps,
  release: ReleaseState,
  reason: string,
): Promise<DoorAnswer<string>> {
  const answer = await deps.releases.step(release.id, 'failed', reason)
  if (answer.outcome === 'refused') {
    sayOnce(deps, `failed/${release.id}`, answer.why, { release: release.id })
    return answer
  }
  deps.metrics.rolledBack()
  deps.log.warn({ release: release.id, reason }, 'a release was rolled back')
  await retire(deps, { ...release, step: 'failed', reason })
  return answer
}

/** What follows a rollback, also when whoever rolled back was killed after it: comments withdrawn, archived with its figures. */
async function retire(deps: ReconcileDeps, release: ReleaseState): Promise<void> {
  await deps.releases.order('withdraw', release.id)
  const now = deps.clock.now()
  const verdict = release.verdictId === null ? null : await deps.verdicts.get(release.verdictId)
  const experimentId = verdict?.experimentId ?? null
  const reviews = await deps.published.of(release.id, release.createdAt)
  const watch = watchRelease(
    reviews.map(review => ({ ...review, at: review.at.getTime() })),
    now.getTime(),
  )
  const orders = await deps.releases.orders(release.id)
  const reasons = rollbackReasons(release.reason)
  const answer = await deps.quarantine.archive({
    experimentId,
    releaseId: release.id,
    outcome: 'rolled-back',
    failureReasons: { reasons, examples: [] },
    metrics: {
      verdict: release.verdictId,
      watch,
      smoke: orders.find(order => order.kind === 'smoke')?.result ?? null,
    },
    impact: await impact(deps, release.configuration, { experimentId, releaseId: release.id }, false),
    eligibleFrom: eligibleFrom(reasons, now),
  })
  if (answer.outcome === 'refused')
    return sayOnce(deps, `archive/${release.id}`, answer.why, { release: release.id })
  deps.metrics.quarantined('rolled-back')
}

/** Releases that were rolled back and are not archived yet. */
export async function retireFailed(deps: ReconcileDeps): Promise<void> {
  const failed = (await deps.releases.all()).filter(release => release.step === 'failed')
  if (failed.length === 0) return
  const archived = new Set((await deps.quarantine.records()).map(record => record.releaseId))
  for (const release of failed) if (!archived.has(release.id)) await retire(deps, release)
}
