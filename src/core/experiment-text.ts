import { missingEvidence, type Evidence } from './minimum-evidence.ts'
import type { ReplaySummary } from './replay.ts'
import { printable } from './report/printable.ts'
import type { Interval } from './statistics.ts'

type Cell = string | number

export interface Table {
  headings: readonly string[]
  rows: readonly (readonly Cell[])[]
}

/** Rows under headings, columns as wide as their widest cell; numbers stand to the right. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const all = [headings, ...rows].map(row => row.map(cell => printable(String(cell))))
  const widths = headings.map((_, column) => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all.map(row =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return rows.length > 0 && rows.every(each => typeof each[column] === 'number')
          ? cell.padStart(width)
          : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** `0.912 (0.884 to 0.940)`. */
export function interval(of: Interval | null): string {
  return of === null
    ? 'too little to say'
    : `${of.value.toFixed(3)} (${of.low.toFixed(3)} to ${of.high.toFixed(3)})`
}

export function usd(amount: number): string {
  return `${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2)} USD`
}

export function evidenceLines(evidence: Evidence): string[] {
  const missing = missingEvidence(evidence)
  return missing.length === 0
    ? ['nothing is missing: the gate may decide']
    : ['before the gate may decide:', ...missing.map(line => `  ${line}`)]
}

export function replayLines(outcome: string, summary: ReplaySummary): string[] {
  const { figures } = summary
  const ms = (value: number | null) => (value === null ? 'not measured' : `${Math.round(value)} ms`)
  return [
    outcome === 'done' ? 'the replay is done' : `the replay ended early: ${printable(outcome)}`,
    ...table(
      ['', ''],
      [
        ['runs', `${summary.runs}, of them ${summary.degraded} degraded and ${summary.failed} failed`],
        ['labelled', `${figures.labelledPullRequests} pull requests, ${figures.labelledHunks} hunks`],
        ['accuracy', interval(figures.accuracy)],
        [
          '  of silence',
          figures.muteAccuracy === null ? 'too little to say' : figures.muteAccuracy.toFixed(3),
        ],
        ['precision', interval(figures.precision)],
        ['recall', interval(figures.recall)],
        ['wrong, missed', `${figures.falsePositives} hunks, ${figures.falseNegatives} hunks`],
        ['latency', `p50 ${ms(figures.latencyP50Ms)}, p95 ${ms(figures.latencyP95Ms)}`],
        ['cost', usd(summary.usd)],
      ],
    ).slice(1),
    'a replay ranks and rules out; it is no evidence for a promotion',
  ]
}

/** `[#####.....]  5/10`. */
export function progressBar(done: number, total: number, width = 30): string {
  const full = total === 0 ? width : Math.round((width * done) / total)
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]  ${done}/${total}`
}
