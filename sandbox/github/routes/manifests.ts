import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { created, type Answer, type Call, type Route } from '../http.ts'
import { renderApp } from '../render.ts'
import type { Access } from '../state.ts'
import { notFound, unprocessable, type World } from '../world.ts'

// What GitHub takes in a manifest; a word it does not know is refused here, because there it would change nothing.
const manifestSchema = z.strictObject({
  name: z.string().min(1).max(34).optional(),
  url: z.url(),
  hook_attributes: z.strictObject({ url: z.url(), active: z.boolean().optional() }).optional(),
  redirect_url: z.url().optional(),
  callback_urls: z.array(z.url()).max(10).optional(),
  setup_url: z.url().optional(),
  description: z.string().optional(),
  public: z.boolean().optional(),
  default_permissions: z.record(
    z.enum(['actions', 'checks', 'contents', 'issues', 'members', 'metadata', 'pull_requests', 'statuses']),
    z.enum(['read', 'write']).optional(),
  ),
  default_events: z.array(
    z.enum([
      'check_run',
      'check_suite',
      'issue_comment',
      'issues',
      'pull_request',
      'pull_request_review',
      'pull_request_review_comment',
      'pull_request_review_thread',
      'push',
    ]),
  ),
})
type Manifest = z.output<typeof manifestSchema>

/** An event needs one of these permissions. */
const EVENT_NEEDS: Record<string, string> = {
  check_run: 'checks',
  check_suite: 'checks',
  issue_comment: 'issues',
  issues: 'issues',
  push: 'contents',
}

const CODE_LIFETIME_MS = 3_600_000

/** Codes that wait for their exchange; each is good once, for an hour. */
export interface ManifestCodes {
  /** What the page on GitHub does after the person has agreed: answers where it sends the browser. */
  agree: (form: URLSearchParams, state: string | null) => string
  take: (code: string) => Manifest | undefined
}

export const createManifestCodes = (world: Pick<World, 'now'>): ManifestCodes => {
  const waiting = new Map<string, { manifest: Manifest; until: number }>()
  return {
    agree: (form, state) => {
      const parsed = manifestSchema.safeParse(JSON.parse(form.get('manifest') ?? 'null'))
      if (!parsed.success) throw unprocessable(z.prettifyError(parsed.error))
      const manifest = parsed.data
      for (const event of manifest.default_events)
        if (
          manifest.default_permissions[EVENT_NEEDS[event] as 'checks'] === undefined &&
          event in EVENT_NEEDS
        )
          throw unprocessable(`Default events are not supported by permissions: ${event}`)
      const code = randomBytes(20).toString('hex')
      waiting.set(code, { manifest, until: world.now().getTime() + CODE_LIFETIME_MS })
      const target = new URL(manifest.redirect_url ?? manifest.url)
      target.searchParams.set('code', code)
      if (state !== null) target.searchParams.set('state', state)
      return target.href
    },
    take: code => {
      const found = waiting.get(code)
      waiting.delete(code)
      return found !== undefined && found.until > world.now().getTime() ? found.manifest : undefined
    },
  }
}

/** The App that this server knows takes the manifest's permissions, and the hook its address. */
const convert = (call: Call): Answer => {
  const { world } = call
  const manifest = world.manifests.take(call.params['code'] ?? '')
  if (manifest === undefined) throw notFound()
  world.app.permissions = { ...(manifest.default_permissions as Access), metadata: 'read' }
  world.app.events = manifest.default_events
  world.webhooks.target(manifest.hook_attributes?.url ?? null)
  return created({
    ...renderApp(world),
    name: manifest.name ?? world.app.slug,
    client_id: 'Iv1.local',
    client_secret: randomBytes(20).toString('hex'),
    webhook_secret: manifest.hook_attributes === undefined ? null : world.app.webhookSecret,
    pem: world.app.privateKey,
  })
}

export const manifestRoutes: Route[] = [
  { method: 'POST', path: '/app-manifests/{code}/conversions', handle: convert },
]

/** The page where people agree, of a person or of an organisation. */
export const REGISTER_PATH = /^(?:\/organizations\/[^/]+)?\/settings\/apps\/new$/
