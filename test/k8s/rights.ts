import { describe, expect, it, test } from 'vitest'
import { admits, type AdmissionRequest } from './admission.ts'
import { label, one, rendered, type Manifest } from './objects.ts'

const prod = rendered('prod')

interface Rule {
  apiGroups: string[]
  resources: string[]
  resourceNames?: string[]
  verbs: string[]
}
const rulesOf = (role: Manifest): string[] =>
  (role['rules'] as Rule[]).map(
    ({ apiGroups, resources, resourceNames, verbs }) =>
      `${verbs.join(' ')} ${resources.map(name => (apiGroups[0] ? `${name}.${apiGroups[0]}` : name)).join(' ')}` +
      (resourceNames ? ` named ${resourceNames.join(' ')}` : ''),
  )

describe('RBAC', () => {
  const viewer = [
    'get list watch events pods',
    'get pods/log',
    'get list watch deployments.apps replicasets.apps statefulsets.apps',
  ]
  const roles: Record<string, string[]> = {
    'platform-v2-stable/Role/cupel-viewer': viewer,
    'platform-v1-exp/Role/cupel-viewer': viewer,
    'platform-v3-quarantine/Role/cupel-viewer': viewer,
    'platform-gate/Role/cupel-viewer': viewer,
    'platform-data/Role/cupel-viewer': viewer,
    'platform-gate/Role/cupel-gate-lease': [
      'create leases.coordination.k8s.io',
      'get update leases.coordination.k8s.io named cupel-gate',
    ],
    'platform-v2-stable/Role/cupel-gate-releases': [
      'create get configmaps',
      'patch configmaps named cupel-releases',
      'get patch deployments.apps named cupel-production',
    ],
  }

  test('every role is in the table, and none is of the whole cluster', () => {
    const found = prod.filter(({ kind }) => kind.endsWith('Role'))
    expect(found.map(label).sort()).toEqual(Object.keys(roles).sort())
    expect(prod.filter(({ kind }) => kind.startsWith('Cluster') && kind !== 'Cluster')).toEqual([])
  })

  it.each(Object.entries(roles))('%s', (name, rules) => {
    const role = prod.find(object => label(object) === name)!
    expect(rulesOf(role)).toEqual(rules)
    expect(JSON.stringify(role['rules'])).not.toMatch(/"\*"|secrets|escalate|bind|impersonate|exec/)
  })

  test('each is bound once: to the people who watch, or to the gate', () => {
    const bound = prod
      .filter(({ kind }) => kind === 'RoleBinding')
      .map(object => {
        const subjects = object['subjects'] as { kind: string; name: string; namespace?: string }[]
        const role = object['roleRef'] as { kind: string; name: string }
        return [
          `${object.metadata.namespace}/${role.kind}/${role.name}`,
          subjects
            .map(({ kind, name, namespace }) => [kind, namespace, name].filter(Boolean).join(' '))
            .join(),
        ]
      })
    expect(Object.fromEntries(bound)).toEqual(
      Object.fromEntries(
        Object.keys(roles).map(name => [
          name,
          name.endsWith('viewer') ? 'Group cupel:viewers' : 'ServiceAccount platform-gate cupel-gate',
        ]),
      ),
    )
    expect(bound).toHaveLength(Object.keys(roles).length)
  })
})

describe('what the gate may change in V2', () => {
  const policy = one(prod, 'ValidatingAdmissionPolicy', 'cupel-gate-changes-releases-only')
  const gate = 'system:serviceaccount:platform-gate:cupel-gate'
  const hash = 'a'.repeat(64)
  const worker = one(prod, 'Deployment', 'cupel-production') as Manifest & {
    spec: {
      template: {
        metadata: { annotations?: Record<string, string>; labels: Record<string, string> }
        spec: object
      }
    }
  }
  type Changing = (copy: typeof worker & { spec: Record<string, unknown> }) => void
  const changed = (change: Changing): object => {
    const copy = structuredClone(worker)
    change(copy)
    return copy
  }
  const roll: Changing = copy => (copy.spec.template.metadata.annotations = { 'cupel.dev/releases': hash })
  const release = {
    metadata: { name: `cupel-release-${hash}` },
    immutable: true,
    data: { 'configuration.json': '{}' },
  }
  const pointer = { metadata: { name: 'cupel-releases', labels: { a: 'b' } } }
  const pointing = { ...pointer, data: { 'releases.json': '[]' } }
  const configMap = (
    operation: AdmissionRequest['operation'],
    object: unknown,
    oldObject?: unknown,
  ): Omit<AdmissionRequest, 'user'> => ({
    operation,
    resource: 'configmaps',
    object,
    oldObject,
  })
  const deployment = (change: Changing, before: Changing = () => {}): Omit<AdmissionRequest, 'user'> => ({
    operation: 'UPDATE',
    group: 'apps',
    resource: 'deployments',
    object: changed(change),
    oldObject: changed(before),
  })

  it.each<[string, Omit<AdmissionRequest, 'user'>]>([
    ['add a release', configMap('CREATE', release)],
    ['name the first releases in force', configMap('UPDATE', pointing, pointer)],
    ['name others', configMap('UPDATE', { ...pointing, data: { 'releases.json': '[1]' } }, pointing)],
    ['roll the worker', deployment(roll)],
    [
      'roll it again',
      deployment(
        copy => (copy.spec.template.metadata.annotations = { 'cupel.dev/releases': 'b'.repeat(64) }),
        roll,
      ),
    ],
  ])('may %s', (_, request) => expect(admits(policy, { user: gate, ...request })).toBe(true))

  const container = (copy: Parameters<Changing>[0]) =>
    (copy.spec.template.spec as { containers: Record<string, unknown>[] }).containers[0] ?? {}

  it.each<[string, Omit<AdmissionRequest, 'user'>]>([
    ['add a release that can be changed', configMap('CREATE', { ...release, immutable: false })],
    [
      'add a release that does not say whether',
      configMap('CREATE', { metadata: release.metadata, data: release.data }),
    ],
    [
      'add a ConfigMap of another name',
      configMap('CREATE', { ...release, metadata: { name: 'cupel-web-settings' } }),
    ],
    [
      'add a release by half a hash',
      configMap('CREATE', { ...release, metadata: { name: 'cupel-release-abc' } }),
    ],
    [
      'hide another key in a release',
      configMap('CREATE', { ...release, data: { ...release.data, OPENAI_BASE_URL: 'x' } }),
    ],
    ['hide bytes in a release', configMap('CREATE', { ...release, binaryData: { x: 'eA==' } })],
    ['add an empty release', configMap('CREATE', { ...release, data: {} })],
    [
      'change the settings of web',
      configMap(
        'UPDATE',
        { metadata: { name: 'cupel-web-settings' }, data: {} },
        { metadata: { name: 'cupel-web-settings' } },
      ),
    ],
    [
      'put another key beside the releases',
      configMap('UPDATE', { ...pointing, data: { LOG_LEVEL: 'trace' } }, pointing),
    ],
    ['freeze the releases', configMap('UPDATE', { ...pointing, immutable: true }, pointing)],
    [
      'change the labels of the releases',
      configMap('UPDATE', { ...pointing, metadata: { name: 'cupel-releases' } }, pointing),
    ],
    ['take the releases away', configMap('DELETE', undefined, pointing)],
    [
      'add a Secret',
      { operation: 'CREATE', resource: 'secrets', object: { metadata: { name: `cupel-release-${hash}` } } },
    ],
    ['add a pod', { operation: 'CREATE', resource: 'pods', object: { metadata: { name: 'x' } } }],
    ['add a Deployment', { operation: 'CREATE', group: 'apps', resource: 'deployments', object: worker }],
    [
      'scale the worker',
      {
        operation: 'UPDATE',
        group: 'apps',
        resource: 'deployments',
        subResource: 'scale',
        object: { metadata: worker.metadata },
        oldObject: { metadata: worker.metadata },
      },
    ],
    ['claim a status', { ...deployment(roll), subResource: 'status' }],
    ['exchange the image', deployment(copy => (container(copy)['image'] = 'evil'))],
    [
      'exchange the image while rolling',
      deployment(copy => (roll(copy), (container(copy)['image'] = 'evil'))),
    ],
    ['add a variable', deployment(copy => (container(copy)['env'] = []))],
    [
      'mount something else',
      deployment(copy => ((copy.spec.template.spec as { volumes: unknown[] }).volumes = [])),
    ],
    [
      'take another account',
      deployment(
        copy => ((copy.spec.template.spec as Record<string, unknown>)['serviceAccountName'] = 'default'),
      ),
    ],
    ['relabel the pods', deployment(copy => (copy.spec.template.metadata.labels = { app: 'x' }))],
    [
      'annotate the pods with anything else',
      deployment(copy => (copy.spec.template.metadata.annotations = { 'sidecar.istio.io/inject': 'true' })),
    ],
    [
      'annotate by something that is no hash',
      deployment(copy => (copy.spec.template.metadata.annotations = { 'cupel.dev/releases': 'latest' })),
    ],
    [
      'take another annotation away',
      deployment(roll, copy => (copy.spec.template.metadata.annotations = { other: 'x' })),
    ],
    ['change the number of replicas', deployment(copy => (copy.spec['replicas'] = 0))],
    ['pause the worker', deployment(copy => (copy.spec['paused'] = true))],
    ['change how it rolls', deployment(copy => (copy.spec['strategy'] = { type: 'Recreate' }))],
    ['relabel the Deployment', deployment(copy => (copy.metadata.labels = {}))],
    [
      'let it be collected',
      deployment(copy => ((copy.metadata as Record<string, unknown>)['ownerReferences'] = [{}])),
    ],
    [
      'roll web',
      { ...deployment(roll), object: { ...(changed(roll) as Manifest), metadata: { name: 'cupel-web' } } },
    ],
  ])('may not %s', (_, request) => expect(admits(policy, { user: gate, ...request })).toBe(false))

  test('everybody else is judged by RBAC alone', () => {
    expect(admits(policy, { user: 'admin', operation: 'DELETE', resource: 'configmaps' })).toBe(true)
  })

  test('the policy names the account that the gate runs under, holds in V2 for every request, and denies', () => {
    expect(policy.spec).toMatchObject({
      failurePolicy: 'Fail',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'platform-v2-stable' } },
        resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
      },
    })
    expect(
      (policy.spec as { matchConditions: { expression: string }[] }).matchConditions.map(
        ({ expression }) => expression,
      ),
    ).toEqual([`request.userInfo.username == '${gate}'`])
    one(prod, 'ServiceAccount', 'cupel-gate', 'platform-gate')
    expect(one(prod, 'ValidatingAdmissionPolicyBinding', policy.metadata.name).spec).toMatchObject({
      policyName: policy.metadata.name,
      validationActions: ['Deny', 'Audit'],
    })
  })

  test('no field of a Deployment that the API may come to know is left open', async () => {
    const { readFileSync } = await import('node:fs')
    const { fileURLToPath } = await import('node:url')
    const fields = (name: string): string[] => {
      const path = fileURLToPath(import.meta.resolve(`kubernetes-models/apps/v1/${name}`)).replace(
        /\.js$/,
        '.d.ts',
      )
      const body = /export interface I\w+ \{([\s\S]*?)\n\}/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
      return [...body.matchAll(/^ {4}"?(\w+)"?\??:/gm)].map(match => match[1] ?? '')
    }
    const text = JSON.stringify(policy.spec)
    const known = fields('DeploymentSpec')
    expect(known).toHaveLength(8)
    for (const field of known.filter(field => field !== 'template'))
      expect(text).toMatch(
        new RegExp(
          String.raw`object\.spec\.\??${field}(\.orValue\(\w+\))? == oldObject\.spec\.\??${field}\1`,
        ),
      )
  })
})
