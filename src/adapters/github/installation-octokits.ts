import type { Logger, Probot } from 'probot'
import type { Clock } from '../../ports/clock.ts'
import type { Octokit } from './call.ts'
import { installationTokens } from './installation-tokens.ts'
import { quietOctokit } from './probot.ts'

/** Clients for `codeHost`, each with a token that reaches one repository with the permissions of app.yml. */
export function installationOctokits(deps: {
  probot: Probot
  baseUrl: string
  log: Logger
  clock: Clock
}): (installationId: number, repositoryId: number) => Promise<Octokit> {
  const app = async () => (await deps.probot.auth()) as unknown as Octokit
  const tokens = installationTokens({ app, clock: deps.clock })
  const Client = quietOctokit(deps.log)
  return async (installationId, repositoryId) => {
    const token = await tokens.get(installationId, repositoryId)
    const client = new Client({ baseUrl: deps.baseUrl, authStrategy: undefined, auth: token })
    const auth = async () => tokens.drop(installationId, repositoryId)
    return { request: client.request as unknown as Octokit['request'], auth }
  }
}

/** The App's own login, `<slug>[bot]`: whose comments count as ours. */
export async function readBotLogin(probot: Probot): Promise<string> {
  const app = await probot.auth()
  const { data } = await app.request('GET /app')
  if (!data?.slug) throw new TypeError('GitHub did not name the App')
  return `${data.slug}[bot]`
}
