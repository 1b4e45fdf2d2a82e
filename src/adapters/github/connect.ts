import type { Logger, Probot } from 'probot'
import { z } from 'zod'
import type { Clock } from '../../ports/clock.ts'
import type { AppHook } from '../../ports/code-host.ts'
import type { Directory } from '../../ports/administrators.ts'
import { appHook } from './app-hook.ts'
import type { CallDeps } from './call.ts'
import { directory } from './directory.ts'
import { githubFault } from './github-fault.ts'
import { installationOctokits } from './installation-octokits.ts'
import { createProbot, quietOctokit } from './probot.ts'

export interface ConnectedApp {
  /** Login of the App's own account, `<slug>[bot]`. */
  botLogin: string
  octokitFor: CallDeps['octokitFor']
  hook: AppHook
  directory: Directory
  /** Feeds stored events through Probot's handlers; answers what the handler answered, rejects with what it threw. */
  receiver<Event extends { name: string; deliveryId: string; payload: unknown }>(
    handle: (event: Event) => Promise<string>,
  ): (event: Event) => Promise<string>
}

const appAnswer = z.object({ slug: z.string().regex(/^[\w-]+$/) })

/** Asks GitHub who the App is: the start fails here, not at the first review, when the key or the host is wrong. */
export async function connectApp(options: {
  id: number
  privateKey: string
  baseUrl: string
  log: Logger
  clock: Clock
}): Promise<ConnectedApp> {
  const probot = createProbot({
    appId: options.id,
    privateKey: options.privateKey,
    // Signatures are checked by the web process on the raw bytes; what comes from the queue is not signed again.
    webhookSecret: 'unused: events come from the queue',
    baseUrl: options.baseUrl,
    log: options.log,
  })
  const asApp = await probot.auth()
  const Client = quietOctokit(options.log)
  const { slug } = await asApp
    .request('GET /app')
    .then(({ data }) => appAnswer.parse(data))
    .catch(error => {
      throw githubFault(error, { write: false, now: new Date(), pauseMs: 60_000 })
    })
  return {
    botLogin: `${slug}[bot]`,
    octokitFor: installationOctokits({
      probot,
      baseUrl: options.baseUrl,
      log: options.log,
      clock: options.clock,
    }),
    hook: appHook({ app: () => probot.auth(), clock: options.clock }),
    directory: directory({
      app: () => probot.auth(),
      clientOf: token => new Client({ baseUrl: options.baseUrl, authStrategy: undefined, auth: token }),
      clock: options.clock,
    }),
    receiver: handle => receiver(probot, handle),
  }
}

function receiver<Event extends { name: string; deliveryId: string; payload: unknown }>(
  probot: Probot,
  handle: (event: Event) => Promise<string>,
): (event: Event) => Promise<string> {
  const underway = new Map<string, { event: Event; outcome: string }>()
  probot.onAny(async context => {
    const taken = underway.get(context.id)
    if (taken) taken.outcome = await handle(taken.event)
  })
  return async event => {
    const taken = { event, outcome: 'no handler' }
    underway.set(event.deliveryId, taken)
    try {
      const { deliveryId: id, name, payload } = event
      await probot.receive({ id, name, payload } as Parameters<Probot['receive']>[0])
      return taken.outcome
    } catch (error) {
      // Probot gathers what handlers threw; there is one handler.
      throw error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
    } finally {
      underway.delete(event.deliveryId)
    }
  }
}
