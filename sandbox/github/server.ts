import { createHash, createPublicKey } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthenticator, type Actor } from './auth.ts'
import { createControl, type Control } from './control.ts'
import { createFaults, type FaultRule, type Faults } from './faults.ts'
import { GIT_PATH, serveGit } from './git-http.ts'
import { executeGraphQL } from './graphql.ts'
import type { Answer, Call, Route } from './http.ts'
import { appRoutes } from './routes/apps.ts'
import { checkRoutes, emitCheck } from './routes/checks.ts'
import { issueRoutes } from './routes/issues.ts'
import { createManifestCodes, manifestRoutes, REGISTER_PATH } from './routes/manifests.ts'
import { createRateLimits } from './rate-limits.ts'
import { pullRoutes } from './routes/pulls.ts'
import { repositoryRoutes } from './routes/repositories.ts'
import { addUser, emptyState, nextId, type State } from './state.ts'
import { createValidation, graphqlComplaint } from './validation.ts'
import { createWebhooks, type Delivery } from './webhooks.ts'
import { Refusal, type World } from './world.ts'

export interface LocalGitHubOptions {
  port?: number
  /** Where the bare repositories live. */
  dataDir: string
  app: {
    id: number
    /** PEM; a public key will do as well. */
    privateKey: string
    slug: string
    webhookUrl: string | null
    webhookSecret: string
    permissions?: Record<string, 'read' | 'write'>
  }
  faults?: FaultRule[]
  /** Default all. `requests` leaves the server's own answers unchecked, for benchmarks. */
  validate?: 'requests' | 'all'
  now?: () => Date
}

export interface LoggedRequest {
  method: string
  /** As asked, with GHES's prefix and the query. */
  path: string
  body: unknown
  /** App, installation:<id>, a login, or nobody. */
  actor: string
  /** The asking side's end of the connection: tells which process asked. */
  port: number
  status: number
  /** True when the answer was never sent. */
  dropped: boolean
}

interface ValidationError {
  kind: 'request' | 'response'
  operation: string
  message: string
}

export interface LocalGitHub {
  /** REST base; GraphQL is at /graphql, GHES paths work too. */
  url: string
  control: Control
  faults: Faults
  deliveries: Delivery[]
  requests: LoggedRequest[]
  validationErrors: ValidationError[]
  state: State
  close: () => Promise<void>
}

/** What Cupel's app.yml asks for, and the writing of contents that an operator may grant so that threads get resolved. */
const APP_PERMISSIONS = {
  checks: 'write',
  contents: 'write',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
} as const

const KEPT_REQUESTS = 50_000

const compile = (route: Route) => ({
  route,
  operation: `${route.method} ${route.path}`,
  pattern: new RegExp(
    `^${route.path.replace(/\{(\w+)\}/g, (_match, name: string) => (name === 'path' || name === 'ref' || name === 'basehead' ? `(?<${name}>.*)` : `(?<${name}>[^/]+)`))}$`,
  ),
})

const mediaOf = (accept: string | undefined): string =>
  /application\/vnd\.github\.(?:v3\.)?(raw|diff|patch)/.exec(accept ?? '')?.[1] ?? 'json'

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const nameOf = (actor: Actor): string =>
  actor.kind === 'user'
    ? actor.user.login
    : actor.kind === 'installation'
      ? `installation:${actor.token.installation.id}`
      : actor.kind

const bytesFor = (answer: Answer): Buffer =>
  answer.body === undefined
    ? Buffer.alloc(0)
    : Buffer.isBuffer(answer.body)
      ? answer.body
      : Buffer.from(JSON.stringify(answer.body))

/** A small stateful GitHub on the loopback interface. */
export const startLocalGitHub = async (options: LocalGitHubOptions): Promise<LocalGitHub> => {
  const state = emptyState()
  const now = options.now ?? (() => new Date())
  const webhooks = createWebhooks({
    url: options.app.webhookUrl,
    secret: options.app.webhookSecret,
    appId: options.app.id,
    now,
    nextId: () => nextId(state),
  })
  let url = ''
  const world: World = {
    url: () => url,
    state,
    app: {
      id: options.app.id,
      slug: options.app.slug,
      owner: addUser(state, `${options.app.slug}-owner`, 'Organization', now()),
      bot: addUser(state, `${options.app.slug}[bot]`, 'Bot', now()),
      permissions: { ...(options.app.permissions ?? APP_PERMISSIONS) },
      events: [],
      privateKey: options.app.privateKey,
      webhookSecret: options.app.webhookSecret,
    },
    now,
    webhooks,
    manifests: createManifestCodes({ now }),
    dataDir: options.dataDir,
    comparisons: new Map(),
  }
  const key = createPublicKey(options.app.privateKey).export({ type: 'spki', format: 'pem' }).toString()
  const authenticate = createAuthenticator(world, key)
  const faults = createFaults(options.faults ?? [])
  const validation = createValidation()
  const requests: LoggedRequest[] = []
  const validationErrors: ValidationError[] = []
  const limits = createRateLimits(now)
  const control = createControl(world, (_repo, checkId, by) => {
    const check = state.checks.get(checkId)
    if (check !== undefined) emitCheck(world, check, by, 'rerequested')
  })
  const rateLimit: Route = {
    method: 'GET',
    path: '/rate_limit',
    handle: () => ({ status: 200, body: limits.overview() }),
  }
  const routes = [
    ...appRoutes,
    ...manifestRoutes,
    ...repositoryRoutes,
    ...issueRoutes,
    ...pullRoutes,
    ...checkRoutes,
    rateLimit,
  ].map(compile)

  const perform = async (call: Omit<Call, 'params'>, method: string, path: string): Promise<Answer> => {
    for (const { route, operation, pattern } of routes) {
      const match = route.method === method ? pattern.exec(path) : null
      if (match === null) continue
      const complaint = validation.request(operation, call.query, call.body)
      if (complaint !== null) {
        validationErrors.push({ kind: 'request', operation, message: complaint })
        throw new Refusal(422, `Invalid request.\n\n${complaint}`)
      }
      const params = Object.fromEntries(
        Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
      )
      const answer = await route.handle({ ...call, params })
      if (options.validate !== 'requests' && answer.body !== undefined && !Buffer.isBuffer(answer.body)) {
        const complaint = validation.response(
          operation,
          answer.status,
          JSON.parse(JSON.stringify(answer.body)),
        )
        if (complaint !== null) validationErrors.push({ kind: 'response', operation, message: complaint })
      }
      return answer
    }
    validationErrors.push({
      kind: 'request',
      operation: `${method} ${path}`,
      message: 'the local GitHub has no such route',
    })
    throw new Refusal(404, 'Not Found')
  }

  const answerTo = async (
    actor: Actor,
    method: string,
    target: URL,
    path: string,
    raw: string,
    accept: string | undefined,
  ): Promise<Answer> => {
    let body: Record<string, unknown>
    try {
      body = raw === '' ? {} : (JSON.parse(raw) as Record<string, unknown>)
    } catch {
      throw new Refusal(400, 'Problems parsing JSON')
    }
    if (path === '/graphql') {
      if (actor.kind === 'nobody' || actor.kind === 'app')
        throw new Refusal(401, 'This endpoint requires you to be authenticated.')
      const complaint = graphqlComplaint(body)
      if (complaint !== null) {
        validationErrors.push({ kind: 'request', operation: 'POST /graphql', message: complaint })
        throw new Refusal(400, complaint)
      }
      const answer = await executeGraphQL(
        world,
        actor,
        String(body['query']),
        (body['variables'] ?? {}) as Record<string, unknown>,
      )
      if (answer.data === undefined)
        validationErrors.push({
          kind: 'request',
          operation: 'POST /graphql',
          message: answer.errors?.[0]?.message ?? '',
        })
      return { status: 200, body: answer }
    }
    return perform(
      { world, actor, query: target.searchParams, media: mediaOf(accept), body, target },
      method,
      path,
    )
  }

  const serveControl = async (path: string, raw: string): Promise<Answer> => {
    const name = path.slice('/_control/'.length)
    if (name === 'requests') return { status: 200, body: requests }
    if (name === 'deliveries') return { status: 200, body: webhooks.deliveries }
    if (name === 'validationErrors') return { status: 200, body: validationErrors }
    const input = raw === '' ? {} : (JSON.parse(raw) as Record<string, unknown>)
    if (name === 'fault') {
      faults.add(input)
      return { status: 204 }
    }
    const act = Object.hasOwn(control, name)
      ? (control[name as keyof Control] as (input: unknown) => Promise<unknown>)
      : undefined
    if (act === undefined) throw new Refusal(404, 'Not Found')
    return { status: 200, body: (await act(input)) ?? {} }
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? 'GET'
    const target = new URL(request.url ?? '/', url)
    if (GIT_PATH.test(target.pathname)) {
      let actor: Actor = { kind: 'nobody' }
      try {
        actor = authenticate(request.headers.authorization)
      } catch {
        // git asks again with other credentials after a 401.
      }
      return serveGit(world, actor, request, response, target)
    }
    const path = target.pathname.replace(/^\/api\/v3(?=\/)/, '').replace(/^\/api\/graphql$/, '/graphql')
    const raw = await readBody(request)
    const isControl = path.startsWith('/_control/')
    const fault = isControl ? null : faults.take(method, path)
    if (fault?.delayMs !== undefined) await sleep(fault.delayMs)
    let who = 'nobody'
    let answer: Answer
    try {
      if (isControl) answer = await serveControl(path, raw)
      else if (method === 'POST' && REGISTER_PATH.test(path)) {
        const state = target.searchParams.get('state')
        const location = world.manifests.agree(new URLSearchParams(raw), state)
        answer = { status: 302, headers: { location } }
      } else {
        const actor = authenticate(request.headers.authorization)
        who = nameOf(actor)
        const act = () => answerTo(actor, method, target, path, raw, request.headers.accept)
        if (fault?.answer === undefined) answer = await act()
        else {
          if (fault.effect === true) await act()
          answer = { ...fault.answer, body: fault.answer.body ?? { message: 'fault' } }
        }
      }
    } catch (error) {
      const refusal =
        error instanceof Refusal
          ? error
          : new Refusal(500, error instanceof Error ? error.message : 'Server Error')
      const { status, message, errors } = refusal
      // A mistake of this server's own must not pass for one of GitHub's bad days.
      if (status === 500) validationErrors.push({ kind: 'response', operation: `${method} ${path}`, message })
      answer = {
        status,
        body: {
          message,
          ...(errors === undefined ? {} : { errors }),
          documentation_url: 'https://docs.github.com/rest',
          status: String(status),
        },
      }
    }
    if (!isControl) {
      const parsed = raw === '' ? null : safely(raw)
      requests.push({
        method,
        path: target.pathname + target.search,
        body: parsed,
        actor: who,
        port: request.socket.remotePort ?? 0,
        status: answer.status,
        dropped: fault?.dropResponse === true,
      })
      if (requests.length > KEPT_REQUESTS) requests.splice(0, KEPT_REQUESTS / 2)
    }
    if (fault?.dropResponse === true) {
      request.socket.destroy()
      return
    }
    const bytes = bytesFor(answer)
    const headers: Record<string, string> = {
      'x-github-request-id': String(nextId(state)),
    }
    let { status } = answer
    if (method === 'GET' && status === 200 && !isControl) {
      headers['etag'] = `W/"${createHash('sha256').update(bytes).digest('hex')}"`
      if (request.headers['if-none-match'] === headers['etag']) status = 304
    }
    const resource = path === '/graphql' ? 'graphql' : 'core'
    Object.assign(headers, limits.spend(who, resource, status === 304), answer.headers)
    if (answer.body !== undefined && status !== 304) {
      headers['content-type'] = answer.type ?? 'application/json; charset=utf-8'
      headers['content-length'] = String(bytes.length)
    }
    response.writeHead(status, headers).end(status === 304 ? undefined : bytes)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(error => {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    control,
    faults,
    deliveries: webhooks.deliveries,
    requests,
    validationErrors,
    state,
    close: async () => {
      await webhooks.close()
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

const safely = (raw: string): unknown => {
  try {
    return JSON.parse(raw) as unknown
  } catch {
    return raw
  }
}
