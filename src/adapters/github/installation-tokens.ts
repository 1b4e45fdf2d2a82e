import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { Octokit } from './call.ts'

/** What app.yml asks for; an installation that was granted more still gives Cupel no more than this. */
const permissions = {
  checks: 'write',
  contents: 'read',
  issues: 'write',
  metadata: 'read',
  pull_requests: 'write',
} as const
const minted = z.object({ token: z.string(), expires_at: z.iso.datetime({ offset: true }) })
/** Renewed this long before GitHub's hour ends, so that no request travels with a dying token. */
const marginMs = 5 * 60_000
const mostKept = 2_000

export interface InstallationTokens {
  get(installationId: number, repositoryId: number): Promise<string>
  drop(installationId: number, repositoryId: number): void
}

/** One token per repository, held in memory only; requests for the same one share it while it is being made. */
export function installationTokens(deps: {
  app: () => Promise<Pick<Octokit, 'request'>>
  clock: Clock
}): InstallationTokens {
  const kept = new Map<string, Promise<z.infer<typeof minted>>>()
  const mint = async (installationId: number, repositoryId: number) => {
    const app = await deps.app()
    const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installationId,
      repository_ids: [repositoryId],
      permissions,
    })
    return minted.parse(data)
  }
  return {
    async get(installationId, repositoryId) {
      const key = `${installationId}/${repositoryId}`
      const known = await kept.get(key)
      if (known && Date.parse(known.expires_at) - marginMs > deps.clock.now().getTime()) return known.token
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value as string)
      const fresh = mint(installationId, repositoryId)
      kept.set(key, fresh)
      try {
        return (await fresh).token
      } catch (error) {
        kept.delete(key)
        throw error
      }
    },
    drop: (installationId, repositoryId) => void kept.delete(`${installationId}/${repositoryId}`),
  }
}
