import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { openCluster, type Cluster } from '../../../src/adapters/kubernetes/cluster.ts'
import { admits } from '../../k8s/admission.ts'
import { one, rendered, type Manifest } from '../../k8s/objects.ts'
import { modelOf, problems } from '../../k8s/schemas.ts'
import { mergePatched } from './merge-patch.ts'
import { mayGate } from './rbac.ts'

const user = 'system:serviceaccount:platform-gate:cupel-gate'
const token = 'a-token-of-the-gate'
const route =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[\w.]+\/v1))\/namespaces\/(?<namespace>[\w-]+)\/(?<resource>[a-z]+)(?:\/(?<name>[\w.-]+))?$/
const verbs: Record<string, string> = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch' }

export type Stored = Manifest & {
  metadata: Manifest['metadata'] & { resourceVersion: string; generation?: number }
  status?: Record<string, unknown>
}
/** What happens to one request in place of an answer; 'drop-after' lets it take effect first. */
export type Trouble = 'drop' | 'drop-after' | 'hang' | 'garbage' | 401 | 403 | 429 | 500 | 503

type Sent = { metadata?: { name?: string; resourceVersion?: string } }

class Refusal extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

type Meddling = (request: string, nth: number) => Trouble | undefined | Promise<Trouble | undefined>

export interface LocalApi {
  cluster(deadlineMs?: number): Cluster
  objects: Map<string, Stored>
  /** 'PATCH /apis/…' of every request, in order. */
  requests: string[]
  /** Asked of every request, before it is looked at: what goes wrong with it, or what somebody else does just before. */
  meddle(with_: Meddling): void
  get(resource: string, name: string): Stored | undefined
  /** Changes an object as somebody else would, past every rule. */
  change(resource: string, name: string, change: (object: Stored) => void): void
  /** As its controller does. Null: all pods are new and available. */
  progress(status: Record<string, unknown> | null): void
  close(): Promise<void>
}

/**
 * An API server that holds the gate to what a real one would: token, RBAC and admission policy of the rendered manifests,
 * content types, the published schemas without an unknown field, resource versions, immutable ConfigMaps.
 */
export async function localApi(): Promise<LocalApi> {
  const prod = rendered('prod')
  const policy = one(prod, 'ValidatingAdmissionPolicy', 'cupel-gate-changes-releases-only')
  const objects = new Map<string, Stored>()
  const requests: string[] = []
  let version = 100
  /** One request at a time, as a store with transactions answers. */
  let turn: Promise<[number, unknown]> = Promise.resolve([0, null])
  let meddle: Meddling = () => undefined
  const store = (key: string, object: Manifest): Stored => {
    const kept = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } } as Stored
    objects.set(key, kept)
    return kept
  }
  const keyOf = (resource: string, namespace: string, name: string): string =>
    `${resource}/${namespace}/${name}`
  const find = (resource: string, name: string): [string, Stored] | undefined =>
    [...objects].find(([key]) => key.startsWith(`${resource}/`) && key.endsWith(`/${name}`))
  for (const object of [
    one(prod, 'ConfigMap', 'cupel-releases'),
    one(prod, 'Deployment', 'cupel-production'),
  ]) {
    const { namespace = '', name } = object.metadata
    const kept = store(keyOf(`${object.kind.toLowerCase()}s`, namespace, name), structuredClone(object))
    if (object.kind === 'Deployment') kept.metadata.generation = 1
  }

  async function answer(request: IncomingMessage, body: string): Promise<[number, unknown]> {
    if (request.headers.authorization !== `Bearer ${token}`) throw new Refusal(401, 'Unauthorized')
    const url = new URL(request.url ?? '', 'http://api')
    const path = route.exec(url.pathname)?.groups
    const verb = verbs[request.method ?? '']
    if (!path || !verb) throw new Refusal(404, `no such path ${url.pathname}`)
    const { group: groupVersion, namespace = '', resource = '' } = path
    const group = groupVersion?.split('/')[0] ?? ''
    const sent: Sent | undefined =
      verb === 'get' ? undefined : read(verb, request.headers['content-type'], body)
    const name = path['name'] ?? sent?.metadata?.name ?? ''
    if ((verb === 'create') !== (path['name'] === undefined)) throw new Refusal(405, 'method not allowed')
    // A name at creation is unknown to RBAC.
    if (!mayGate(verb, group, resource, namespace, path['name']))
      throw new Refusal(403, `${user} cannot ${verb} ${resource} ${name} in ${namespace}`)
    const key = keyOf(resource, namespace, name)
    const old = objects.get(key)
    if (verb === 'create' && old) throw new Refusal(409, `${resource} "${name}" already exists`)
    if (verb !== 'create' && !old) throw new Refusal(404, `${resource} "${name}" not found`)
    if (sent === undefined) return [200, old]
    if (url.searchParams.get('fieldManager') !== 'cupel-gate')
      throw new Refusal(400, 'who is the field manager?')
    const { resourceVersion } = sent.metadata ?? {}
    if (verb !== 'create' && resourceVersion === undefined)
      throw new Refusal(422, 'metadata.resourceVersion: must be specified for an update')
    if (old && resourceVersion !== old.metadata.resourceVersion)
      throw new Refusal(409, 'the object has been modified; apply your changes to the latest version')
    const next = (verb === 'patch' ? mergePatched(old, sent) : sent) as Stored
    if (next.metadata.name !== name || next.metadata.namespace !== namespace)
      throw new Refusal(400, 'the name or namespace of the object is not that of the path')
    const model = await modelOf(next)
    if (model === null) throw new Refusal(400, `no kind ${next.kind}`)
    const wrong = problems(model, next)
    if (wrong.length > 0) throw new Refusal(422, wrong.join('; '))
    if (old?.immutable && JSON.stringify(old.data) !== JSON.stringify(next.data))
      throw new Refusal(422, 'data: field is immutable when `immutable` is set')
    const operation = verb === 'create' ? 'CREATE' : 'UPDATE'
    const admitted =
      namespace !== 'platform-v2-stable' ||
      admits(policy, { user, operation, group, resource, object: next, oldObject: old })
    if (!admitted) throw new Refusal(403, 'ValidatingAdmissionPolicy denied the request')
    const changed = old && JSON.stringify(old.spec) !== JSON.stringify(next.spec)
    if (changed && old.metadata.generation !== undefined)
      next.metadata.generation = old.metadata.generation + 1
    return [verb === 'create' ? 201 : 200, store(key, next)]
  }

  const server = createServer((request, response) => {
    void serve(request, response)
  })
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const part of request) body += String(part)
    const line = `${request.method} ${request.url?.split('?')[0]}`
    requests.push(line)
    const trouble = await meddle(line, requests.length - 1)
    if (trouble === 'hang') return
    if (trouble === 'drop') return void request.socket.destroy()
    let code: number
    let said: unknown
    try {
      if (typeof trouble === 'number') throw new Refusal(trouble, 'as the test wants it')
      ;[code, said] = await (turn = turn.then(
        () => answer(request, body),
        () => answer(request, body),
      ))
    } catch (error) {
      code = error instanceof Refusal ? error.code : 500
      said = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: String(error) }
    }
    if (trouble === 'drop-after') return void request.socket.destroy()
    response.writeHead(code, { 'content-type': 'application/json' })
    response.end(trouble === 'garbage' ? '<html>' : JSON.stringify(said))
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  const api: LocalApi = {
    objects,
    requests,
    cluster(deadlineMs) {
      const config = new KubeConfig()
      const { port } = server.address() as AddressInfo
      config.loadFromClusterAndUser(
        { name: 'local', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
        { name: 'gate', token },
      )
      return openCluster(config, deadlineMs)
    },
    meddle: with_ => (meddle = with_),
    get: (resource, name) => find(resource, name)?.[1],
    change(resource, name, change) {
      const found = find(resource, name)
      if (!found) throw new Error(`no ${resource} ${name}`)
      const copy = structuredClone(found[1])
      change(copy)
      store(found[0], copy)
    },
    progress(status) {
      api.change('deployments', 'cupel-production', deployment => {
        const replicas = deployment.spec?.['replicas'] ?? 1
        const all = { replicas, updatedReplicas: replicas, availableReplicas: replicas }
        deployment.status = { observedGeneration: deployment.metadata.generation, ...(status ?? all) }
      })
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  api.progress(null)
  return api
}

function read(verb: string, type: string | undefined, body: string): Sent {
  const wanted = verb === 'patch' ? 'application/merge-patch+json' : 'application/json'
  if (type !== wanted) throw new Refusal(415, `${type} is not ${wanted}`)
  try {
    return JSON.parse(body) as Sent
  } catch {
    throw new Refusal(400, 'no JSON')
  }
}
