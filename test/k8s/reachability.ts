import { readFileSync } from 'node:fs'
import { expect, it, test } from 'vitest'
import { rendered } from './objects.ts'
import { podsOf, policiesOf, reach, stranger, type Place } from './reach.ts'

const prod = rendered('prod')
const policies = policiesOf(prod)
const own = [...podsOf(prod), ...podsOf(rendered('prod-migration'))]
const postgres: Place = {
  name: 'postgres',
  // CloudNativePG's operator makes these pods; the first label is the manifests', the second its own.
  pod: {
    namespace: 'platform-data',
    labels: { 'app.kubernetes.io/name': 'postgres', 'cnpg.io/cluster': 'cupel-postgres' },
    ports: { postgresql: 5432, metrics: 9187, status: 8000 },
  },
  ports: [5432, 8000, 9187],
}
const place = (name: string): Place => {
  const found = [...own, postgres].find(one => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}

const inside = ['web', 'production', 'experiments', 'egress', 'archive', 'gate', 'dashboard', 'redis'].map(
  place,
)
const strangers = [
  stranger('ingress controller', 'ingress-nginx', { 'app.kubernetes.io/name': 'ingress-nginx' }),
  stranger('Prometheus', 'monitoring', { 'app.kubernetes.io/name': 'prometheus' }),
  stranger('CloudNativePG', 'cnpg-system', { 'app.kubernetes.io/name': 'cloudnative-pg' }),
  stranger('anything else', 'default', {
    'app.kubernetes.io/part-of': 'cupel',
    'app.kubernetes.io/component': 'gate',
  }),
]
const outside: Place[] = [
  stranger('DNS', 'kube-system', { 'k8s-app': 'kube-dns' }, [53]),
  { name: 'Kubernetes API', address: '192.0.2.1', ports: [6443] },
  { name: 'Internet', address: '140.82.112.3', ports: [22, 80, 443] },
  { name: 'private networks', address: '10.1.2.3', ports: [22, 80, 443, 5432] },
  { name: 'cloud metadata', address: '169.254.169.254', ports: [80, 443] },
]
const sources = [...inside, postgres, place('migrate'), place('backup'), ...strangers]
const targets = [...inside, postgres, ...outside]

/** Who may reach whom, at which ports: rows reach columns, a dash is refused, what is not ours to say is left empty. */
const intended = `
| from \\ to | web | production | experiments | egress | archive | gate | dashboard | redis | postgres | DNS | Kubernetes API | Internet | private networks | cloud metadata |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| web | 3000 | 9464 | – | – | – | – | – | 6379 | 5432 | 53 | – | – | – | – |
| production | 3000 | 9464 | – | – | – | – | – | 6379 | 5432 | 53 | – | 443 | – | – |
| experiments | – | – | 9465 | 3128 9466 | 3000 | – | – | 6379 | 5432 | 53 | – | – | – | – |
| egress | – | – | 9465 | 3128 9466 | – | – | – | – | – | 53 | – | 443 | – | – |
| archive | – | – | – | – | 3000 | – | – | – | 5432 | 53 | – | – | – | – |
| gate | – | – | – | – | – | – | – | – | 5432 | 53 | 6443 | – | – | – |
| dashboard | – | – | – | – | – | – | – | – | 5432 | 53 | – | – | – | – |
| redis | – | – | – | – | – | – | – | – | – | 53 | – | – | – | – |
| postgres | – | – | – | – | – | – | – | – | 5432 8000 | 53 | 6443 | – | – | – |
| migrate | – | – | – | – | – | – | – | – | 5432 | 53 | – | – | – | – |
| backup | – | – | – | – | – | – | – | – | 5432 | 53 | – | – | – | – |
| ingress controller | 3000 | – | – | – | – | – | 3000 | – | – | | | | | |
| Prometheus | 3000 | 9464 | 9465 | 9466 | 3000 | 9467 | 3000 | – | 9187 | | | | | |
| CloudNativePG | – | – | – | – | – | – | – | – | 5432 8000 | | | | | |
| anything else | – | – | – | – | – | – | – | – | – | | | | | |
`.trim()

const cell = (source: Place, target: Place): string => reach(policies, source, target).join(' ') || '–'
const computed = [
  `| from \\ to | ${targets.map(({ name }) => name).join(' | ')} |`,
  `|${' --- |'.repeat(targets.length + 1)}`,
  ...sources.map(source => {
    const foreign = strangers.includes(source)
    const cells = targets.map(target => (foreign && outside.includes(target) ? '' : cell(source, target)))
    return `| ${source.name} | ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  }),
]

it.each(intended.split('\n').map((row, index) => [row.split('|')[1]?.trim() ?? '', index, row] as const))(
  'row %s of the table of who may reach whom',
  (_, index, row) => expect(computed[index]).toBe(row),
)

test('nobody is missing in the table, and docs/kubernetes.md shows the same', () => {
  expect(computed).toHaveLength(intended.split('\n').length)
  expect(inside.length + 2).toBe(own.length)
  expect(readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8')).toContain(intended)
})

const versions = ['platform-v1-exp', 'platform-v2-stable', 'platform-v3-quarantine']

test.each(['prod', 'prod-managed', 'dev'] as const)(
  '%s: no pod of a version reaches another version, but V1 the archive',
  name => {
    const here = policiesOf(rendered(name))
    const pods = podsOf(rendered(name)).filter(({ pod }) => versions.includes(pod?.namespace ?? ''))
    const across = pods.flatMap(source =>
      pods
        .filter(
          target => target.pod?.namespace !== source.pod?.namespace && reach(here, source, target).length > 0,
        )
        .map(target => `${source.name} → ${target.name}`),
    )
    expect(pods).toHaveLength(5)
    expect(across).toEqual(['experiments → archive'])
  },
)

test('managed data services are reached at their addresses, each by those who need it', () => {
  const here = policiesOf(rendered('prod-managed'))
  const managed: Place[] = [
    { name: 'PostgreSQL', address: '192.0.2.2', ports: [5432] },
    { name: 'Redis', address: '192.0.2.3', ports: [6380] },
  ]
  const pods = [...podsOf(rendered('prod-managed')), place('migrate')]
  const users = managed.map(target =>
    pods
      .filter(source => reach(here, source, target).length > 0)
      .map(({ name }) => name)
      .sort(),
  )
  expect(users).toEqual([
    ['archive', 'backup', 'dashboard', 'experiments', 'gate', 'migrate', 'production', 'web'],
    ['experiments', 'production', 'web'],
  ])
})

const a: Place = { name: 'a', pod: { namespace: 'one', labels: { app: 'a' }, ports: {} }, ports: [] }
const b: Place = {
  name: 'b',
  pod: { namespace: 'two', labels: { app: 'b' }, ports: { http: 80 } },
  ports: [80, 443],
}
const into = (from: object[] | undefined, ports?: object[]) => [
  { namespace: 'two', podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from, ports }] },
]
const one = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'one' } } }

it.each<[string, ReturnType<typeof into>, number[]]>([
  ['no policy lets everything in', [], [80, 443]],
  ['a policy without rules lets nothing in', [{ ...into([])[0]!, ingress: [] }], []],
  ['a rule without peers holds everybody', into(undefined), [80, 443]],
  [
    'a pod selector alone means its own namespace',
    into([{ podSelector: { matchLabels: { app: 'a' } } }]),
    [],
  ],
  [
    'both selectors of one peer must hold',
    into([{ ...one, podSelector: { matchLabels: { app: 'x' } } }]),
    [],
  ],
  ['either of two peers may hold', into([one, { podSelector: { matchLabels: { app: 'x' } } }]), [80, 443]],
  ['a port’s name is the target’s', into([one], [{ port: 'http' }]), [80]],
  ['UDP opens no TCP port', into([one], [{ port: 80, protocol: 'UDP' }]), []],
])('the reckoning: %s', (_, some, ports) => {
  expect(reach(some as Parameters<typeof reach>[0], a, b)).toEqual(ports)
})
