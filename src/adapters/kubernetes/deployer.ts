import type { Deployer } from '../../ports/deployer.ts'
import type { Cluster } from './cluster.ts'
import { keepRelease } from './keep-release.ts'
import { nameReleases } from './name-releases.ts'
import type { RolloutStatus } from './rollout-status.ts'
import { readWorker, rollWorker } from './worker.ts'

/** The autoscaler and the controller change the Deployment too; after so many lost races the next turn goes on. */
const TRIES = 4

interface DeployerDeps {
  cluster: Pick<Cluster, 'core' | 'apps'>
  log: { info(fields: object, message: string): void }
}

/**
 * A release is an immutable ConfigMap; the worker is rolled by naming it in its pods' annotation. All that it knows is read
 * from the cluster each time, so one that was killed anywhere is gone on with by the next.
 */
export function kubernetesDeployer({ cluster, log }: DeployerDeps): Deployer {
  /** Asked for since the shares were last published: not in force yet, and not to be taken back. */
  const bringing = new Set<string>()
  return {
    async deploy({ configurationId, configuration }) {
      bringing.add(configurationId)
      const hindrance = await keepRelease(cluster, configurationId, configuration)
      const status: RolloutStatus =
        hindrance === null ? await bring(cluster, configurationId) : { state: 'failed', why: hindrance }
      if (status.state === 'failed') bringing.delete(configurationId)
      return status
    },
    async publish(shares) {
      await nameReleases(
        cluster,
        JSON.stringify(shares.map(({ configurationId, share }) => ({ configurationId, share }))),
      )
      const wanted = new Set([...bringing, ...shares.map(share => share.configurationId)])
      const worker = await readWorker(cluster)
      if (worker.release !== null && !wanted.has(worker.release)) {
        const { configurationId } = shares.reduce((most, share) => (share.share > most.share ? share : most))
        // Who is faster than this changes the Deployment; the next turn looks again.
        if ((await rollWorker(cluster, worker, configurationId)) !== 'conflict')
          log.info({ from: worker.release, to: configurationId }, 'the worker is rolled back')
      }
      bringing.clear()
    },
  }
}

/** A worker that is not healthy is left alone: a roll-out that was stuck before is not this release's failure. */
async function bring(cluster: Pick<Cluster, 'apps'>, release: string): Promise<RolloutStatus> {
  for (let tries = 0; tries < TRIES; tries++) {
    const worker = await readWorker(cluster)
    if (worker.release === release) return worker.status
    switch (worker.status.state) {
      case 'under-way':
        return { state: 'under-way', words: `waits for an earlier roll-out: ${worker.status.words}` }
      case 'failed':
        return { state: 'under-way', words: `waits for the worker to be well again: ${worker.status.why}` }
      case 'rolled-out': {
        const rolled = await rollWorker(cluster, worker, release)
        if (rolled !== 'conflict') return rolled.status
      }
    }
  }
  return { state: 'under-way', words: 'others changed the worker at the same time' }
}
