import { Fault } from '../../core/fault.ts'
import type { ArchivedConfigurations } from '../../ports/experiments.ts'

const DEADLINE_MS = 5_000
const MAX_BYTES = 1_000_000

/** The archive's API. Null for `url`: nobody said where it is, and every question ends in a Fault. */
export function archivedConfigurations(url: string | null): ArchivedConfigurations {
  return {
    async get(configurationId) {
      if (url === null) throw unavailable('ARCHIVE_URL is not set')
      try {
        const response = await fetch(`${url}/api/configurations/${encodeURIComponent(configurationId)}`, {
          signal: AbortSignal.timeout(DEADLINE_MS),
          redirect: 'error',
        })
        if (response.status === 404) {
          await response.body?.cancel()
          return null
        }
        if (!response.ok) {
          await response.body?.cancel()
          throw unavailable(`the archive answers ${response.status}`)
        }
        return await bounded(response)
      } catch (error) {
        throw error instanceof Fault ? error : unavailable('the archive cannot be reached', error)
      }
    },
  }
}

async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw unavailable('the archive answers more than a configuration can be')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function unavailable(why: string, cause?: unknown): Fault {
  return new Fault('archive-unavailable', why, { retry: 'later', cause })
}
