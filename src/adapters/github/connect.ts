import type { Logger, Probot } from 'probot'
import { z } from 'zod'
import type { Octokit } from './call.ts'
import { githubFault } from './github-fault.ts'
import { createProbot } from './probot.ts'

export interface ConnectedApp {
  /** Login of the App's own account, `<slug>[bot]`. */
  botLogin: string
  octokitFor(installationId: number, repositoryId: number): Promise<Octokit>
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
  const { slug } = await asApp
    .request('GET /app')
    .then(({ data }) => appAnswer.parse(data))
    .catch(error => {
      throw githubFault(error, { write: false, now: new Date() })
    })
  return {
    botLogin: `${slug}[bot]`,
    octokitFor: installationId => probot.auth(installationId),
    receiver: handle => receiver(probot, handle),
  }
}

function receiver<Event extends { name: string; deliveryId: string; payload: unknown }>(
  probot: Probot,
  handle: (event: Event) => Promise<string>,
): (event: Event) => Promise<string> {
  const outcomes = new Map<string, string>()
  probot.onAny(async context => {
    const { id, name, payload } = context as { id: string; name: string; payload: unknown }
    outcomes.set(id, await handle({ name, deliveryId: id, payload } as Event))
  })
  return async ({ name, deliveryId, payload }) => {
    try {
      await probot.receive({ id: deliveryId, name, payload } as Parameters<Probot['receive']>[0])
      return outcomes.get(deliveryId) ?? 'no handler'
    } catch (error) {
      // Probot gathers what handlers threw; there is one handler.
      throw error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error
    } finally {
      outcomes.delete(deliveryId)
    }
  }
}
