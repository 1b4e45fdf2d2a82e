import type { ModelChoice, Provider, Routing } from '../configuration.ts'
import type { FaultCode } from '../fault.ts'

/** One line of asking: the first model, and who takes its place when it fails. */
export interface Leg {
  ask: ModelChoice
  fallback?: ModelChoice
}

/** Which models a batch is put to. Two legs are asked in parallel and merged by agreement. */
export function routeLegs(routing: Routing): Leg[] {
  switch (routing.strategy) {
    case 'none':
      return []
    case 'primary':
      return [{ ask: routing.primary }]
    case 'secondary':
      return [{ ask: routing.secondary }]
    case 'ensemble':
      return [{ ask: routing.primary }, { ask: routing.secondary }]
    case 'adaptive':
      return [{ ask: routing.primary, fallback: routing.secondary }]
  }
}

/** `openai/gpt-6.1-terra`: a model as receipts and sources name it. */
export function modelName(choice: { provider: Provider; model: string }): string {
  return `${choice.provider}/${choice.model}`
}

/** Whether another model may help after this fault; not when the money or the review itself is at its end. */
export function fallsBack(code: FaultCode): boolean {
  return code !== 'budget-exhausted' && code !== 'superseded' && code !== 'bug'
}
