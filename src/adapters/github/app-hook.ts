import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FailedDelivery } from '../../core/redelivery.ts'
import type { AppHook } from '../../ports/code-host.ts'
import type { Octokit } from './call.ts'
import { githubFault } from './github-fault.ts'
import { pageLink } from './page-link.ts'

const mostPages = 20
const pauseMs = 60_000
const timeoutMs = 15_000
const listed = z.array(
  z.object({
    id: z.number(),
    guid: z.string(),
    delivered_at: z.iso.datetime({ offset: true }),
    status: z.string(),
  }),
)

/** Asked with the App's own token, so no installation's limits count it. Nothing is repeated: the next sweep is. */
export function appHook(deps: { app: () => Promise<Octokit>; clock: Pick<Clock, 'now'> }): AppHook {
  const request = async (route: string, parameters: Record<string, unknown>, write: boolean) => {
    try {
      const app = await deps.app()
      return await app.request(route, { ...parameters, request: { signal: AbortSignal.timeout(timeoutMs) } })
    } catch (error) {
      throw githubFault(error, { write, now: deps.clock.now(), pauseMs })
    }
  }
  return {
    async failedSince(since) {
      const failed: FailedDelivery[] = []
      for (let cursor: string | null = '', page = 1; cursor !== null && page <= mostPages; page++) {
        const parameters = { status: 'failure', per_page: 100, ...(cursor !== '' && { cursor }) }
        const { headers, data } = await request('GET /app/hook/deliveries', parameters, false)
        const deliveries = parse(data, deps.clock.now())
        for (const { id, guid, delivered_at: at, status } of deliveries)
          // Enterprise Server before this filter lists the others too.
          if (status !== 'OK' && Date.parse(at) >= since.getTime())
            failed.push({ id, guid, at: new Date(at) })
        const oldest = deliveries.at(-1)
        const done = oldest === undefined || Date.parse(oldest.delivered_at) < since.getTime()
        cursor = done ? null : pageLink(headers, 'next', 'cursor')
      }
      return failed
    },
    async redeliver(id) {
      try {
        await request('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: id }, true)
        return 'asked'
      } catch (error) {
        if (error instanceof Fault && ['github-not-found', 'github-unprocessable'].includes(error.code))
          return 'gone'
        throw error
      }
    },
  }
}

function parse(data: unknown, now: Date): z.infer<typeof listed> {
  const parsed = listed.safeParse(data)
  if (parsed.success) return parsed.data
  throw githubFault(parsed.error, { write: false, now, pauseMs })
}
