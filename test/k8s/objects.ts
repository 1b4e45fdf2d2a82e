import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { overlays } from '../../scripts/render-manifests.ts'

export interface Selector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}
export interface Resources {
  requests?: Record<string, string>
  limits?: Record<string, string>
}
export interface Probe {
  httpGet?: { path: string; port: string }
  tcpSocket?: { port: string }
  periodSeconds?: number
  failureThreshold?: number
}
export interface Container {
  name: string
  image: string
  command?: string[]
  args?: string[]
  env?: {
    name: string
    value?: string
    valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } }
  }[]
  envFrom?: { configMapRef: { name: string } }[]
  ports?: { name: string; containerPort: number }[]
  resources: Resources
  securityContext?: Record<string, unknown>
  volumeMounts?: { name: string; mountPath: string }[]
  livenessProbe?: Probe
  readinessProbe?: Probe
  startupProbe?: Probe
  lifecycle?: object
}
export interface PodSpec {
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
  enableServiceLinks?: boolean
  terminationGracePeriodSeconds?: number
  affinity?: {
    podAntiAffinity?: {
      preferredDuringSchedulingIgnoredDuringExecution?: {
        podAffinityTerm: { topologyKey: string; labelSelector: { matchLabels: Record<string, string> } }
      }[]
    }
  }
  securityContext?: Record<string, unknown>
  initContainers?: Container[]
  containers: Container[]
  volumes?: Record<string, unknown>[]
}
export interface Manifest {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  spec?: Record<string, unknown>
  data?: Record<string, string>
  stringData?: Record<string, string>
  immutable?: boolean
  [field: string]: unknown
}
export type Rendered = keyof typeof overlays
export const renderedNames = Object.keys(overlays) as Rendered[]

export function renderedText(name: Rendered): string {
  return readFileSync(new URL(`../../k8s/rendered/${name}.yaml`, import.meta.url), 'utf8')
}

const parsed = new Map<Rendered, Manifest[]>()

/** Every object of one overlay, as committed in k8s/rendered/. */
export function rendered(name: Rendered): Manifest[] {
  const known = parsed.get(name)
  if (known) return known
  const objects = parseAllDocuments(renderedText(name)).map(document => {
    if (document.errors[0]) throw document.errors[0]
    return document.toJS() as Manifest
  })
  parsed.set(name, objects)
  return objects
}

/** A name for messages: namespace/Kind/name. */
export function label({ kind, metadata }: Manifest): string {
  return `${metadata.namespace ?? ''}/${kind}/${metadata.name}`
}

export interface Workload {
  name: string
  namespace: string
  kind: 'Deployment' | 'StatefulSet' | 'Job' | 'CronJob'
  labels: Record<string, string>
  replicas: number
  strategy: { type?: string; rollingUpdate?: { maxSurge: number; maxUnavailable: number } }
  pod: PodSpec
}

/** Everything that makes pods. */
export function workloads(objects: readonly Manifest[]): Workload[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    if (kind !== 'Deployment' && kind !== 'StatefulSet' && kind !== 'Job' && kind !== 'CronJob') return []
    const made = kind === 'CronJob' ? (spec?.['jobTemplate'] as { spec: object } | undefined)?.spec : spec
    const { template, replicas, strategy } = made as {
      template: { metadata: { labels: Record<string, string> }; spec: PodSpec }
      replicas?: number
      strategy?: Workload['strategy']
    }
    return {
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      kind,
      labels: template.metadata.labels,
      replicas: replicas ?? 1,
      strategy: strategy ?? {},
      pod: template.spec,
    }
  })
}

/** Throws when there is not exactly one. */
export function one(objects: readonly Manifest[], kind: string, name: string, namespace?: string): Manifest {
  const found = objects.filter(
    object =>
      object.kind === kind &&
      object.metadata.name === name &&
      (namespace === undefined || object.metadata.namespace === namespace),
  )
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of ${kind} ${name}`)
  return found[0]
}

const units: Record<string, number> = { '': 1, m: 0.001, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** A Kubernetes quantity in cores or bytes. */
export function quantity(text: string | number): number {
  const parts = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi)?$/.exec(String(text))
  if (!parts) throw new Error(`no quantity: ${text}`)
  return Number(parts[1]) * (units[parts[2] ?? ''] ?? Number.NaN)
}
