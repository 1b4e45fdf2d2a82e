import { count, plainTitle } from './comment.ts'
import type { Finding } from './finding.ts'
import { isBlocking, lostSteps, uncoveredFiles, type Receipt } from './receipt.ts'
import { plainText } from './sanitise.ts'

const levels = {
  critical: 'failure',
  high: 'failure',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
} as const

/** What a check run will say; a CheckOutcome of the code-host port. */
export interface CheckReport {
  conclusion: 'success' | 'neutral'
  title: string
  summary: string
  annotations: {
    path: string
    startLine: number
    endLine: number
    level: 'notice' | 'warning' | 'failure'
    title: string
    message: string
  }[]
}

/**
 * The check run. `success`: every reviewable file was seen, no step was lost, nothing blocking was found. Everything
 * else is `neutral`, blocking findings included: text in a pull request can sway a model, so Cupel's word alone
 * neither blocks a merge nor clears one.
 */
export function concludeCheck(
  receipt: Receipt,
  findings: readonly Finding[],
  late: readonly Finding[] = [],
): CheckReport {
  const all = [...findings, ...late]
  const blocking = all.filter(finding => isBlocking(finding.severity)).length
  const lost = lostSteps(receipt).length
  const uncovered = uncoveredFiles(receipt).length
  const seen = receipt.files.filter(file => file.coverage === 'seen').length
  const gaps = [
    ...(seen === 0 ? ['Nothing was reviewed.'] : []),
    ...(lost > 0 ? [`${count(lost, 'step')} lost: part of the review is missing.`] : []),
    ...(uncovered > 0 ? [`${count(uncovered, 'file')} not fully reviewed.`] : []),
    ...(receipt.filesNotListed ? ['The code host did not list every changed file.'] : []),
  ]
  const sound = gaps.length === 0 && blocking === 0
  const found = all.length === 0 ? 'No findings' : count(all.length, 'finding')
  return {
    conclusion: sound ? 'success' : 'neutral',
    title: `${seen === 0 ? 'Nothing reviewed' : found}${blocking > 0 ? `, ${blocking} blocking` : ''}${gaps.length > 0 && seen > 0 ? ', review incomplete' : ''}`,
    summary: [`${seen} of ${receipt.files.length} changed files reviewed.`, ...gaps].join('\n'),
    annotations: all
      .filter(finding => finding.side === 'RIGHT')
      .map(finding => ({
        path: finding.path,
        startLine: finding.startLine,
        endLine: finding.line,
        level: levels[finding.severity],
        title: plainText(plainTitle(finding), 200),
        message: plainText(finding.body, 2_000) || plainText(finding.title, 200),
      })),
  }
}
