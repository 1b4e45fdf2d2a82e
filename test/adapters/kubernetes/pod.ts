import { afterEach, describe, expect, test, vi } from 'vitest'
import { ownCluster } from '../../../src/adapters/kubernetes/cluster.ts'
import { call } from '../../../src/adapters/kubernetes/call.ts'

describe('the cluster of this process', () => {
  afterEach(() => vi.unstubAllEnvs())

  test('outside a pod there is no cluster to deploy to, and the start says so', () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
    expect(ownCluster).toThrow(
      expect.objectContaining({
        code: 'configuration-invalid',
        message: expect.stringContaining('CUPEL_DEPLOYER'),
      }),
    )
  })

  test('in a pod whose account has no token the cluster does not answer', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '1')
    const { core } = ownCluster()
    await expect(
      call('reading x', () => core.readNamespacedConfigMap({ namespace: 'x', name: 'x' })),
    ).rejects.toMatchObject({ code: 'cluster-unavailable', retry: 'soon' })
  })
})
