import { ApiException, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import { Fault } from '../../core/fault.ts'

/** Who wrote a field, as the API server keeps it. */
export const fieldManager = 'cupel-gate'

/** Options of a patch: null takes a field away, resourceVersion makes it fail when somebody else was faster. */
export const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)

/**
 * Null when the object is not there, 'conflict' when it changed or is there already. Everything else that fails is a Fault
 * cluster-unavailable or cluster-refused.
 */
export async function call<T>(what: string, work: () => Promise<T>): Promise<T | null | 'conflict'> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null
    if (error instanceof ApiException && error.code === 409) return 'conflict'
    throw clusterFault(what, error)
  }
}

function clusterFault(what: string, error: unknown): Fault {
  if (error instanceof ApiException) {
    const passing = error.code === 408 || error.code === 429 || error.code >= 500
    return new Fault(
      passing ? 'cluster-unavailable' : 'cluster-refused',
      `the cluster answered ${error.code} to ${what}: ${wordsOf(error.body)}`,
      { retry: passing ? 'soon' : 'later', ambiguous: passing, cause: error },
    )
  }
  return new Fault('cluster-unavailable', `the cluster did not answer ${what}: ${reasonOf(error)}`, {
    retry: 'soon',
    ambiguous: true,
    cause: error,
  })
}

/** Of a Status object, in either form; proxies before the API server answer in words of their own. */
function wordsOf(body: unknown): string {
  const status: unknown = typeof body === 'string' ? parsed(body) : body
  const message = (status as { message?: unknown } | null)?.message
  return (typeof message === 'string' ? message : 'no reason given').slice(0, 300)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

function reasonOf(error: unknown): string {
  const outer = error instanceof Error ? error : new Error(String(error))
  return outer.cause instanceof Error ? `${outer.message} (${outer.cause.message})` : outer.message
}
