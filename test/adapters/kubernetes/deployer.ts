import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { kubernetesDeployer } from '../../../src/adapters/kubernetes/deployer.ts'
import { canonicalJson, sha256 } from '../../../src/core/ids.ts'
import { Fault } from '../../../src/core/fault.ts'
import type { Deployer } from '../../../src/ports/deployer.ts'
import { localApi, type LocalApi, type Stored, type Trouble } from './local-api.ts'

describe('releases on Kubernetes', () => {
  let api: LocalApi
  beforeEach(async () => void (api = await localApi()))
  afterEach(() => api.close())

  const releaseOf = (prompt: string) => {
    const configuration = canonicalJson({ prompt, version: 1 })
    return { id: `release of ${prompt}`, configurationId: sha256(configuration), configuration }
  }
  const first = releaseOf('review@1')
  const second = releaseOf('review@2')
  const third = releaseOf('review@3')
  const share = ({ id, configurationId }: typeof first, part: number) => ({
    releaseId: id,
    configurationId,
    share: part,
  })
  const deployer = (deadlineMs?: number): Deployer =>
    kubernetesDeployer({ cluster: api.cluster(deadlineMs), log: { info: () => {} } })

  const annotation = (): string | undefined => {
    const spec = api.get('deployments', 'cupel-production')?.spec as {
      template: { metadata: { annotations?: Record<string, string> } }
    }
    return spec.template.metadata.annotations?.['cupel.dev/releases']
  }
  const kept = (release: typeof first): Stored | undefined =>
    api.get('configmaps', `cupel-release-${release.configurationId}`)
  const named = (): string | undefined => api.get('configmaps', 'cupel-releases')?.data?.['releases.json']
  const stuck = {
    replicas: 4,
    updatedReplicas: 1,
    availableReplicas: 3,
    conditions: [
      {
        type: 'Progressing',
        status: 'False',
        reason: 'ProgressDeadlineExceeded',
        message: 'ReplicaSet "x" has timed out progressing.',
      },
    ],
  }

  test('a release is kept by its hash, the worker is rolled by it, and it is deployed once every pod is new', async () => {
    const gate = deployer()
    const asked = [await gate.deploy(first)]
    expect(kept(first)).toMatchObject({
      immutable: true,
      data: { 'configuration.json': first.configuration },
      metadata: { namespace: 'platform-v2-stable' },
    })
    expect(annotation()).toBe(first.configurationId)
    for (const status of [
      { replicas: 4, updatedReplicas: 1, availableReplicas: 3 },
      { replicas: 4, updatedReplicas: 3, availableReplicas: 3 },
      { replicas: 3, updatedReplicas: 3, availableReplicas: 2 },
      null,
    ]) {
      api.progress(status)
      asked.push(await gate.deploy(first))
    }
    expect(asked).toEqual([
      { state: 'under-way', words: 'the change was not seen yet' },
      { state: 'under-way', words: '1 of 3 pods are new' },
      { state: 'under-way', words: '1 old pods are left' },
      { state: 'under-way', words: '2 of 3 new pods are available' },
      { state: 'rolled-out' },
    ])
    expect(api.requests.filter(line => !line.startsWith('GET'))).toHaveLength(2)
  })

  test('a paused Deployment is said to be paused', async () => {
    const gate = deployer()
    await gate.deploy(first)
    api.change('deployments', 'cupel-production', ({ spec }) => (spec!['paused'] = true))
    api.progress({ replicas: 3, availableReplicas: 3 })
    expect(await gate.deploy(first)).toEqual({
      state: 'under-way',
      words: '0 of 3 pods are new; the Deployment is paused',
    })
  })

  test('one that makes no progress has failed, and the worker goes back to the release in force', async () => {
    const gate = deployer()
    await gate.deploy(first)
    api.progress(null)
    await gate.publish([share(first, 1)])
    await gate.deploy(second)
    await gate.publish([share(first, 1)])
    expect(annotation()).toBe(second.configurationId)
    api.progress(stuck)
    expect(await gate.deploy(second)).toEqual({
      state: 'failed',
      why: 'the roll-out made no progress: ReplicaSet "x" has timed out progressing.',
    })
    await gate.publish([share(first, 1)])
    expect(annotation()).toBe(first.configurationId)
    api.progress(null)
    expect(await gate.deploy(first)).toEqual({ state: 'rolled-out' })
  })

  test('a worker that was stuck before is no failure of the release, and is left alone', async () => {
    api.progress(stuck)
    expect(await deployer().deploy(first)).toMatchObject({
      state: 'under-way',
      words: expect.stringContaining('waits for the worker to be well again') as string,
    })
    expect(annotation()).toBeUndefined()
  })

  test('of two releases one is brought after the other', async () => {
    const gate = deployer()
    const turn = async () => [(await gate.deploy(first)).state, (await gate.deploy(second)).state]
    expect(await turn()).toEqual(['under-way', 'under-way'])
    expect(annotation()).toBe(first.configurationId)
    api.progress(null)
    expect(await turn()).toEqual(['rolled-out', 'under-way'])
    api.progress(null)
    expect(await gate.deploy(second)).toEqual({ state: 'rolled-out' })
  })

  describe('a ConfigMap of that name that is there already', () => {
    it.each<[string, (object: Stored) => void, object]>([
      ['with the same content is taken', () => {}, { state: 'under-way' }],
      [
        'with other content is a failure',
        object => (object.data = { 'configuration.json': '{}' }),
        { state: 'failed', why: expect.stringContaining('holds something else') as string },
      ],
      [
        'that can be changed is a failure',
        object => delete object.immutable,
        { state: 'failed', why: expect.stringContaining('can be changed') as string },
      ],
    ])('%s', async (_, spoil, answer) => {
      await deployer().deploy(second)
      api.progress(null)
      await deployer().deploy(first)
      const name = `cupel-release-${first.configurationId}`
      api.change('configmaps', name, spoil)
      expect(await deployer().deploy(first)).toMatchObject(answer)
    })

    test('since a moment ago is taken too', async () => {
      await deployer().deploy(first)
      const [key, object] = [...api.objects].find(([name]) => name.endsWith(first.configurationId))!
      api.objects.delete(key)
      api.meddle(line => void (line.startsWith('POST') && api.objects.set(key, object)))
      expect(await deployer().deploy(first)).toMatchObject({ state: 'under-way' })
    })
  })

  test('a release whose configuration does not have its hash is not sent at all', async () => {
    expect(await deployer().deploy({ ...first, configuration: second.configuration })).toEqual({
      state: 'failed',
      why: 'its configuration does not have its hash',
    })
    expect(api.requests).toEqual([])
  })

  describe('others who change the worker', () => {
    const scale = (times: number): void => {
      let left = times
      api.meddle(line => {
        if (line.startsWith('PATCH') && left-- > 0)
          api.change('deployments', 'cupel-production', object => {
            object.metadata.annotations = { touched: String(left) }
          })
        return undefined
      })
    }
    test('once are given way to', async () => {
      scale(1)
      expect(await deployer().deploy(first)).toMatchObject({ words: 'the change was not seen yet' })
      expect(annotation()).toBe(first.configurationId)
    })
    test('all the time are left to the next turn', async () => {
      scale(Infinity)
      expect(await deployer().deploy(first)).toMatchObject({
        words: 'others changed the worker at the same time',
      })
      expect(annotation()).toBeUndefined()
    })
  })

  describe('the shares', () => {
    test('are written when they differ, and then read only', async () => {
      const gate = deployer()
      const shares = [share(second, 0.1), share(first, 0.9)]
      await gate.publish(shares)
      expect(JSON.parse(named() ?? '')).toEqual([
        { configurationId: second.configurationId, share: 0.1 },
        { configurationId: first.configurationId, share: 0.9 },
      ])
      await gate.publish(shares)
      expect(api.requests.filter(line => !line.startsWith('GET'))).toHaveLength(1)
      expect(annotation()).toBeUndefined()
    })

    test('take a release that was rolled back from the worker too, for the one that has most of them', async () => {
      const gate = deployer()
      await gate.deploy(third)
      api.progress(null)
      await gate.publish([share(third, 0.1), share(first, 0.9)])
      expect(annotation()).toBe(third.configurationId)
      await gate.publish([share(second, 0.1), share(first, 0.9)])
      expect(annotation()).toBe(first.configurationId)
    })

    test('changed by somebody meanwhile are asked for again', async () => {
      api.meddle(line => {
        if (line.startsWith('PATCH'))
          api.change('configmaps', 'cupel-releases', map => (map.data = { 'releases.json': '[]' }))
        return undefined
      })
      await expect(deployer().publish([share(first, 1)])).rejects.toMatchObject({
        code: 'cluster-unavailable',
        retry: 'soon',
      })
    })

    it.each([
      'configmaps/platform-v2-stable/cupel-releases',
      'deployments/platform-v2-stable/cupel-production',
    ])('without %s are refused', async key => {
      api.objects.delete(key)
      await expect(deployer().publish([share(first, 1)])).rejects.toMatchObject({ code: 'cluster-refused' })
    })
  })

  it.each<[Trouble, Partial<Fault>]>([
    [401, { code: 'cluster-refused', retry: 'later', ambiguous: false }],
    [403, { code: 'cluster-refused', retry: 'later', ambiguous: false }],
    [429, { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
    [500, { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
    [503, { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
    ['drop', { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
    ['hang', { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
    ['garbage', { code: 'cluster-unavailable', retry: 'soon', ambiguous: true }],
  ])('%s is a fault and no failure of the release', async (trouble, fault) => {
    api.meddle(() => trouble)
    const error: unknown = await deployer(trouble === 'hang' ? 50 : undefined)
      .deploy(first)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Fault)
    expect(error).toMatchObject(fault)
  })

  // The sequence of a first deployment: read, add, read, roll; then the shares: read, write, read.
  it.each(
    [0, 1, 2, 3, 4, 5, 6].flatMap(nth => [
      { nth, trouble: 'drop' as const },
      { nth, trouble: 'drop-after' as const },
    ]),
  )('a gate that ended at request $nth ($trouble) is gone on with by the next', async ({ nth, trouble }) => {
    api.meddle((_, at) => (at === nth ? trouble : undefined))
    const work = async (gate: Deployer): Promise<void> => {
      await gate.deploy(first)
      await gate.publish([share(first, 1)])
    }
    await expect(work(deployer())).rejects.toMatchObject({ code: 'cluster-unavailable' })
    await work(deployer())
    api.progress(null)
    expect(await deployer().deploy(first)).toEqual({ state: 'rolled-out' })
    expect(kept(first)?.immutable).toBe(true)
    expect([...api.objects.keys()].filter(key => key.includes('cupel-release-'))).toHaveLength(1)
    expect(annotation()).toBe(first.configurationId)
    expect(named()).toBe(JSON.stringify([{ configurationId: first.configurationId, share: 1 }]))
    expect(api.get('deployments', 'cupel-production')?.metadata.generation).toBe(2)
  })
})
