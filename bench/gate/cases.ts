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

/** 5 % and three standard errors of what is simulated. */
export function levelBar(runs: number): number {
  return 0.05 + 3 * standardError(0.05, runs)
}

export function standardError(share: number, runs: number): number {
  return Math.sqrt((share * (1 - share)) / runs)
}

/** Share of runs that stopped, and the median n over all of them (Infinity when most did not). */
export function summary(stops: readonly (number | null)[]): { share: number; error: number; median: number } {
  const sorted = stops.map(each => each ?? Infinity).toSorted((a, b) => a - b)
  const share = sorted.filter(each => each < Infinity).length / sorted.length
  return {
    share,
    error: standardError(share, sorted.length),
    median: sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity,
  }
}
