import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PullRequestRef } from '../../core/pull-request.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Pacer } from '../../ports/pacer.ts'
import { graphqlUrl } from './base-url.ts'
import { etagCache } from './etag-cache.ts'
import { githubFault } from './github-fault.ts'
import { graphqlError, graphqlFault, type GraphqlError } from './graphql-fault.ts'
import { pauses } from './pauses.ts'

/** The part of Octokit that is used. `auth({refresh: true})` forgets the installation's token. */
export interface Octokit {
  request: {
    (
      route: string,
      parameters: Record<string, unknown>,
    ): Promise<{ status: number; headers: Headers; data: unknown }>
    endpoint: { DEFAULTS: { baseUrl: string } }
  }
  auth(options: Record<string, unknown>): Promise<unknown>
}
/** What a token may do: review, or also resolve threads, for which GitHub wants `contents: write`. */
export type Access = 'review' | 'resolve'
type Headers = Record<string, string | number | undefined>

export interface CallDeps {
  /** A client whose token reaches this repository; `repositoryId` lets the token be narrowed to it. */
  octokitFor: (installationId: number, repositoryId: number, access?: Access) => Promise<Octokit>
  pacer: Pacer
  log: { warn(fields: object, message: string): void }
  metrics?: Pick<Metrics, 'codeHostCall'>
  clock: Clock
  /** ms until a request is given up; default 15,000 (GitHub itself gives up after 10 s). */
  timeoutMs?: number
}

interface RestCall {
  /** For metrics and logs. */
  name: string
  kind: 'read' | 'write' | 'content'
  /** `GET /repos/{owner}/{repo}/...`; owner and repo are filled in. `graphql`: that endpoint, wherever it is. */
  route: string
  parameters?: Record<string, unknown>
  /** Ask with If-None-Match and answer from memory on 304. Reads only. */
  conditional?: boolean
  /** Default review. */
  access?: Access
}

interface GraphqlCall {
  name: string
  kind: 'read' | 'write'
  query: string
  variables: Record<string, unknown>
  access?: Access
}

export interface Call {
  rest<T>(ref: PullRequestRef, call: RestCall, answer: z.ZodType<T>): Promise<{ headers: Headers; data: T }>
  /** Partial answers come back with their errors: the caller decides which of them it can live with. */
  graphql<T>(
    ref: PullRequestRef,
    call: GraphqlCall,
    answer: z.ZodType<T>,
  ): Promise<{ data: T | null; errors: GraphqlError[]; fault: Fault | null }>
}

/** A read is tried this often; a write once, because GitHub has no idempotency keys. */
const readAttempts = 3
/** How long a call may queue behind the installation's limits before its job is put off instead. */
const maxWaitMs = { read: 30_000, write: 60_000, content: 90_000 }

const graphql = 'graphql'
const graphqlBody = z.object({ data: z.unknown().optional(), errors: z.array(graphqlError).default([]) })

/** One way to GitHub for every call: pacing, deadline, retries of reads, pauses, faults, metrics. */
export function githubCall(deps: CallDeps): Call {
  const etags = etagCache({ entries: 256, weight: 16_000_000 })
  const limits = pauses(deps.clock)
  const context = (ref: PullRequestRef, call: Pick<RestCall, 'kind'>) => ({
    write: call.kind !== 'read',
    now: deps.clock.now(),
    pauseMs: limits.next(ref.installationId),
  })

  async function send<T>(ref: PullRequestRef, call: RestCall, read: (answer: Raw) => T): Promise<T> {
    let tokenDropped = false
    for (let attempt = 1; ; attempt++) {
      await deps.pacer.acquire(ref.installationId, call.kind, maxWaitMs[call.kind])
      const began = deps.clock.elapsed()
      const report = (outcome: string) =>
        deps.metrics?.codeHostCall(call.name, outcome, (deps.clock.elapsed() - began) / 1000)
      let octokit: Octokit | undefined
      try {
        octokit = await deps.octokitFor(ref.installationId, ref.repositoryId, call.access)
        const answer = await once(octokit, ref, call)
        const value = read(answer)
        report(answer.notModified ? 'not-modified' : 'ok')
        limits.passed(ref.installationId)
        return value
      } catch (error) {
        const fault = githubFault(error, context(ref, call))
        report(fault.code)
        if (fault.code === 'github-rate-limited' && fault.retryAt) {
          limits.paused(ref.installationId, fault.retryAt)
          await deps.pacer.pause(ref.installationId, fault.retryAt)
          throw fault
        }
        // A refused token means that nothing was done, so a write may be sent again too: once, with a new token.
        if (fault.code === 'github-unauthorized') {
          if (tokenDropped) throw new Fault(fault.code, fault.message, { retry: 'never', cause: fault.cause })
          tokenDropped = true
          await octokit?.auth({ type: 'installation', refresh: true })
          continue
        }
        if (fault.code !== 'github-unavailable' || call.kind !== 'read' || attempt >= readAttempts)
          throw fault
        deps.log.warn({ call: call.name, attempt, fault: fault.code }, 'GitHub read failed; trying again')
        await deps.clock.sleep((0.5 + Math.random()) * 500 * 2 ** (attempt - 1))
      }
    }
  }

  async function once(octokit: Octokit, ref: PullRequestRef, call: RestCall): Promise<Raw> {
    const key = `${ref.installationId} ${ref.owner}/${ref.repo} ${call.route} ${JSON.stringify(call.parameters)}`
    const known = call.conditional ? etags.get(key) : undefined
    try {
      const route =
        call.route === graphql ? `POST ${graphqlUrl(octokit.request.endpoint.DEFAULTS.baseUrl)}` : call.route
      const { headers, data } = await octokit.request(route, {
        ...(call.route !== graphql && { owner: ref.owner, repo: ref.repo }),
        ...call.parameters,
        headers: { 'x-github-api-version': '2022-11-28', ...(known && { 'if-none-match': known.etag }) },
        request: { signal: AbortSignal.timeout(deps.timeoutMs ?? 15_000) },
      })
      if (call.conditional && typeof headers['etag'] === 'string')
        etags.set(key, { etag: headers['etag'], headers, data }, JSON.stringify(data).length)
      return { headers, data, notModified: false }
    } catch (error) {
      if (known && error instanceof Error && 'status' in error && error.status === 304)
        return { headers: known.headers as Headers, data: known.data, notModified: true }
      throw error
    }
  }

  return {
    rest: (ref, call, answer) =>
      send(ref, call, ({ headers, data }) => ({ headers, data: answer.parse(data) })),

    async graphql(ref, call, answer) {
      const { query, variables, ...rest } = call
      return send(ref, { ...rest, route: graphql, parameters: { query, variables } }, ({ headers, data }) => {
        const body = graphqlBody.parse(data)
        const fault = body.errors.length > 0 ? graphqlFault(body.errors, headers, context(ref, call)) : null
        // Thrown here, so that the limits pause and a read that GitHub could not finish is tried again.
        if (fault?.code === 'github-rate-limited' || fault?.code === 'github-unavailable') throw fault
        if (body.data === undefined || body.data === null) {
          if (fault) throw fault
          return { data: answer.parse(body.data), errors: [], fault: null }
        }
        return { data: answer.parse(body.data), errors: body.errors, fault }
      })
    },
  }
}

interface Raw {
  headers: Headers
  data: unknown
  notModified: boolean
}
