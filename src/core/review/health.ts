import type { FaultCode } from '../fault.ts'
import { lostSteps, type Receipt } from './receipt.ts'

/** How a review ended, for the watch over the release that made it. */
export interface Health {
  /** Everything that was asked answered, or something took its place. */
  healthy: boolean
  /** Whether its health and its time are the release's doing, and not a provider's outage, GitHub's or our machine's. */
  attributable: boolean
}

/** A provider is down or refuses us, its circuit is open, or the day's money is spent: no configuration cures that. */
const outages: ReadonlySet<string> = new Set([
  'model-unauthorized',
  'model-rate-limited',
  'model-unavailable',
  'budget-exhausted',
])

const elsewhere: ReadonlySet<FaultCode> = new Set([
  'github-unauthorized',
  'github-forbidden',
  'github-not-found',
  'github-unprocessable',
  'github-rate-limited',
  'github-unavailable',
  'database-unavailable',
  'queue-unavailable',
  'input-malformed',
  'superseded',
])

/**
 * Of a review that was posted. A model's time-out counts against the release, which chose the model and its deadline; an
 * outage does not, even where a replacement answered, because that took the time. `again`: an earlier attempt died or met a
 * fault, and the time went there.
 */
export function healthOfDone(receipt: Receipt, again: boolean): Health {
  return {
    healthy: lostSteps(receipt).length === 0,
    attributable: !again && !receipt.steps.some(step => step.fault !== undefined && outages.has(step.fault)),
  }
}

/** Of a review that was given up. */
export function healthOfFailed(code: FaultCode): Health {
  return { healthy: false, attributable: !outages.has(code) && !elsewhere.has(code) }
}
