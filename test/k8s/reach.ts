import { BlockList } from 'node:net'
import { workloads, type Manifest, type Selector } from './objects.ts'

export interface Place {
  name: string
  /** A pod's namespace and labels; without them an address outside the cluster. */
  pod?: { namespace: string; labels: Record<string, string>; ports: Record<string, number> }
  address?: string
  /** What is tried there. */
  ports: number[]
}
interface Peer {
  podSelector?: Selector
  namespaceSelector?: Selector
  ipBlock?: { cidr: string; except?: string[] }
}
interface Rule {
  from?: Peer[]
  to?: Peer[]
  ports?: { port?: number | string; endPort?: number; protocol?: string }[]
}
interface Policy {
  namespace: string
  podSelector: Selector
  policyTypes: string[]
  ingress?: Rule[]
  egress?: Rule[]
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: Selector,
  labels: Record<string, string>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key]
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          throw new Error(`no operator ${operator}`)
      }
    })
  )
}

function within(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [net = '', bits] = cidr.split('/')
    list.addSubnet(net, Number(bits))
  }
  return list.check(address)
}

/** Whether the peers of a rule hold the place; `home` is the namespace of the policy. A rule without peers holds all. */
function holds(peers: readonly Peer[] | undefined, place: Place, home: string): boolean {
  if (peers === undefined) return true
  return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if (ipBlock)
      return (
        place.address !== undefined &&
        within([ipBlock.cidr], place.address) &&
        !within(ipBlock.except ?? [], place.address)
      )
    if (!place.pod) return false
    const inNamespace = namespaceSelector
      ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': place.pod.namespace })
      : place.pod.namespace === home
    return inNamespace && selects(podSelector ?? {}, place.pod.labels)
  })
}

/** Ports are those of the target: a name is what its container calls the port. TCP unless the port is DNS's. */
function admits({ ports }: Rule, target: Place, port: number): boolean {
  if (ports === undefined) return true
  return ports.some(({ port: wanted, endPort, protocol = 'TCP' }) => {
    if (protocol !== 'TCP') return false
    if (typeof wanted === 'string') return target.pod?.ports[wanted] === port
    return (
      wanted === undefined || (endPort === undefined ? wanted === port : wanted <= port && port <= endPort)
    )
  })
}

/** The ports of `target` that `source` reaches: each must be let out by the source's policies and in by the target's. */
export function reach(policies: readonly Policy[], source: Place, target: Place): number[] {
  const allowed = (own: Place, other: Place, way: 'ingress' | 'egress', port: number): boolean => {
    const { pod } = own
    if (!pod) return true
    const about = policies.filter(
      ({ namespace, podSelector, policyTypes }) =>
        namespace === pod.namespace &&
        policyTypes.some(type => type.toLowerCase() === way) &&
        selects(podSelector, pod.labels),
    )
    if (about.length === 0) return true
    return about.some(policy =>
      (policy[way] ?? []).some(
        rule =>
          holds(way === 'ingress' ? rule.from : rule.to, other, policy.namespace) &&
          admits(rule, target, port),
      ),
    )
  }
  return target.ports.filter(
    port => allowed(source, target, 'egress', port) && allowed(target, source, 'ingress', port),
  )
}

export function policiesOf(objects: readonly Manifest[]): Policy[] {
  return objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ metadata, spec }) => ({ ...(spec as unknown as Policy), namespace: metadata.namespace ?? '' }))
}

/** The pods of the manifests as places, by the name of their workload without the prefix. */
export function podsOf(objects: readonly Manifest[]): Place[] {
  return workloads(objects).map(({ name, namespace, labels, pod }) => {
    const ports = Object.fromEntries(
      pod.containers.flatMap(container =>
        (container.ports ?? []).map(port => [port.name, port.containerPort]),
      ),
    )
    return {
      name: name.replace('cupel-', ''),
      pod: { namespace, labels, ports },
      ports: Object.values(ports),
    }
  })
}

/** Someone else's pod. */
export function stranger(
  name: string,
  namespace: string,
  labels: Record<string, string>,
  ports: number[] = [],
): Place {
  return { name, pod: { namespace, labels, ports: {} }, ports }
}
