import { categories, compareSeverity, type Finding, type Severity } from './finding.ts'
import type { LeftOutReason } from './receipt.ts'

export interface LeftOut {
  finding: Finding
  reason: LeftOutReason
}

/** Worst first: severity, then confidence to a tenth, agreement, category, and place so that ties are stable. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareSeverity(a.severity, b.severity) ||
    Math.round(b.confidence * 10) - Math.round(a.confidence * 10) ||
    b.sources.length - a.sources.length ||
    categories.indexOf(a.category) - categories.indexOf(b.category) ||
    (a.path < b.path ? -1 : a.path > b.path ? 1 : a.startLine - b.startLine)
  )
}

export interface Caps {
  severityFloor: Severity
  /** 0 to 1. */
  minConfidence: number
  maxComments: number
}

/**
 * What is posted inline, best first, and what is not and why. No file takes more than half of the places (but at
 * least three) while other files wait; critical findings are not held back by that.
 */
export function rankAndCap(
  findings: readonly Finding[],
  caps: Caps,
): { kept: Finding[]; leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = []
  const worthy = findings.toSorted(compareFindings).filter(finding => {
    const reason: LeftOutReason | null =
      compareSeverity(finding.severity, caps.severityFloor) > 0
        ? 'below-severity-floor'
        : finding.confidence < caps.minConfidence
          ? 'below-confidence'
          : null
    if (reason) leftOut.push({ finding, reason })
    return reason === null
  })
  const perFile = Math.max(3, Math.ceil(caps.maxComments / 2))
  const taken = new Map<string, number>()
  const waiting: Finding[] = []
  const kept: Finding[] = []
  for (const finding of worthy) {
    const count = taken.get(finding.path) ?? 0
    if (kept.length >= caps.maxComments || (count >= perFile && finding.severity !== 'critical')) {
      waiting.push(finding)
      continue
    }
    taken.set(finding.path, count + 1)
    kept.push(finding)
  }
  kept.push(...waiting.splice(0, Math.max(0, caps.maxComments - kept.length)))
  leftOut.push(...waiting.map(finding => ({ finding, reason: 'over-comment-limit' as const })))
  return { kept: kept.toSorted(compareFindings), leftOut }
}
