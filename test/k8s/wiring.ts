import { describe, expect, it, test } from 'vitest'
import { routes } from '../../src/dashboard/routes.ts'
import { label, one, rendered, workloads, type Container, type Manifest, type Workload } from './objects.ts'
import { settings } from './settings.ts'

interface ServiceSpec {
  selector: Record<string, string>
  ports: { name: string; port: number; targetPort: string | number }[]
}

/** The workload's probes as each process serves them: at its own pages, at serveMetrics, or as a port that is open. */
const probes: Record<string, Record<'startup' | 'readiness' | 'liveness', string>> = {
  'cupel-web': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
  'cupel-production': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
  'cupel-experiments': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
  'cupel-egress': { startup: 'open', readiness: 'open', liveness: '/healthz' },
  'cupel-gate': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
  'cupel-archive': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
  'cupel-dashboard': { startup: '/healthz', readiness: '/readyz', liveness: '/healthz' },
}

const grace: Record<string, number> = {
  'cupel-web': 45,
  'cupel-production': 75,
  'cupel-experiments': 75,
  'cupel-egress': 75,
  'cupel-gate': 45,
  'cupel-archive': 30,
  'cupel-dashboard': 30,
}

describe.each(['dev', 'prod', 'prod-managed'] as const)('the wiring of %s', name => {
  const objects = rendered(name)
  const pods = workloads(objects)
  const cupels = pods.filter(({ kind }) => kind === 'Deployment')
  const services = objects.filter(({ kind }) => kind === 'Service')
  const specOf = (service: Manifest) => service.spec as unknown as ServiceSpec

  /** Pods that a Service sends to, and the port of theirs. */
  const behind = (service: Manifest, targetPort: string | number): [Workload, number | undefined][] =>
    pods
      .filter(
        ({ namespace, labels }) =>
          namespace === service.metadata.namespace &&
          Object.entries(specOf(service).selector).every(([key, value]) => labels[key] === value),
      )
      .map(pod => [pod, pod.pod.containers[0]?.ports?.find(port => port.name === targetPort)?.containerPort])

  it.each(services.map(service => [label(service), service] as const))(
    '%s sends to the pods of its name, at a port that they have',
    (_, service) => {
      for (const { targetPort } of specOf(service).ports) {
        const found = behind(service, targetPort)
        expect(found.map(([pod]) => pod.name)).toEqual([service.metadata.name])
        expect(found[0]?.[1]).toBeTypeOf('number')
      }
    },
  )

  test('an Ingress leads to a Service that exists; webhooks come in by their exact path alone', () => {
    const paths = objects
      .filter(({ kind }) => kind === 'Ingress')
      .flatMap(({ metadata, spec }) =>
        (
          spec as {
            rules: {
              http: {
                paths: {
                  path: string
                  pathType: string
                  backend: { service: { name: string; port: { name: string } } }
                }[]
              }
            }[]
          }
        ).rules.flatMap(({ http }) =>
          http.paths.map(({ path, pathType, backend }) => {
            const { ports } = specOf(one(objects, 'Service', backend.service.name, metadata.namespace))
            expect(ports.map(port => port.name)).toContain(backend.service.port.name)
            return `${metadata.namespace}/${backend.service.name} ${pathType} ${path}`
          }),
        ),
      )
    expect(paths.sort()).toEqual(
      name === 'dev'
        ? []
        : [
            ...['/', '/sign-in', '/sign-out'].map(path => `platform-gate/cupel-dashboard Exact ${path}`),
            // The pages; how the process fares is told inside alone.
            ...Object.keys(routes)
              .filter(route => route !== '')
              .map(route => `platform-gate/cupel-dashboard Prefix /${route}`),
            'platform-v2-stable/cupel-web Exact /api/github/webhooks',
          ].sort(),
    )
  })

  it.each(['ARCHIVE_URL', 'HTTPS_PROXY'])('%s is a Service inside, at its port', variable => {
    const experiments = cupels.find(pod => pod.name === 'cupel-experiments')!
    const url = new URL(settings(objects, experiments)[variable] ?? '')
    const [service = '', namespace = experiments.namespace] = url.hostname.split('.')
    const { ports } = specOf(one(objects, 'Service', service, namespace))
    expect(url.protocol).toBe('http:')
    expect(ports.map(({ port }) => String(port))).toEqual([url.port])
    expect(service).toBe(variable === 'ARCHIVE_URL' ? 'cupel-archive' : 'cupel-egress')
    // A NetworkPolicy sees the port of the pod.
    for (const { port, targetPort } of ports)
      expect(behind(one(objects, 'Service', service, namespace), targetPort)[0]?.[1]).toBe(port)
  })

  test('V1 goes out through its proxy alone, and the proxy to the two providers alone', () => {
    const of = (workload: string) =>
      settings(
        objects,
        cupels.find(pod => pod.name === workload)!,
      )
    expect(of('cupel-experiments')['NODE_USE_ENV_PROXY']).toBe('1')
    expect(of('cupel-egress')['CUPEL_EGRESS_ALLOW']).toBe('api.openai.com:443 api.anthropic.com:443')
  })

  test('money is what docs/environment.md has as defaults', () => {
    const of = (workload: string) =>
      Object.entries(
        settings(
          objects,
          cupels.find(pod => pod.name === workload)!,
        ),
      ).filter(([key]) => key.includes('_USD'))
    expect(of('cupel-production')).toEqual([
      ['CUPEL_DAILY_USD', '50'],
      ['CUPEL_DAILY_USD_AUTHOR', '5'],
      ['CUPEL_DAILY_USD_INSTALLATION', '20'],
      ['CUPEL_DAILY_USD_REPOSITORY', '10'],
      ['CUPEL_MONTHLY_USD', '500'],
    ])
    expect(of('cupel-experiments')).toEqual([
      ['CUPEL_EXPERIMENTS_DAILY_USD', '20'],
      ['CUPEL_EXPERIMENTS_MONTHLY_USD', '200'],
    ])
  })

  const asked = (container: Container | undefined, kind: 'startup' | 'readiness' | 'liveness') => {
    const probe = container?.[`${kind}Probe`]
    return probe?.httpGet?.path ?? (probe?.tcpSocket ? 'open' : undefined)
  }

  it.each(cupels.map(pod => [pod.name, pod] as const))(
    '%s is asked where it answers, given a minute to start and the time it takes to end',
    (workload, { pod }) => {
      const [container] = pod.containers
      const named = container?.ports?.map(port => port.name)
      for (const kind of ['startup', 'readiness', 'liveness'] as const) {
        expect(asked(container, kind), kind).toBe(probes[workload]?.[kind])
        const probe = container?.[`${kind}Probe`]
        expect(named).toContain(probe?.httpGet?.port ?? probe?.tcpSocket?.port)
      }
      const { periodSeconds = 10, failureThreshold = 3 } = container?.startupProbe ?? {}
      expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(60)
      expect(pod.terminationGracePeriodSeconds).toBe(grace[workload])
    },
  )

  test('web goes on answering for five seconds before it is told to end', () => {
    const web = cupels.find(pod => pod.name === 'cupel-web')!
    expect(web.pod.containers[0]?.lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } })
  })

  it.each(['cupel-web', 'cupel-production'])('%s is spread over nodes', workload => {
    const { pod, labels } = cupels.find(one => one.name === workload)!
    const terms = pod.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    expect(terms).toHaveLength(1)
    expect(terms[0]?.podAffinityTerm.topologyKey).toBe('kubernetes.io/hostname')
    expect(labels).toMatchObject(terms[0]?.podAffinityTerm.labelSelector.matchLabels ?? { none: '' })
  })
})

test('Redis evicts nothing and writes what it takes', () => {
  for (const name of ['dev', 'prod'] as const) {
    const settings = rendered(name).find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('redis-settings'),
    )
    const lines = settings?.data?.['redis.conf']?.split('\n')
    expect(lines).toEqual(expect.arrayContaining(['maxmemory-policy noeviction', 'appendonly yes']))
  }
})

test('PostgreSQL commits on two nodes, and has room for every connection of every replica', () => {
  const { spec } = one(rendered('prod'), 'Cluster', 'cupel-postgres')
  const { parameters } = spec!['postgresql'] as { parameters: Record<string, string> }
  expect(spec).toMatchObject({
    instances: 3,
    minSyncReplicas: 1,
    maxSyncReplicas: 1,
    affinity: { topologyKey: 'kubernetes.io/hostname', podAntiAffinityType: 'required' },
  })
  // Pools as their processes open them: web 4, production 8 and 17 for locks, experiments 8; ten of each of V2.
  expect(Number(parameters['max_connections'])).toBeGreaterThanOrEqual(10 * (4 + 25) + 3 * 8 + 50)
})
