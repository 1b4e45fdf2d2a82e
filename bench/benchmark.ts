/** What a file of this folder that is a benchmark exports, to be named in main.ts. */
export interface Benchmark {
  about: string
  /** Bounded in time and in what it makes; leaves nothing running. `say` shows progress. */
  run(say: (line: string) => void): Promise<Outcome>
}

export interface Outcome {
  bars: Bar[]
  /** Everything else that was measured. */
  figures: Record<string, unknown>
}

/** A promise about a figure: at least, or at most. */
export type Bar = { name: string; value: number; unit: string } & ({ least: number } | { most: number })

export function holds(bar: Bar): boolean {
  return 'least' in bar ? bar.value >= bar.least : bar.value <= bar.most
}

/** The value below which the share `p` (0 to 1) of the values lies; the nearest measured one. */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('nothing was measured')
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] as number
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
