import type { Configuration, Provider } from './configuration.ts'
import type { RunState } from './experiment.ts'
import { lostSteps, type Receipt } from './review/receipt.ts'
import { routeLegs } from './review/route.ts'
import { selectFiles } from './review/skip.ts'
import type { Snapshot } from './review/snapshot.ts'
import { planCalls } from './review/technique.ts'

export interface RunVerdict {
  state: RunState
  /** Fault code of the first model call that failed, when none came to an end. */
  errorCode: string | null
  /** Names of the steps that were lost or late. */
  degradedSteps: string[]
}

/**
 * What a receipt at the deadline makes of a run. A run whose models gave nothing that could be used, and of which none is
 * still at it, has failed: that analysers found something does not make it a run of this configuration.
 */
export function verdictOf(receipt: Receipt): RunVerdict {
  const lost = lostSteps(receipt)
  const degradedSteps = [...new Set(lost.map(step => step.name))]
  const calls = receipt.steps.filter(step => step.kind === 'model')
  const answered = calls.some(step => step.outcome === 'ok' || step.outcome === 'late')
  if (calls.length > 0 && !answered) {
    const errorCode = calls.find(step => step.fault !== undefined)?.fault ?? 'model-unavailable'
    return { state: 'failed', errorCode, degradedSteps }
  }
  return { state: lost.length > 0 ? 'degraded' : 'done', errorCode: null, degradedSteps }
}

/** Tokens of all calls, cached input included. */
export function tokensOf(receipt: Receipt): { inputTokens: number; outputTokens: number } {
  const sum = { inputTokens: 0, outputTokens: 0 }
  for (const step of receipt.steps) {
    sum.inputTokens += step.inputTokens ?? 0
    sum.outputTokens += step.outputTokens ?? 0
  }
  return sum
}

/** Whether any answer came from the store: such a run says nothing of latency, cost and failures. */
export function usedStored(receipt: Receipt): boolean {
  return receipt.steps.some(step => step.stored !== undefined)
}

/** Providers whose key was refused: no fault of the configuration. */
export function refusedProviders(receipt: Receipt): Provider[] {
  const names = receipt.steps
    .filter(step => step.kind === 'model' && step.fault === 'model-unauthorized')
    .map(step => step.name)
  return (['openai', 'anthropic'] as const).filter(provider =>
    names.some(name => name.startsWith(`${provider}/`)),
  )
}

/** How many calls a run will probably make to each provider: replacements and repairs come on top. */
export function plannedCalls(
  configuration: Configuration,
  snapshot: Pick<Snapshot, 'files' | 'contents'>,
): Map<Provider, number> {
  const { routing, technique, limits } = configuration
  const { reviewable } = selectFiles(snapshot.files, snapshot.contents, () => true, limits.files)
  const { batches } = planCalls(reviewable, technique.pass, limits)
  const calls = new Map<Provider, number>()
  for (const { ask } of routeLegs(routing))
    calls.set(ask.provider, (calls.get(ask.provider) ?? 0) + batches.length * (technique.selfCheck ? 2 : 1))
  return calls
}
