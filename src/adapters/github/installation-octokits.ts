import type { Logger, Probot } from 'probot'
import type { Clock } from '../../ports/clock.ts'
import type { CallDeps, Octokit } from './call.ts'
import { installationTokens } from './installation-tokens.ts'
import { quietOctokit } from './probot.ts'

/** Clients for `codeHost`, each with a token that reaches one repository with the permissions of app.yml. */
export function installationOctokits(deps: {
  probot: Probot
  baseUrl: string
  log: Logger
  clock: Pick<Clock, 'now'>
}): CallDeps['octokitFor'] {
  const app = async () => (await deps.probot.auth()) as unknown as Octokit
  const tokens = installationTokens({ app, clock: deps.clock })
  const Client = quietOctokit(deps.log)
  return async (installationId, repositoryId, access = 'review') => {
    const scope = { installationId, repositoryId, access }
    const token = await tokens.get(scope)
    const client = new Client({ baseUrl: deps.baseUrl, authStrategy: undefined, auth: token })
    return {
      request: client.request as unknown as Octokit['request'],
      auth: () => tokens.drop(scope, token),
    }
  }
}
