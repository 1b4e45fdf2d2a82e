import { Fault } from '../../core/fault.ts'
import { call, fieldManager, mergePatch } from './call.ts'
import type { Cluster } from './cluster.ts'
import { releasesName as name, stableNamespace as namespace } from './names.ts'

const key = 'releases.json'

/** Writes the ConfigMap that names the releases and their shares, when it says something else. */
export async function nameReleases({ core }: Pick<Cluster, 'core'>, releases: string): Promise<void> {
  const map = await call(`reading ${name}`, () => core.readNamespacedConfigMap({ namespace, name }))
  if (map === null || map === 'conflict')
    throw new Fault('cluster-refused', `${namespace} has no ConfigMap ${name}; apply the manifests`, {
      retry: 'later',
    })
  if (map.data?.[key] === releases) return
  const written = await call(`writing ${name}`, () =>
    core.patchNamespacedConfigMap(
      {
        namespace,
        name,
        fieldManager,
        body: {
          metadata: { resourceVersion: map.metadata?.resourceVersion },
          data: { [key]: releases },
        },
      },
      mergePatch,
    ),
  )
  if (written === 'conflict')
    throw new Fault('cluster-unavailable', `${name} was changed at the same time`, { retry: 'soon' })
}
