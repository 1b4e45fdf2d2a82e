import type { Table } from '../experiment-text.ts'
import type { Bundle } from './bundle.ts'
import { eValue } from './e-value.ts'
import { labelLines } from './label-text.ts'
import type { Thresholds } from './thresholds.ts'

/** One figure as the database recomputes it, without a word from the gate. */
export interface RecomputedFigure {
  figure: string
  /** Observations behind it; null where that says nothing. */
  n: number | null
  value: number | null
  /** ln of its e-value for and against, where it has one. */
  logFor: number | null
  logAgainst: number | null
  /** What logFor must reach, or what the value is held to; null where that is not known. */
  needed: number | null
  holds: boolean
}

export function shownFigure(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(6)))
}

export function figureTable(figures: readonly RecomputedFigure[]): Table {
  return {
    headings: ['FIGURE', 'N', 'VALUE', 'FOR', 'AGAINST', 'HOLDS'],
    rows: figures.map(each => [
      each.figure,
      each.n === null ? '' : String(each.n),
      shownFigure(each.value),
      each.logFor === null ? '' : eValue(each.logFor),
      each.logAgainst === null ? '' : eValue(each.logAgainst),
      each.holds ? 'yes' : 'no',
    ]),
  }
}

/** What a stored verdict rests on, said to people. */
export function basisLines(
  { thresholds, overheadMs, cut }: { thresholds: Thresholds; overheadMs: number; cut: { sequence: string } },
  bundle: Bundle,
): string[] {
  return [
    `thresholds: accuracy ${thresholds.accuracy}, ${thresholds.latencyShare} of runs within ${Math.round(thresholds.latencyMs - overheadMs)} ms, error rate ${thresholds.errorRate}, margin ${thresholds.margin}, level ${thresholds.level}`,
    `rests on ${bundle.outcomes.length} pull requests to outcome ${cut.sequence}, and ${bundle.runs.length} runs`,
    ...labelLines(bundle),
  ]
}
