import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Directory } from '../../ports/administrators.ts'
import type { Octokit } from './call.ts'
import { githubFault } from './github-fault.ts'

const timeoutMs = 15_000
const pauseMs = 60_000
const perPage = 100
const mostPages = 10

const installations = z.array(
  z.object({
    id: z.number(),
    account: z.object({ login: z.string().optional() }).nullable(),
    suspended_at: z.string().nullish(),
  }),
)
const minted = z.object({ token: z.string() })
const account = z.object({ id: z.number() })

/**
 * Looks people up with tokens that may do nothing else. A team's members need the App's permission `members: read` in that
 * organisation, which app.yml does not ask for.
 */
export function directory(deps: {
  app: () => Promise<Octokit>
  clientOf: (token: string) => Octokit
  clock: Pick<Clock, 'now'>
}): Directory {
  const ask = async <T>(
    client: Octokit,
    route: string,
    parameters: Record<string, unknown>,
    answer: z.ZodType<T>,
  ) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const { data } = await client.request(route, { ...parameters, request: { signal } })
      return answer.parse(data)
    } catch (error) {
      throw githubFault(error, { write: false, now: deps.clock.now(), pauseMs })
    }
  }
  /** Full pages until one is not. */
  const all = async <T>(
    client: Octokit,
    route: string,
    parameters: Record<string, unknown>,
    answer: z.ZodType<T[]>,
  ) => {
    const found: T[] = []
    for (let page = 1; page <= mostPages; page++) {
      const some = await ask(client, route, { ...parameters, per_page: perPage, page }, answer)
      found.push(...some)
      if (some.length < perPage) break
    }
    return found
  }
  /** Null: no installation there, or it was not granted that. */
  const clientFor = async (
    organisation: string | null,
    permissions: Record<string, 'read'>,
  ): Promise<Octokit | null> => {
    const app = await deps.app()
    const known = await all(app, 'GET /app/installations', {}, installations)
    const one = known.find(
      each =>
        !each.suspended_at &&
        (organisation === null || each.account?.login?.toLowerCase() === organisation.toLowerCase()),
    )
    if (one === undefined) return null
    const { token } = await ask(
      app,
      'POST /app/installations/{installation_id}/access_tokens',
      { installation_id: one.id, permissions },
      minted,
    )
    return deps.clientOf(token)
  }
  return {
    user: login =>
      orNull(['github-not-found'], async () => {
        const client = await clientFor(null, { metadata: 'read' })
        return client && (await ask(client, 'GET /users/{username}', { username: login }, account)).id
      }),
    // An App that was not granted `members` gets no token with it: 422.
    team: (organisation, slug) =>
      orNull(['github-not-found', 'github-forbidden', 'github-unprocessable'], async () => {
        const client = await clientFor(organisation, { members: 'read' })
        const parameters = { org: organisation, team_slug: slug }
        const members =
          client &&
          (await all(client, 'GET /orgs/{org}/teams/{team_slug}/members', parameters, z.array(account)))
        return members && members.map(member => member.id)
      }),
  }
}

async function orNull<T>(codes: readonly Fault['code'][], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault && codes.includes(error.code)) return null
    throw error
  }
}
