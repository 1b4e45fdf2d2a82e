import { z } from 'zod'
import { asFault } from '../../src/core/fault.ts'
import { canaryReviews, watchRelease, type Watch } from '../../src/core/gate/watch.ts'
import type { ReleaseState } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'
import { rollBack } from './roll-back.ts'
import { sayOnce } from './say-once.ts'

/**
 * Takes every release one step on: smoke test, deployed, a share of the pull requests, all of them. What violates its
 * promises on the way, or later, is rolled back in the same turn.
 */
export async function rollOut(deps: ReconcileDeps): Promise<void> {
  const all = await deps.releases.all()
  const inForce = await deps.releases.inForce()
  for (const release of all) {
    try {
      if (release.step === 'smoke') await afterSmoke(deps, release)
      else if (release.step === 'canary') await afterCanary(deps, release)
      else if (release.id === inForce.id) await afterFull(deps, release)
    } catch (error) {
      if (asFault(error).code === 'database-unavailable') throw error
      deps.log.error(
        { err: error, release: release.id },
        'a release could not be taken a step on; it is tried again',
      )
    }
  }
  await publishShares(deps)
}

/** Of a finished smoke test; what cannot be read has not passed. */
const smokeResult = z.object({ passed: z.boolean(), why: z.string().optional() }).catch({
  passed: false,
  why: 'its result cannot be read',
})

async function afterSmoke(deps: ReconcileDeps, release: ReleaseState): Promise<void> {
  await deps.releases.order('smoke', release.id)
  const smoke = (await deps.releases.orders(release.id)).find(order => order.kind === 'smoke')
  if (smoke === undefined || smoke.finishedAt === null) return
  const { passed, why } = smokeResult.parse(smoke.result)
  if (!passed) {
    await rollBack(deps, release, `smoke test failed${why === undefined ? '' : `: ${why}`}`)
    return
  }
  const deployed = await deps.deployer.deploy(release)
  switch (deployed.state) {
    case 'under-way':
      return deps.log.info({ release: release.id, words: deployed.words }, 'a release is being deployed')
    case 'failed':
      await rollBack(deps, release, `could not be deployed: ${deployed.why}`)
      return
    case 'rolled-out':
      return step(deps, release, 'canary', 'smoke test passed')
  }
}

async function afterCanary(deps: ReconcileDeps, release: ReleaseState): Promise<void> {
  const watch = await watchOf(deps, release)
  if (watch.state === 'violated') {
    await rollBack(deps, release, watch.violations.join('; '))
    return
  }
  if (watch.state === 'healthy' && watch.healthy >= canaryReviews)
    await step(
      deps,
      release,
      'full',
      `${watch.healthy} of ${watch.reviews} reviews healthy, p95 ${watch.p95Ms} ms`,
    )
}

async function afterFull(deps: ReconcileDeps, release: ReleaseState): Promise<void> {
  const watch = await watchOf(deps, release)
  if (watch.state !== 'violated') return
  deps.metrics.sloViolated()
  if (release.kind === 'genesis') {
    return deps.log.error(
      { violations: watch.violations },
      'the last resort violates its promises; nothing is beneath it',
    )
  }
  await rollBack(deps, release, watch.violations.join('; '))
}

async function watchOf(deps: ReconcileDeps, release: ReleaseState): Promise<Watch> {
  const reviews = await deps.published.of(release.id, release.at)
  return watchRelease(
    reviews.map(review => ({ ...review, at: review.at.getTime() })),
    deps.clock.now().getTime(),
  )
}

async function step(
  deps: ReconcileDeps,
  release: ReleaseState,
  to: 'canary' | 'full',
  reason: string,
): Promise<void> {
  const answer = await deps.releases.step(release.id, to, reason)
  if (answer.outcome === 'refused')
    return sayOnce(deps, `${to}/${release.id}`, answer.why, { release: release.id })
  deps.log.info({ release: release.id, to, reason }, 'a release went a step on')
}

async function publishShares({ releases, deployer }: ReconcileDeps): Promise<void> {
  const all = await releases.all()
  const inForce = await releases.inForce()
  const trying = all.filter(release => release.step === 'canary')
  const share = trying.reduce((sum, release) => sum + release.share, 0)
  await deployer.publish([
    ...trying.map(({ id, configurationId, share: own }) => ({ releaseId: id, configurationId, share: own })),
    { releaseId: inForce.id, configurationId: inForce.configurationId, share: 1 - share },
  ])
}
