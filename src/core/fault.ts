/**
 * Everything that can go wrong outside Cupel, classified once by the adapter that saw it.
 * docs/errors.md lists every code, what it means and who acts.
 */
export type FaultCode =
  | 'github-unauthorized' // token refused: mint a new one once, then it is configuration
  | 'github-forbidden' // the App lacks a permission
  | 'github-not-found' // repository, pull request or comment is gone, or the App was removed
  | 'github-unprocessable' // 422: the request is wrong, never repeat it as it is
  | 'github-rate-limited' // primary or secondary limit: wait until `retryAt`
  | 'github-unavailable' // 5xx, reset, timeout: for a write, nobody knows whether it happened
  | 'model-unauthorized'
  | 'model-refused' // the model declined to answer
  | 'model-invalid' // the answer is not what the schema asks for, also after one repair
  | 'model-truncated' // the answer was cut at the output limit
  | 'model-rate-limited'
  | 'model-unavailable' // 5xx, overload, reset, open circuit
  | 'model-timeout'
  | 'model-rejected' // 400: request refused (too long, unknown model)
  | 'budget-exhausted'
  | 'analyser-failed'
  | 'analyser-timeout'
  | 'input-malformed' // payload, patch or contents that cannot be read
  | 'database-unavailable'
  | 'queue-unavailable'
  | 'archive-unavailable'
  | 'cluster-unavailable' // Kubernetes: 5xx, reset, timeout; for a write, nobody knows whether it happened
  | 'cluster-refused' // Kubernetes: no right, no such object, or not a valid one
  | 'configuration-invalid'
  | 'superseded' // a newer head took this job's place
  | 'bug'

/** soon: seconds, same attempt policy; later: minutes or at `retryAt`; never: repeating cannot help. */
export type Retry = 'soon' | 'later' | 'never'

export class Fault extends Error {
  readonly code: FaultCode
  readonly retry: Retry
  /** When the outside system said to come back, if it did. */
  readonly retryAt: Date | undefined
  /** True when a write may have taken effect although no answer arrived. */
  readonly ambiguous: boolean

  constructor(
    code: FaultCode,
    message: string,
    options: { retry: Retry; retryAt?: Date; ambiguous?: boolean; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.retry = options.retry
    this.retryAt = options.retryAt
    this.ambiguous = options.ambiguous ?? false
  }
}

/** Whatever was thrown, as a Fault; an error nobody classified is a bug of ours and is never repeated. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Fault('bug', message, { retry: 'never', cause: error })
}
