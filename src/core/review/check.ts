import { count, plainTitle } from './comment.ts'
import type { Finding } from './finding.ts'
import { isSuspicious, type Hostility } from './hostile.ts'
import {
  isBlocking,
  lostSteps,
  standingBlockers,
  uncoveredFiles,
  wasSteered,
  type Receipt,
} from './receipt.ts'
import { coverageSentence, standingSentence, steeredSentence } from './receipt-words.ts'
import { plainText } from './sanitise.ts'

const levels = {
  critical: 'failure',
  high: 'failure',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
} as const

/** What a check run will say; an outcome of the code-host port may say more. */
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
 * The check run. `success`: every reviewable file was seen, no step was lost, nothing speaks for a model having been
 * steered, and nothing blocking was found, now or before. Everything else is `neutral`, blocking findings included:
 * text in a pull request can sway a model, so Cupel's word alone neither blocks a merge nor clears one.
 */
export function concludeCheck(
  receipt: Receipt,
  findings: readonly Finding[],
  late: readonly Finding[] = [],
  hostility?: Hostility,
): CheckReport {
  const all = [...findings, ...late]
  const blocking = all.filter(finding => isBlocking(finding.severity)).length
  const standing = standingBlockers(receipt).reduce((sum, each) => sum + each.blocking, 0)
  const seen = receipt.files.filter(file => file.coverage === 'seen').length
  const gaps = gapsIn(receipt, seen)
  const doubts = [
    ...(blocking > 0 ? [`${count(blocking, 'blocking finding')}: look before you merge.`] : []),
    ...standingSentence(receipt),
    ...(wasSteered(receipt) ? [steeredSentence] : []),
    ...(hostility && isSuspicious(hostility)
      ? ['The pull request holds text that may try to steer the review; the summary says where.']
      : []),
  ]
  const found = all.length === 0 ? 'No findings' : count(all.length, 'finding')
  return {
    conclusion: gaps.length === 0 && doubts.length === 0 ? 'success' : 'neutral',
    title: `${seen === 0 ? 'Nothing reviewed' : found}${blocking + standing > 0 ? `, ${blocking + standing} blocking` : ''}${gaps.length > 0 && seen > 0 ? ', review incomplete' : ''}`,
    summary: [`${coverageSentence(receipt)}.`, ...gaps, ...doubts].join('\n\n'),
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

function gapsIn(receipt: Receipt, seen: number): string[] {
  const lost = lostSteps(receipt)
  const uncovered = uncoveredFiles(receipt).length
  const whoWhy = lost.map(step => `\`${step.name}\` ${step.outcome}${step.fault ? ` (${step.fault})` : ''}`)
  return [
    ...(seen === 0 ? ['Nothing was reviewed.'] : []),
    ...(lost.length > 0
      ? [`Part of the review is missing: ${[...new Set(whoWhy)].slice(0, 8).join(', ')}.`]
      : []),
    ...(uncovered > 0 ? [`${count(uncovered, 'file')} not fully reviewed.`] : []),
    ...(receipt.filesNotListed ? ['The code host did not list every changed file.'] : []),
  ]
}
