import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { Access, Octokit } from './call.ts'

/** An installation that was granted more still gives Cupel no more than this. */
const permissions = {
  /** What app.yml asks for. */
  review: { checks: 'write', contents: 'read', issues: 'write', metadata: 'read', pull_requests: 'write' },
  /** GitHub lets an App resolve threads only when it may write contents. Fails where that was not granted. */
  resolve: { contents: 'write', metadata: 'read', pull_requests: 'write' },
} as const satisfies Record<Access, Record<string, 'read' | 'write'>>
const minted = z.object({ token: z.string(), expires_at: z.iso.datetime({ offset: true }) })
/** Renewed this long before GitHub's hour ends, so that no request travels with a dying token. */
const marginMs = 5 * 60_000
const mostKept = 2_000

interface TokenScope {
  installationId: number
  repositoryId: number
  access: Access
}

export interface InstallationTokens {
  get(scope: TokenScope): Promise<string>
  /** Forgets `token` unless another one took its place already. */
  drop(scope: TokenScope, token: string): Promise<void>
}

/** One token per repository and access, held in memory only; requests for the same one share it while it is being made. */
export function installationTokens(deps: {
  app: () => Promise<Pick<Octokit, 'request'>>
  clock: Pick<Clock, 'now'>
}): InstallationTokens {
  const kept = new Map<string, Promise<z.infer<typeof minted>>>()
  const keyOf = (scope: TokenScope) => `${scope.installationId}/${scope.repositoryId}/${scope.access}`
  const forget = (key: string, entry: unknown) => {
    if (kept.get(key) === entry) kept.delete(key)
  }
  const mint = async ({ installationId, repositoryId, access }: TokenScope) => {
    const app = await deps.app()
    const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installationId,
      repository_ids: [repositoryId],
      permissions: permissions[access],
    })
    return minted.parse(data)
  }
  return {
    async get(scope) {
      const key = keyOf(scope)
      for (let entry = kept.get(key); entry; entry = kept.get(key)) {
        const known = await entry
        if (Date.parse(known.expires_at) - marginMs > deps.clock.now().getTime()) return known.token
        forget(key, entry)
      }
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value as string)
      const fresh = mint(scope)
      kept.set(key, fresh)
      try {
        return (await fresh).token
      } catch (error) {
        forget(key, fresh)
        throw error
      }
    },
    async drop(scope, token) {
      const entry = kept.get(keyOf(scope))
      const known = await entry?.catch(() => undefined)
      if (known?.token === token) forget(keyOf(scope), entry)
    },
  }
}
