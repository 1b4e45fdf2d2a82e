import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { kubernetesDeployer } from '../../../src/adapters/kubernetes/deployer.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { configurationId } from '../../../src/core/ids.ts'
import { gateWorld, type GateWorld } from '../../jobs/gate/world.ts'
import { localApi, type LocalApi } from './local-api.ts'

describe('turns of a gate on Kubernetes', () => {
  let world: GateWorld
  let api: LocalApi
  beforeAll(async () => void (world = await gateWorld()))
  beforeEach(async () => {
    await world.reset()
    api = await localApi()
    world.deps.deployer = kubernetesDeployer({ cluster: api.cluster(), log: world.deps.log })
    await world.trial('good', 'good')
    await world.tick()
    await world.finishOrder('smoke:promoted-1', { passed: true, cases: [] })
  })
  afterEach(() => api.close())
  afterAll(() => world.close())

  const genesis = configurationId(genesisConfiguration)
  const annotation = (): unknown =>
    (
      api.get('deployments', 'cupel-production')?.spec as
        | {
            template: { metadata: { annotations?: Record<string, string> } }
          }
        | undefined
    )?.template.metadata.annotations?.['cupel.dev/releases']
  const shares = (): unknown =>
    JSON.parse(api.get('configmaps', 'cupel-releases')?.data?.['releases.json'] ?? 'null')
  const promoted = async (): Promise<string> =>
    (await world.deps.releases.all()).find(({ id }) => id === 'promoted-1')?.configurationId ?? ''

  test('a release reviews its share when every pod of the worker is new, and one that violates its promises is rolled back there too', async () => {
    await world.tick()
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke'] })
    expect(shares()).toEqual([{ configurationId: genesis, share: 1 }])
    expect(annotation()).toBe(await promoted())
    api.progress(null)
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary'] })
    expect(shares()).toEqual([
      { configurationId: await promoted(), share: 0.1 },
      { configurationId: genesis, share: 0.9 },
    ])
    await world.reviews('promoted-1', 40, { healthy: false })
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary', 'failed'] })
    expect(shares()).toEqual([{ configurationId: genesis, share: 1 }])
    expect(annotation()).toBe(genesis)
  })

  test('one whose roll-out makes no progress never reviews anything, and the worker is taken back in the same turn', async () => {
    await world.tick()
    api.progress({
      updatedReplicas: 1,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
    })
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'failed'] })
    expect(annotation()).toBe(genesis)
  })

  test('a cluster that does not answer costs no release anything and keeps no rollback from its turn', async () => {
    await world.tick()
    api.progress(null)
    await world.tick()
    await world.reviews('promoted-1', 40, { healthy: false })
    api.meddle(() => 503)
    await expect(world.tick()).rejects.toMatchObject({ code: 'cluster-unavailable' })
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary', 'failed'] })
    api.meddle(() => undefined)
    await world.tick()
    expect(annotation()).toBe(genesis)
    expect(shares()).toEqual([{ configurationId: genesis, share: 1 }])
  })
})
