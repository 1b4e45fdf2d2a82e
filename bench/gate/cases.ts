/** One line of the table: what was measured, and what it must be. */
export interface Case {
  case: string
  value: number
  bar: number
  at: 'most' | 'least'
  holds: boolean
  /** Standard error of a simulated share; null for exact values and medians. */
  error: number | null
  /** What simpler rules do with the same data. */
  simpler: Record<string, number>
}

export interface Settings {
  runs: number
  seed: number
}

export function atMost(
  name: string,
  value: number,
  bar: number,
  more: Partial<Pick<Case, 'error' | 'simpler'>> = {},
): Case {
  return { case: name, value, bar, at: 'most', holds: value <= bar, error: null, simpler: {}, ...more }
}

export function atLeast(name: string, value: number, bar: number, more: Partial<Case> = {}): Case {
  return { case: name, value, bar, at: 'least', holds: value >= bar, error: null, simpler: {}, ...more }
}

/** What `--json` prints. RangeError where nothing was measured, for which JSON has no word. */
export function jsonOf(cases: readonly Case[]): string {
  return JSON.stringify({
    cases: cases.map(({ case: name, value, bar, holds }) => {
      if (!Number.isFinite(value)) throw new RangeError(`${name}: ${value} was measured`)
      return { case: name, value, bar, holds }
    }),
  })
}

/** 5 % and three standard errors of what is simulated. */
export function levelBar(runs: number): number {
  return 0.05 + 3 * standardError(0.05, runs)
}

export function standardError(share: number, runs: number): number {
  return Math.sqrt((share * (1 - share)) / runs)
}

/** Share of runs that stopped. */
export function summary(stops: readonly (number | null)[]): { share: number; error: number } {
  const share = stops.filter(each => each !== null).length / stops.length
  return { share, error: standardError(share, stops.length) }
}

/** The median n at which runs stopped, and the `horizon`, the last n, where most of them did not. */
export function medianOf(stops: readonly (number | null)[], horizon: number): number {
  const sorted = stops.map(each => each ?? horizon).toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? horizon
}
