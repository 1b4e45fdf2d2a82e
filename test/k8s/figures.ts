import { describe, expect, it, test } from 'vitest'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../src/core/ids.ts'
import { one, quantity, rendered, workloads, type Manifest, type Workload } from './objects.ts'

const v2 = { requests: { cpu: '500m', memory: '512Mi' }, limits: { cpu: '2', memory: '2Gi' } }
const v1 = { requests: { cpu: '250m', memory: '256Mi' }, limits: { cpu: '1', memory: '1Gi' } }
const v3 = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '512Mi' } }

/** Two pods that say nothing themselves: the LimitRange gives them what it gives. */
const administrators: Workload[] = ['platform-v2-stable', 'platform-v1-exp'].map(namespace => ({
  name: 'administrator',
  namespace,
  kind: 'Job',
  labels: {},
  replicas: 2,
  strategy: {},
  pod: {
    containers: [
      {
        name: 'debug',
        image: '',
        resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '250m', memory: '256Mi' } },
      },
    ],
  },
}))

/** The instances of CloudNativePG as a workload, where they are inside; one more joins while another is replaced. */
function postgres(objects: readonly Manifest[]): Workload[] {
  const cluster = objects.find(({ kind }) => kind === 'Cluster')
  if (!cluster) return []
  const { spec, metadata } = cluster
  const { instances, resources } = spec as {
    instances: number
    resources: Workload['pod']['containers'][0]['resources']
  }
  return [
    {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      kind: 'StatefulSet',
      labels: {},
      replicas: instances + 1,
      strategy: {},
      pod: { containers: [{ name: 'postgres', image: '', resources }] },
    },
  ]
}

describe.each(['prod', 'prod-managed'] as const)('the figures of %s', name => {
  const objects = rendered(name)
  const pods = workloads(objects)
  const workload = (wanted: string): Workload => {
    const found = pods.find(one => one.name === wanted)
    if (!found) throw new Error(`no ${wanted}`)
    return found
  }

  it.each([
    ['cupel-web', 'platform-v2-stable', 3, v2, 1, 0, true],
    ['cupel-production', 'platform-v2-stable', 3, v2, 1, 0, true],
    ['cupel-experiments', 'platform-v1-exp', 2, v1, 1, 1, false],
    ['cupel-archive', 'platform-v3-quarantine', 1, v3, 0, 1, false],
    ['cupel-dashboard', 'platform-gate', 1, v3, 1, 0, false],
  ])(
    '%s of %s: %i replicas, its resources, its way of rolling',
    (name, namespace, replicas, resources, surge, unavailable, apart) => {
      const { pod, strategy, ...rest } = workload(name)
      expect(rest).toMatchObject({ namespace, replicas, kind: 'Deployment' })
      expect(pod.containers.map(container => container.resources)).toEqual([resources])
      expect(strategy).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
      })
      expect(pod.affinity?.podAntiAffinity !== undefined).toBe(apart)
    },
  )

  test('one gate at a time', () => {
    expect(workload('cupel-gate')).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  })

  const scalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')

  test('V2 alone grows by itself', () => {
    expect(scalers.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort()).toEqual([
      'platform-v2-stable/cupel-production',
      'platform-v2-stable/cupel-web',
    ])
  })

  it.each(['cupel-web', 'cupel-production'])(
    '%s: 3 to 10 replicas at 70 % CPU or 80 % memory, doubling in 30 s, halving in 60 s',
    name => {
      const use = (resource: string, percent: number) => ({
        type: 'Resource',
        resource: { name: resource, target: { type: 'Utilization', averageUtilization: percent } },
      })
      expect(one(objects, 'HorizontalPodAutoscaler', name).spec).toEqual({
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: 3,
        maxReplicas: 10,
        metrics: [use('cpu', 70), use('memory', 80)],
        behavior: {
          scaleUp: { policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }] },
          scaleDown: { policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
        },
      })
      const budget = one(objects, 'PodDisruptionBudget', name).spec as {
        maxUnavailable: number
        selector: { matchLabels: object }
      }
      expect(budget.maxUnavailable).toBe(1)
      expect(workload(name).labels).toMatchObject(budget.selector.matchLabels)
    },
  )

  /**
   * What a namespace may hold, and the most that is asked of it: every replica, of a roll-out what is there more and what
   * still ends, and the two pods of an administrator's that quotas of V2 and V1 promise.
   */
  it.each([
    ['platform-v2-stable', { pods: '24', cpu: ['12', '48'], memory: ['12Gi', '48Gi'] }],
    ['platform-v1-exp', { pods: '10', cpu: ['1500m', '6'], memory: ['1536Mi', '6Gi'] }],
    ['platform-v3-quarantine', { pods: '2', cpu: ['200m', '1'], memory: ['256Mi', '1Gi'] }],
    ['platform-gate', { pods: '4', cpu: ['400m', '2'], memory: ['512Mi', '2Gi'] }],
    ['platform-data', { pods: '10', cpu: ['4', '12'], memory: ['6Gi', '12Gi'] }],
  ])('%s has a quota, and everything in it at its most fits', (namespace, { pods: count, cpu, memory }) => {
    const { hard } = one(objects, 'ResourceQuota', 'zone', namespace).spec as { hard: Record<string, string> }
    expect(hard).toMatchObject({
      pods: count,
      'requests.cpu': cpu[0],
      'limits.cpu': cpu[1],
      'requests.memory': memory[0],
      'limits.memory': memory[1],
      'services.loadbalancers': '0',
      'services.nodeports': '0',
    })
    const most = [
      ...pods,
      ...workloads(rendered('prod-migration')),
      ...workloads(rendered('prod-restore')),
      ...postgres(objects),
      ...administrators,
    ]
      .filter(one => one.namespace === namespace)
      .map(one => ({
        pod: one.pod,
        count:
          Number(
            (scalers.find(({ metadata }) => metadata.name === one.name)?.spec ?? {})['maxReplicas'] ??
              one.replicas,
          ) +
          (one.strategy.rollingUpdate?.maxSurge ?? 0) +
          (one.strategy.rollingUpdate?.maxUnavailable ?? 0),
      }))
    const sum = (bound: 'requests' | 'limits', resource: string): number =>
      most.reduce(
        (all, { pod, count }) =>
          all +
          count *
            pod.containers.reduce(
              (own, { resources }) => own + quantity(resources[bound]?.[resource] ?? ''),
              0,
            ),
        0,
      )
    expect(most.reduce((all, { count }) => all + count, 0)).toBeLessThanOrEqual(Number(hard['pods']))
    for (const bound of ['requests', 'limits'] as const)
      for (const resource of ['cpu', 'memory'])
        expect(sum(bound, resource)).toBeLessThanOrEqual(quantity(hard[`${bound}.${resource}`] ?? ''))
    expect(most.length).toBeGreaterThan(0)
  })

  test('every namespace limits a container that says nothing itself', () => {
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name)
    expect(namespaces).toHaveLength(5)
    for (const namespace of namespaces)
      expect(one(objects, 'LimitRange', 'containers', namespace).spec).toEqual({
        limits: [
          {
            type: 'Container',
            default: { cpu: '250m', memory: '256Mi' },
            defaultRequest: { cpu: '50m', memory: '64Mi' },
            max: { cpu: '2', memory: '2Gi' },
          },
        ],
      })
  })

  test('the genesis release is there from the first day, immutable and named by its hash', () => {
    const release = one(
      objects,
      'ConfigMap',
      `cupel-release-${configurationId(genesisConfiguration)}`,
      'platform-v2-stable',
    )
    expect(release.immutable).toBe(true)
    expect(release.data).toEqual({ 'configuration.json': canonicalJson(genesisConfiguration) })
  })

  test('applying the manifests moves no release', () => {
    const without = (object: Manifest) => object.data === undefined && object.immutable === undefined
    expect(without(one(objects, 'ConfigMap', 'cupel-releases', 'platform-v2-stable'))).toBe(true)
    const { template } = one(objects, 'Deployment', 'cupel-production').spec as {
      template: { metadata: { annotations?: object } }
    }
    expect(template.metadata.annotations).toBeUndefined()
  })
})

it.each(['cupel-web', 'cupel-production', 'cupel-experiments', 'cupel-egress'])(
  '%s is one pod in development',
  name => {
    expect(workloads(rendered('dev')).find(one => one.name === name)?.replicas).toBe(1)
  },
)
