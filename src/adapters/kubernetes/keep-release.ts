import { sha256 } from '../../core/ids.ts'
import { call, fieldManager } from './call.ts'
import type { Cluster } from './cluster.ts'
import { releaseName, stableNamespace as namespace } from './names.ts'

/** Keeps a release as the immutable ConfigMap of its hash. Answers why not, null when it is kept. */
export async function keepRelease(
  { core }: Pick<Cluster, 'core'>,
  configurationId: string,
  configuration: string,
): Promise<string | null> {
  if (sha256(configuration) !== configurationId) return 'its configuration does not have its hash'
  const name = releaseName(configurationId)
  const read = () => call(`reading ${name}`, () => core.readNamespacedConfigMap({ namespace, name }))
  let kept = await read()
  if (kept === null) {
    const created = await call(`adding ${name}`, () =>
      core.createNamespacedConfigMap({
        namespace,
        fieldManager,
        body: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'cupel' } },
          immutable: true,
          data: { 'configuration.json': configuration },
        },
      }),
    )
    kept = created === 'conflict' ? await read() : created
  }
  if (kept === null || kept === 'conflict') return `${name} cannot be kept in ${namespace}`
  if (kept.data?.['configuration.json'] !== configuration) return `${name} is there and holds something else`
  return kept.immutable === true ? null : `${name} is there and can be changed`
}
