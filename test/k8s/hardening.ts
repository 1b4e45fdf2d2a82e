import { describe, expect, it, test } from 'vitest'
import { environmentFor, roles, type Role } from '../../src/adapters/system/environment-role.ts'
import { roleUrl, type Role as DatabaseRole } from '../../src/adapters/postgres/roles.ts'
import { variables } from '../../src/adapters/system/environment.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'
import { label, one, rendered, renderedNames, workloads, type Manifest, type Workload } from './objects.ts'
import { settings } from './settings.ts'

const all = renderedNames.flatMap(name =>
  workloads(rendered(name)).map(one => [`${one.name} of ${name}`, one] as const),
)
const prod = rendered('prod')
const dev = rendered('dev')
const containers = ({ pod }: Workload) => [...(pod.initContainers ?? []), ...pod.containers]

describe('Pod Security restricted, and a little more', () => {
  it.each(renderedNames.filter(name => !/-(migration|restore)$/.test(name)))(
    'every namespace of %s enforces it',
    name => {
      const namespaces = rendered(name).filter(({ kind }) => kind === 'Namespace')
      expect(namespaces.map(({ metadata }) => metadata.name).sort()).toEqual([
        'platform-data',
        'platform-gate',
        'platform-v1-exp',
        'platform-v2-stable',
        'platform-v3-quarantine',
      ])
      for (const { metadata } of namespaces)
        expect(metadata.labels).toMatchObject({
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        })
    },
  )

  it.each(all)('%s', (_, workload) => {
    const { pod } = workload
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.enableServiceLinks).toBe(false)
    expect(pod.serviceAccountName).toMatch(/./)
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'shareProcessNamespace'])
      expect(pod).not.toHaveProperty(field)
    for (const container of containers(workload)) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(Object.keys(container.resources.limits ?? {}).sort()).toEqual(['cpu', 'memory'])
      expect(container).not.toHaveProperty('ports.0.hostPort')
    }
    // Volumes of kinds that restricted allows; and an emptyDir never without a limit.
    for (const { name: _name, ...volume } of pod.volumes ?? []) {
      expect(['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret']).toContain(
        Object.keys(volume)[0],
      )
      if ('emptyDir' in volume) expect(volume['emptyDir']).toHaveProperty('sizeLimit')
    }
  })

  it.each(all.filter(([, { kind }]) => !kind.endsWith('Job')))('%s has all three probes', (_, workload) => {
    for (const container of containers(workload))
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
        expect(container[probe], `${container.name} ${probe}`).toBeDefined()
  })
})

test('the gate alone holds a token of the Kubernetes API, for an hour', () => {
  const tokens = workloads(prod).flatMap(({ name, pod }) =>
    (pod.volumes ?? []).flatMap(volume =>
      (
        (
          volume['projected'] as
            | { sources: { serviceAccountToken?: { expirationSeconds: number } }[] }
            | undefined
        )?.sources ?? []
      )
        .filter(source => source.serviceAccountToken)
        .map(source => [name, source.serviceAccountToken?.expirationSeconds]),
    ),
  )
  expect(tokens).toEqual([['cupel-gate', 3600]])
  for (const account of prod.filter(({ kind }) => kind === 'ServiceAccount'))
    expect(account['automountServiceAccountToken'], label(account)).toBe(false)
})

const images = all.flatMap(([, one]) => one.pod.containers.map(({ image }) => image))

test('images are named by digest, but for the one that development builds', () => {
  for (const image of new Set(images)) expect(image).toMatch(/^cupel:dev$|^[\w./-]+@sha256:[0-9a-f]{64}$/)
})

/** Each process: where it lives, what it runs, and every Secret's key that it holds. */
const processes: Record<string, { namespace: string; module: string; role?: Role; secrets: string[] }> = {
  'cupel-web': {
    namespace: 'platform-v2-stable',
    module: 'src/web/main.ts',
    role: 'web',
    secrets: ['DATABASE_URL', 'REDIS_URL', 'WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS'],
  },
  'cupel-production': {
    namespace: 'platform-v2-stable',
    module: 'jobs/production/main.ts',
    role: 'production',
    secrets: ['ANTHROPIC_API_KEY', 'APP_ID', 'DATABASE_URL', 'OPENAI_API_KEY', 'PRIVATE_KEY', 'REDIS_URL'],
  },
  'cupel-experiments': {
    namespace: 'platform-v1-exp',
    module: 'jobs/experiments/main.ts',
    role: 'experiments',
    secrets: ['ANTHROPIC_API_KEY', 'DATABASE_URL', 'OPENAI_API_KEY', 'REDIS_URL'],
  },
  'cupel-egress': { namespace: 'platform-v1-exp', module: 'src/egress/main.ts', secrets: [] },
  'cupel-gate': {
    namespace: 'platform-gate',
    module: 'jobs/gate/main.ts',
    role: 'gate',
    secrets: ['DATABASE_URL'],
  },
  'cupel-dashboard': {
    namespace: 'platform-gate',
    module: 'src/dashboard/main.ts',
    role: 'dashboard',
    secrets: ['CUPEL_SESSION_SECRET', 'DATABASE_URL'],
  },
  'cupel-archive': {
    namespace: 'platform-v3-quarantine',
    module: 'src/archive/main.ts',
    role: 'archive',
    secrets: ['DATABASE_URL'],
  },
}

/** Secret keys of one workload, in its environment and in its files; each has to be asked for by name. */
function secretsOf({ pod }: Workload): { secret: string; key: string; optional: boolean }[] {
  const asVariables = pod.containers.flatMap(({ env }) =>
    (env ?? []).flatMap(({ valueFrom }) => (valueFrom?.secretKeyRef ? [valueFrom.secretKeyRef] : [])),
  )
  const asFiles = (pod.volumes ?? []).flatMap(volume => {
    const secret = volume['secret'] as { secretName: string; items?: { key: string }[] } | undefined
    return secret ? (secret.items ?? [{ key: '*' }]).map(({ key }) => ({ name: secret.secretName, key })) : []
  })
  return [...asVariables, ...asFiles].map(({ name, key, ...rest }) => ({
    secret: name,
    key,
    optional: 'optional' in rest && rest.optional === true,
  }))
}

test('every process is in the table', () => {
  const cupel = workloads(prod).filter(
    ({ kind, labels }) => kind === 'Deployment' && labels['app.kubernetes.io/name'] === 'cupel',
  )
  expect(cupel.map(({ name }) => name).sort()).toEqual(Object.keys(processes).sort())
  expect(
    Object.values(processes)
      .flatMap(({ role }) => role ?? [])
      .sort(),
  ).toEqual([...roles].sort())
})

/** Where a process listens is no secret of anybody's, and Node.js's own word for its proxy neither. */
const harmless = ['HOST', 'PORT', 'METRICS_PORT', 'NODE_USE_ENV_PROXY']

describe.each(Object.entries(processes))('%s', (name, { namespace, module, role, secrets }) => {
  const workload = workloads(prod).find(one => one.name === name)!

  test('runs its module in its namespace under its own account', () => {
    expect(workload.namespace).toBe(namespace)
    expect(workload.pod.containers[0]?.args).toEqual([module])
    expect(workload.pod.containers[0]?.command).toBeUndefined()
    expect(workload.pod.serviceAccountName).toBe(name)
    one(prod, 'ServiceAccount', name, namespace)
    const spec = processSpecs({}, 'postgres://owner:password@host/db').find(spec => spec.name === role)
    if (spec) expect(spec.module).toBe(module)
  })

  test('holds the secrets of the table and no other, from a Secret of its own', () => {
    const held = secretsOf(workload)
    expect(held.map(({ key }) => key).sort()).toEqual(secrets)
    expect(new Set(held.map(({ secret }) => secret))).toEqual(new Set(secrets.length > 0 ? [name] : []))
  })

  test('sees nothing that its allow-list does not name', () => {
    const given = Object.keys(settings(prod, workload))
    const everything = Object.fromEntries([...variables, ...given].map(variable => [variable, 'set']))
    const allowed = role ? Object.keys(environmentFor(role, everything)) : given
    // Experiments read keys of their own, which the supervisor renames and Kubernetes does not have to.
    const renamed = role === 'experiments' ? ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'] : []
    expect(
      given.filter(variable => ![...allowed, ...harmless, ...renamed, 'DATABASE_URL'].includes(variable)),
    ).toEqual([])
  })

  test('listens where its ports and probes say', () => {
    const { HOST, PORT, METRICS_PORT } = settings(prod, workload)
    expect(HOST).toBe('0.0.0.0')
    const ports = workload.pod.containers[0]?.ports?.map(({ containerPort }) => String(containerPort))
    expect(ports).toEqual([PORT, METRICS_PORT].filter(port => port !== undefined))
  })
})

test('the owner’s URL is held by the migration, the backup and the restore alone, the key of backups by the latter two', () => {
  const holders = (secret: string) =>
    [...workloads(prod), ...workloads(rendered('prod-migration')), ...workloads(rendered('prod-restore'))]
      .filter(workload => secretsOf(workload).some(held => held.secret === secret))
      .map(({ name }) => name)
      .sort()
  expect(holders('cupel-owner')).toEqual(['cupel-backup', 'cupel-migrate', 'cupel-restore'])
  expect(holders('cupel-backup')).toEqual(['cupel-backup', 'cupel-restore'])
})

test('a backup every hour, never two at once, into a volume of its own', () => {
  const { spec } = one(prod, 'CronJob', 'cupel-backup', 'platform-data')
  expect(spec).toMatchObject({ schedule: '7 * * * *', concurrencyPolicy: 'Forbid' })
  const { pod } = workloads(prod).find(({ name }) => name === 'cupel-backup')!
  expect(pod.containers[0]?.args).toEqual(['src/cli/main.ts', 'backup', '--to', '/backups'])
  expect(pod.containers[0]?.volumeMounts).toEqual([{ name: 'backups', mountPath: '/backups' }])
  expect(pod.volumes).toEqual([{ name: 'backups', persistentVolumeClaim: { claimName: 'cupel-backups' } }])
  one(prod, 'PersistentVolumeClaim', 'cupel-backups', 'platform-data')
})

test('a restore reads what the backup wrote, by its account and labels, once, and as it stands does nothing', () => {
  const backup = workloads(prod).find(({ name }) => name === 'cupel-backup')!
  const [restore] = workloads(rendered('prod-restore'))
  expect(restore).toMatchObject({ name: 'cupel-restore', namespace: 'platform-data', labels: backup.labels })
  expect(restore?.pod.serviceAccountName).toBe('cupel-backup')
  expect(restore?.pod.volumes).toEqual(backup.pod.volumes)
  expect(restore?.pod.containers[0]?.env).toEqual(backup.pod.containers[0]?.env)
  expect(restore?.pod.containers[0]?.args).toEqual([
    'src/cli/main.ts',
    'restore',
    '/backups/FILE',
    '--schema',
    'SCHEMA',
  ])
  expect(one(rendered('prod-restore'), 'Job', 'cupel-restore').spec).toMatchObject({ backoffLimit: 0 })
})

test('the migration waits for a database that is just being made', () => {
  const [migration] = workloads(rendered('prod-migration'))
  expect(migration?.pod.containers[0]?.args).toEqual(['src/cli/main.ts', 'migrate', '--wait', '600'])
})

test('a managed database and Redis take nothing from the vault themselves', () => {
  const names = rendered('prod-managed')
    .filter(({ kind }) => kind === 'ExternalSecret')
    .map(({ metadata }) => metadata.name)
  expect(names).toContain('cupel-owner')
  for (const own of ['cupel-postgres-owner', 'redis-acl']) {
    expect(names).not.toContain(own)
    one(prod, 'ExternalSecret', own, 'platform-data')
  }
})

test('every Secret that a pod names is made: in development as it stands, in production from the vault', () => {
  const names = (objects: readonly Manifest[], kind: string) =>
    objects
      .filter(object => object.kind === kind)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  for (const [objects, kind] of [
    [dev, 'Secret'],
    [prod, 'ExternalSecret'],
  ] as const) {
    const made = names(objects, kind)
    for (const workload of [...workloads(objects), ...workloads(rendered('prod-migration'))])
      for (const { secret, key, optional } of secretsOf(workload)) {
        expect(made).toContain(`${workload.namespace}/${secret}`)
        if ((optional && kind === 'Secret') || key === '*') continue
        const object = one(objects, kind, secret, workload.namespace)
        const keys = object.stringData
          ? Object.keys(object.stringData)
          : (object.spec as { data: { secretKey: string }[] }).data.map(({ secretKey }) => secretKey)
        expect(keys, `${secret} of ${workload.namespace}`).toContain(key)
      }
  }
})

test('each zone’s store at the vault reads that zone’s path alone', () => {
  for (const { metadata, spec } of prod.filter(({ kind }) => kind === 'ExternalSecret')) {
    const store = one(prod, 'SecretStore', 'cupel', metadata.namespace).spec as {
      provider: { vault: { auth: { kubernetes: { role: string } } } }
    }
    const zone = store.provider.vault.auth.kubernetes.role.replace('cupel-', '')
    for (const { remoteRef } of (spec as { data: { remoteRef: { key: string } }[] }).data)
      expect(remoteRef.key).toBe(`cupel/${zone}`)
  }
  const stores = prod.filter(({ kind }) => kind === 'SecretStore').map(({ spec }) => JSON.stringify(spec))
  expect(new Set(stores).size).toBe(5)
})

it.each<[string, string, DatabaseRole]>([
  ['platform-v2-stable', 'cupel-web', 'cupel_web'],
  ['platform-v2-stable', 'cupel-production', 'cupel_production'],
  ['platform-v1-exp', 'cupel-experiments', 'cupel_experiments'],
  ['platform-v3-quarantine', 'cupel-archive', 'cupel_archive'],
  ['platform-gate', 'cupel-gate', 'cupel_gate'],
  ['platform-gate', 'cupel-dashboard', 'cupel_operator'],
])('development: %s/%s signs in as %s, as the migration will let it', (namespace, secret, role) => {
  const owner = one(dev, 'Secret', 'cupel-owner', 'platform-data').stringData ?? {}
  expect(one(dev, 'Secret', secret, namespace).stringData?.['DATABASE_URL']).toBe(
    roleUrl(owner['DATABASE_URL'] ?? '', role),
  )
  expect(new URL(owner['DATABASE_URL'] ?? '').password).toBe(owner['POSTGRES_PASSWORD'])
})
