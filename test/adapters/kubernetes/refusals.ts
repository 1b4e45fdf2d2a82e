import type { ConfigurationOptions } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mergePatch } from '../../../src/adapters/kubernetes/call.ts'
import type { Cluster } from '../../../src/adapters/kubernetes/cluster.ts'
import { localApi, type LocalApi } from './local-api.ts'

describe('the local API of the tests', () => {
  let api: LocalApi
  beforeAll(async () => void (api = await localApi()))
  afterAll(() => api.close())

  const namespace = 'platform-v2-stable'
  const fieldManager = 'cupel-gate'
  const name = `cupel-release-${'a'.repeat(64)}`
  const release = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    immutable: true,
    data: { 'configuration.json': '{}' },
  }
  const create = ({ core }: Cluster, body: object): Promise<unknown> =>
    core.createNamespacedConfigMap({ namespace, fieldManager, body })
  const version = (resource: string, of: string): string | undefined =>
    api.get(resource, of)?.metadata.resourceVersion
  const patchWorker = (
    { apps }: Cluster,
    body: object,
    options: ConfigurationOptions = mergePatch,
  ): Promise<unknown> =>
    apps.patchNamespacedDeployment({ namespace, name: 'cupel-production', fieldManager, body }, options)
  const worker = () => ({ metadata: { resourceVersion: version('deployments', 'cupel-production') } })
  const annotated = (annotations: object) => ({
    ...worker(),
    spec: { template: { metadata: { annotations } } },
  })

  it.each<[string, number, (cluster: Cluster) => Promise<unknown>]>([
    ['a patch of no known kind', 415, cluster => patchWorker(cluster, worker(), {})],
    ['a patch without a resource version', 422, cluster => patchWorker(cluster, { spec: {} })],
    [
      'a patch of an older version',
      409,
      cluster => patchWorker(cluster, { metadata: { resourceVersion: '1' } }),
    ],
    [
      'a number that is none',
      422,
      cluster => patchWorker(cluster, { ...worker(), spec: { replicas: 'three' } }),
    ],
    ['an unknown field', 422, cluster => patchWorker(cluster, { ...worker(), spec: { replcas: 3 } })],
    ['another annotation', 403, cluster => patchWorker(cluster, annotated({ other: 'x' }))],
    ['other replicas', 403, cluster => patchWorker(cluster, { ...worker(), spec: { replicas: 9 } })],
    ['a release that can be changed', 403, cluster => create(cluster, { ...release, immutable: false })],
    [
      'an object of another namespace',
      400,
      cluster => create(cluster, { ...release, metadata: { name, namespace: 'default' } }),
    ],
    [
      'a field manager that nobody knows',
      400,
      ({ core }) => core.createNamespacedConfigMap({ namespace, body: release }),
    ],
    [
      'a namespace where the gate may do nothing',
      403,
      ({ core }) => core.readNamespacedConfigMap({ namespace: 'platform-data', name: 'x' }),
    ],
    [
      'a change of a release',
      403,
      ({ core }) =>
        core.patchNamespacedConfigMap(
          {
            namespace,
            name,
            fieldManager,
            body: { metadata: { resourceVersion: '1' } },
          },
          mergePatch,
        ),
    ],
    [
      'a change of what is immutable',
      422,
      ({ core }) => {
        // By a name that RBAC lets the gate change, as it lets it change no release.
        api.change('configmaps', 'cupel-releases', map => (map.immutable = true))
        return core.patchNamespacedConfigMap(
          {
            namespace,
            name: 'cupel-releases',
            fieldManager,
            body: {
              metadata: { resourceVersion: version('configmaps', 'cupel-releases') },
              data: { 'releases.json': '[]' },
            },
          },
          mergePatch,
        )
      },
    ],
  ])('the local API refuses %s with %i', async (_, code, ask) => {
    await expect(ask(api.cluster())).rejects.toMatchObject({ code })
  })

  it('and takes a release once', async () => {
    await create(api.cluster(), release)
    await expect(create(api.cluster(), release)).rejects.toMatchObject({ code: 409 })
  })
})
