import type { V1Deployment } from '@kubernetes/client-node'
import { Fault } from '../../core/fault.ts'
import { call, fieldManager, mergePatch } from './call.ts'
import type { Cluster } from './cluster.ts'
import { releaseAnnotation, stableNamespace as namespace, workerName as name } from './names.ts'
import { rolloutStatus, type RolloutStatus } from './rollout-status.ts'

/** The production worker's Deployment as it was read. */
export interface Worker {
  version: string
  /** SHA-256 of the release that was brought to it last; null before the first. */
  release: string | null
  status: RolloutStatus
}

/** Throws Fault cluster-refused where there is none. */
export async function readWorker({ apps }: Pick<Cluster, 'apps'>): Promise<Worker> {
  return worker(
    await call(`reading ${name}`, () => apps.readNamespacedDeployment({ namespace, name })),
    'reading',
  )
}

/** Rolls the worker, unless it changed since it was read. */
export async function rollWorker(
  { apps }: Pick<Cluster, 'apps'>,
  { version }: Worker,
  release: string,
): Promise<Worker | 'conflict'> {
  const patched = await call(`rolling ${name}`, () =>
    apps.patchNamespacedDeployment(
      {
        namespace,
        name,
        fieldManager,
        body: {
          metadata: { resourceVersion: version },
          spec: { template: { metadata: { annotations: { [releaseAnnotation]: release } } } },
        },
      },
      mergePatch,
    ),
  )
  return patched === 'conflict' ? patched : worker(patched, 'rolling')
}

function worker(deployment: V1Deployment | null | 'conflict', what: string): Worker {
  const version = deployment === 'conflict' ? undefined : deployment?.metadata?.resourceVersion
  if (deployment === null || deployment === 'conflict' || version === undefined)
    throw new Fault('cluster-refused', `${what} ${name}: ${namespace} has no such Deployment`, {
      retry: 'later',
    })
  return {
    version,
    release: deployment.spec?.template.metadata?.annotations?.[releaseAnnotation] ?? null,
    status: rolloutStatus(deployment),
  }
}
