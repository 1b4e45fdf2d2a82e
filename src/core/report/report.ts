import type { FileChange } from '../review/diff.ts'
import type { Finding, Unanchored } from '../review/finding.ts'
import type { Receipt } from '../review/receipt.ts'

/** What every renderer is given. All text in it is untrusted. */
export interface Report {
  /** In the order to show. */
  findings: readonly Finding[]
  unanchored: readonly Unanchored[]
  receipt: Receipt
  /** For showing the lines that findings stand on. */
  files: readonly FileChange[]
}

export interface CoverageCounts {
  seen: number
  partly: number
  skipped: number
  /** Steps that neither succeeded nor were skipped on purpose. */
  stepsLost: number
}

export function countCoverage(receipt: Receipt): CoverageCounts {
  const having = (coverage: string): number => receipt.files.filter(file => file.coverage === coverage).length
  return {
    seen: having('seen'),
    partly: having('partly'),
    skipped: having('skipped'),
    stepsLost: receipt.steps.filter(step => step.outcome !== 'ok' && step.outcome !== 'skipped').length,
  }
}

/** True when steps were lost and no file was looked at, even in part: silence then means nothing. */
export function nothingReviewed(receipt: Receipt): boolean {
  const { seen, partly, stepsLost } = countCoverage(receipt)
  return stepsLost > 0 && seen + partly === 0
}
