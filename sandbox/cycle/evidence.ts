import type { Criterion } from '../../src/core/gate/criteria.ts'
import type { Verdict } from '../../src/core/gate/decide.ts'
import { furthestOf } from '../../src/core/gate/outlook.ts'
import type { GatedExperiment, QuarantineRecord, ReleaseState } from '../../src/ports/gate.ts'

/** What a verdict rests on, a line for each criterion: observed, asked for, e-value and what it must reach. */
export function verdictLines({ criteria, needed, budget, answer, ...verdict }: Verdict): string[] {
  const lines = Object.values(criteria).map(criterion =>
    criterionLine(criterion, criterion.state === 'disproven' ? needed.quarantine : needed.promote),
  )
  const place = `number ${budget.position} in the lifetime's error budget, ${budget.promotions} promoted before`
  return [
    ...lines,
    place,
    ...verdict.flags,
    ...(answer === 'wait' && 'missing' in verdict ? verdict.missing.map(words => `missing: ${words}`) : []),
  ]
}

function criterionLine(
  { name, n, value, required, logFor, logAgainst, state }: Criterion,
  needed: number,
): string {
  const difference = name === 'recall' || name === 'precision'
  const seen = value === null ? 'not measured' : `${difference && value > 0 ? '+' : ''}${value.toFixed(3)}`
  const log = state === 'disproven' ? logAgainst : logFor
  return [
    name.padEnd(9),
    seen.padStart(7),
    `over ${String(n).padStart(3)} ${name === 'latency' || name === 'errors' ? 'runs' : 'pull requests'},`.padEnd(
      24,
    ),
    `${difference ? 'than production, ' : ''}above ${required.toFixed(3)}`.padEnd(30),
    `e-value ${eValue(log)} of ${eValue(needed)} needed: ${state}`,
  ].join(' ')
}

/** exp(log) in three digits. */
export function eValue(log: number): string {
  const value = Math.exp(log)
  return value >= 10_000 ? value.toExponential(1) : value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

export function bar(share: number): string {
  const full = Math.round(10 * share)
  return `${'█'.repeat(full)}${'░'.repeat(10 - full)}`
}

/** One experiment in the line of a week. */
export function standingOf(
  { name, state }: Pick<GatedExperiment, 'name' | 'state'>,
  verdict: Verdict | null,
): string {
  if (state !== 'active' || verdict === null) return `${name} ${state}`
  const { share, criterion } = furthestOf(verdict)
  return `${name} ${bar(share)} ${Math.round(100 * share)} % (${criterion})`
}

export function recordLines(record: QuarantineRecord): string[] {
  const { reasons } = record.failureReasons as { reasons?: { class: string; words: string }[] }
  const { impact } = { impact: record.impact as unknown[] }
  return [
    `record ${record.id}: ${record.outcome}`,
    ...(reasons ?? []).map(reason => `${reason.class}: ${reason.words}`),
    `${impact.length} neighbours in its impact analysis`,
    record.eligibleFrom === null
      ? 'never to be tried again'
      : `to be tried again in ${daysUntil(record.quarantinedAt, record.eligibleFrom)} days at the earliest`,
  ]
}

function daysUntil(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 86_400_000)
}

export function releaseWords({ id, kind, step, share, configurationId }: ReleaseState): string {
  return `${id} (${kind}) ${step} at ${Math.round(100 * share)} %, configuration ${configurationId.slice(0, 12)}`
}
