import type { Logger } from 'probot'
import { parse } from 'yaml'
import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { codeHostUrls } from '../../core/code-host-urls.ts'
import { githubFault } from './github-fault.ts'
import { quietOctokit } from './probot.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What app.yml holds; GitHub knows more words, Cupel needs these. */
const appFile = z.strictObject({
  name: z.string().max(34),
  description: z.string(),
  url: z.url(),
  public: z.boolean(),
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
})

/**
 * The manifest that registers the App: app.yml and where this installation lives. `resolveThreads` adds the one
 * permission that app.yml leaves out.
 */
export function appManifest(
  yaml: string,
  here: { webhookUrl: string; redirectUrl: string; name: string | undefined; resolveThreads: boolean },
): Record<string, unknown> {
  const app = appFile.parse(parse(yaml))
  return {
    ...app,
    ...(here.name !== undefined && { name: here.name }),
    hook_attributes: { url: here.webhookUrl, active: true },
    redirect_url: here.redirectUrl,
    default_permissions: {
      ...app.default_permissions,
      ...(here.resolveThreads && { contents: 'write' }),
    },
  }
}

function urlsFor(env: Env): ReturnType<typeof codeHostUrls> {
  return codeHostUrls(env['GHE_HOST']?.trim(), env['GHE_PROTOCOL']?.trim())
}

/** Where a person agrees to the manifest; on Enterprise Server when GHE_HOST is set. */
export function registerUrl(env: Env, organisation: string | undefined, state: string): string {
  const owner = organisation === undefined ? '' : `/organizations/${encodeURIComponent(organisation)}`
  return `${urlsFor(env).webUrl}${owner}/settings/apps/new?state=${state}`
}

const converted = z.object({
  id: z.int().positive(),
  pem: z.string().startsWith('-----BEGIN'),
  /** Null when the hook is off. */
  webhook_secret: z.string().nullable(),
  html_url: z.url(),
})

/**
 * Exchanges the code that GitHub's redirect brought, good once and for an hour. What comes back is shown only
 * now: whoever loses it makes a new key in the App's settings.
 */
export async function exchangeCode(env: Env, code: string, log: Logger): Promise<z.output<typeof converted>> {
  const Client = quietOctokit(log)
  const client = new Client({ baseUrl: urlsFor(env).apiUrl, authStrategy: undefined })
  try {
    const { data } = await client.request('POST /app-manifests/{code}/conversions', { code })
    return converted.parse(data)
  } catch (error) {
    const fault = githubFault(error, { write: true, now: new Date(), pauseMs: 60_000 })
    if (fault.code !== 'github-not-found') throw fault
    throw new Fault(fault.code, 'GitHub does not know this code: it was used, or is more than an hour old', {
      retry: 'never',
      cause: error,
    })
  }
}
