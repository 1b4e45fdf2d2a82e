import { configurationSchema } from '../configuration.ts'
import { modelsOf, type ExperimentState } from '../experiment.ts'
import { levelAt, type BudgetPosition } from './budget.ts'
import type { Verdict } from './decide.ts'
import type { Thresholds } from './thresholds.ts'

/** An experiment as it stands before the gate now. */
export interface Standing {
  state: ExperimentState
  verdict: Verdict
  /** Null before the gate has met it. */
  position: BudgetPosition | null
  thresholds: Thresholds
  promotion: 'automatic' | 'approve'
  pause: { paused: boolean; actor: string; reason: string } | null
}

export function standingLines(standing: Standing): string[] {
  const { state, verdict, position, thresholds, promotion, pause } = standing
  return [
    state === 'active'
      ? `as it stands: ${verdict.answer}`
      : 'its trial has ended; the figures as they stand:',
    position === null
      ? 'error budget: no position yet'
      : `error budget: position ${position.position} with ${position.promotions} promoted, level ${levelAt(thresholds.level, position).toPrecision(3)}`,
    ...(pause?.paused ? [pauseWords(pause)] : []),
    ...(promotion === 'approve' ? ['each promotion waits for a person: `cupel gate promote`'] : []),
  ]
}

export function pauseWords({ actor, reason }: { actor: string; reason: string }): string {
  return `the gate is paused by ${actor}: ${reason}`
}

/** A model that cannot meet the latency, with what was measured (ms; null: nothing) and what it is held to; null when it can. */
export function slowModelWords(
  configuration: unknown,
  measuredMs: number | null,
  { thresholds, overheadMs }: { thresholds: Thresholds; overheadMs: number },
): string | null {
  if (measuredMs === null || measuredMs <= thresholds.latencyMs - overheadMs) return null
  const parsed = configurationSchema.safeParse(configuration)
  const models = parsed.success
    ? modelsOf(parsed.data.routing).map(each => `${each.provider}/${each.model}`)
    : []
  const share = Number((100 * thresholds.latencyShare).toFixed(1))
  return `${models.join(' and ') || 'it'} cannot meet the latency: ${share} % of its runs take up to ${measuredMs} ms; latency_ms is ${thresholds.latencyMs}, of which production takes ${Math.round(overheadMs)} beside the examination`
}
