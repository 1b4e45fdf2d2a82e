import type { Actor, Need } from './auth.ts'
import { authorize } from './auth.ts'
import { keyOf, type Pull, type Repository, type User } from './state.ts'
import { notFound, Refusal, type World } from './world.ts'

export interface Call {
  world: World
  actor: Actor
  params: Record<string, string>
  query: URLSearchParams
  /** Of the media type: json, raw, diff … */
  media: string
  body: Record<string, unknown>
  /** Path and query as asked, for the Link header. */
  target: URL
}

export interface Answer {
  status: number
  /** Undefined: no content. A Buffer goes out as it is, under `type`. */
  body?: unknown
  type?: string
  headers?: Record<string, string>
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'
  /** As the OpenAPI description writes it. */
  path: string
  handle: (call: Call) => Answer | Promise<Answer>
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const noContent = (): Answer => ({ status: 204 })

/** The repository of the path, when the actor has one of `needs` there. */
export const repositoryOf = (call: Call, ...needs: Need[]): Repository => {
  const repo = call.world.state.repositories.get(keyOf(call.params['owner'] ?? '', call.params['repo'] ?? ''))
  if (repo === undefined) throw notFound()
  authorize(call.actor, repo, needs)
  return repo
}

export const pullOf = (call: Call, ...needs: Need[]): Pull => {
  const number = call.params['pull_number'] ?? call.params['issue_number']
  const pull = repositoryOf(call, ...needs).pulls.get(Number(number))
  if (pull === undefined) throw notFound()
  return pull
}

/** Who writes: the App's bot or a person. */
export const writerOf = (actor: Actor): User => {
  if (actor.kind === 'installation' || actor.kind === 'user') return actor.user
  throw new Refusal(401, 'Requires authentication')
}

export const MAX_PAGE = 100

/** One page of a list, with the Link header GitHub sends along. */
export const page = <T>(
  call: Call,
  items: readonly T[],
  render: (item: T) => unknown,
  wrap?: (rendered: unknown[]) => unknown,
): Answer => {
  const size = Math.min(Math.max(Number(call.query.get('per_page') ?? 30) || 30, 1), MAX_PAGE)
  const at = Math.max(Number(call.query.get('page') ?? 1) || 1, 1)
  const last = Math.max(Math.ceil(items.length / size), 1)
  const link = (name: string, number: number): string => {
    const url = new URL(call.target)
    url.searchParams.set('page', String(number))
    return `<${url.href}>; rel="${name}"`
  }
  const links = [
    ...(at > 1 ? [link('prev', at - 1), link('first', 1)] : []),
    ...(at < last ? [link('next', at + 1), link('last', last)] : []),
  ]
  const rendered = items.slice((at - 1) * size, at * size).map(render)
  return {
    status: 200,
    body: wrap === undefined ? rendered : wrap(rendered),
    ...(links.length === 0 ? {} : { headers: { link: links.join(', ') } }),
  }
}

export const text = (body: Record<string, unknown>, key: string): string | undefined =>
  typeof body[key] === 'string' ? body[key] : undefined
