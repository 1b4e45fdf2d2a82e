/** Where an experiment stands among all that were ever gated. */
export interface BudgetPosition {
  /** 1 for the first experiment that met the gate; a retry or re-evaluation has a new, later one. */
  position: number
  /** Experiments promoted so far, over the whole lifetime. */
  promotions: number
}

/**
 * The level at which this experiment is tested: e-LOND (Xu and Ramdas 2024), level x 6 / (pi^2 position^2) x (promotions + 1),
 * and never above `level`. The weights sum to one, so that of all that is ever promoted at most the share `level` is false in
 * expectation, however experiments depend on each other. RangeError for anything but position 1, 2, … and promotions 0, 1, …
 */
export function levelAt(level: number, { position, promotions }: BudgetPosition): number {
  if (!Number.isInteger(position) || position < 1) throw new RangeError(`position ${position} is not 1, 2, …`)
  if (!Number.isInteger(promotions) || promotions < 0)
    throw new RangeError(`promotions ${promotions} is not 0, 1, …`)
  return Math.min(level, (level * 6 * (promotions + 1)) / (Math.PI * position) ** 2)
}
