import { count, fit, maxBody, summaryMark } from './comment.ts'
import type { FileChange } from './diff.ts'
import { compareSeverity, severities, type Finding } from './finding.ts'
import { hiddenWorthTelling, isSuspicious, type Hostility } from './hostile.ts'
import { lostSteps, wasSteered, type FileCoverage, type Receipt, type Step } from './receipt.ts'
import {
  coverageSentence,
  leftOutWords,
  skipWords,
  standingSentence,
  steeredSentence,
} from './receipt-words.ts'
import { cellSpan, codeSpan, sanitiseLine } from './sanitise.ts'
import type { OutputPlace } from './sanitise-text.ts'

export interface SummaryInput {
  receipt: Receipt
  findings: readonly Finding[]
  late: readonly Finding[]
  hostility: Hostility
  /** What is wrong with the repository's configuration, as Markdown lines of our own. */
  configurationProblems: readonly string[]
  headSha: string
  usd: number
  place: OutputPlace
  /** Steps are still running; the summary is written again when they have ended. */
  pending?: boolean
}

const changeWords: Record<FileChange['status'], string> = {
  added: 'new',
  removed: 'removed',
  modified: '',
  renamed: 'renamed',
  copied: 'copied',
  'mode-only': 'mode only',
  unchanged: 'unchanged',
}

function changeCell(file: FileCoverage): string {
  if (!file.change) return ''
  const { status, additions, deletions } = file.change
  return [changeWords[status], additions > 0 ? `+${additions}` : '', deletions > 0 ? `−${deletions}` : '']
    .filter(part => part !== '')
    .join(' ')
}

/** Findings named in one cell of the table; the rest is a number. */
const namedPerFile = 6

function fileRow(file: FileCoverage, findings: readonly Finding[], link: Link): string {
  const seen =
    file.coverage === 'seen'
      ? 'reviewed'
      : file.coverage === 'partly'
        ? `${file.hunksSeen} of ${file.hunks} hunks`
        : 'not reviewed'
  const why = file.reason === undefined ? '' : `: ${skipWords[file.reason]}`
  const worst = findings.toSorted((a, b) => compareSeverity(a.severity, b.severity))
  const named = worst
    .slice(0, namedPerFile)
    .map(finding => `${finding.severity} ${link(finding, `line ${finding.line}`)}`)
  const more = worst.length > namedPerFile ? [`${worst.length - namedPerFile} more`] : []
  return `| ${cellSpan(file.path)} | ${changeCell(file)} | ${seen}${why} | ${[...named, ...more].join(', ')} |`
}

function stepRow(step: Step): string {
  const outcome = step.outcome === 'ok' ? 'ok' : `${step.outcome}${step.fault ? ` (${step.fault})` : ''}`
  const tokens = step.stored
    ? 'stored answer'
    : step.inputTokens === undefined
      ? ''
      : `${step.inputTokens} in, ${step.outputTokens ?? 0} out`
  const usd = step.usd === undefined ? '' : `$${step.usd.toFixed(4)}`
  const instead = step.fallbackFor ? ` (for ${cellSpan(step.fallbackFor)})` : ''
  return `| ${cellSpan(step.name)}${instead} | ${cellSpan(step.subject)} | ${outcome} | ${seconds(step.latencyMs)} | ${tokens} | ${usd} |`
}

function seconds(ms: number): string {
  if (ms === 0) return ''
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`
}

type Link = (finding: Finding, text: string) => string

/** Links into the head that was reviewed; a removed line has no place there. */
function linkTo(headSha: string, place: OutputPlace): Link {
  return (finding, text) => {
    if (finding.side === 'LEFT') return `${text} (old)`
    const lines =
      finding.startLine === finding.line ? `L${finding.line}` : `L${finding.startLine}-L${finding.line}`
    const path = finding.path
      .toWellFormed()
      .split('/')
      .map(part =>
        encodeURIComponent(part).replace(/[!'()*]/g, mark => `%${mark.charCodeAt(0).toString(16)}`),
      )
      .join('/')
    return `[${text}](${place.webUrl}/${place.owner}/${place.name}/blob/${headSha}/${path}#${lines})`
  }
}

function details(title: string, lines: readonly string[], open: boolean): string {
  return `<details${open ? ' open' : ''}><summary>${title}</summary>\n\n${lines.join('\n')}\n\n</details>`
}

/** Rows shown of a long table, and characters they may take; the rest is told as a number. */
const maxRows = 200
const tableRoom = 20_000

function table(head: string, rows: readonly string[]): string[] {
  const kept: string[] = []
  let room = tableRoom
  for (const row of rows) {
    if (kept.length >= maxRows || row.length > room) break
    kept.push(row)
    room -= row.length + 1
  }
  const rule = head.replace(/[^|]+/g, ' --- ')
  return [
    head,
    rule,
    ...kept,
    ...(kept.length < rows.length ? ['', `and ${rows.length - kept.length} more.`] : []),
  ]
}

/** `3 findings: 1 high, 2 low`. */
function countFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'No findings'
  const bySeverity = severities.flatMap(severity => {
    const number = findings.filter(finding => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${severity}`]
  })
  return `${count(findings.length, 'finding')}: ${bySeverity.join(', ')}`
}

function gaps(receipt: Receipt): string[] {
  const lost = lostSteps(receipt).map(
    step => `${codeSpan(step.name)} ${step.outcome}${step.fault ? ` (${step.fault})` : ''}`,
  )
  return [
    ...(receipt.files.every(file => file.coverage === 'skipped') ? ['**Nothing was reviewed.**'] : []),
    ...(lost.length > 0 ? [`**Incomplete:** ${[...new Set(lost)].slice(0, 8).join(', ')}.`] : []),
    ...standingSentence(receipt),
    ...(wasSteered(receipt) ? [`**${steeredSentence}**`] : []),
  ]
}

function warning(hostility: Hostility): string[] {
  if (!isSuspicious(hostility)) return []
  const { hiddenCharacters, invisibleCharacters, injectionIn } = hostility
  const signs = [
    ...(injectionIn.length > 0
      ? [`text that addresses the reviewer in ${injectionIn.slice(0, 5).map(codeSpan).join(', ')}`]
      : []),
    ...(invisibleCharacters > 0 ? [count(invisibleCharacters, 'invisible or reordering character')] : []),
    ...(hiddenCharacters > hiddenWorthTelling
      ? [`${hiddenCharacters} hidden characters in the description`]
      : []),
  ]
  return [`**Look closely:** this pull request holds ${signs.join('; ')}. It may try to steer the review.`]
}

/** Tables this short are shown unfolded. */
const unfolded = 12

/** The summary comment, rewritten in place each round. At most 60,000 characters. */
export function renderSummary(input: SummaryInput): string {
  const { receipt, late, place } = input
  const all = [...input.findings, ...late]
  const byPath = Map.groupBy(all, finding => finding.path)
  const link = linkTo(input.headSha, place)
  const parts = [
    '### Cupel review',
    `**${countFindings(all)}.** ${coverageSentence(receipt)} (head ${input.headSha.slice(0, 7)}).`,
    ...warning(input.hostility),
    ...(input.pending ? ['**Still reading.** What is found from now on is added here.'] : gaps(receipt)),
    ...(input.configurationProblems.length > 0
      ? [`**Configuration**\n${input.configurationProblems.map(problem => `- ${problem}`).join('\n')}`]
      : []),
    ...(late.length > 0 ? [`**Late findings**\n${lateLines(late, link, place).join('\n')}`] : []),
    details(
      `Files (${receipt.files.length}${receipt.filesNotListed ? ', more were not listed by GitHub' : ''})`,
      table(
        '| file | change | coverage | findings |',
        receipt.files.map(file => fileRow(file, byPath.get(file.path) ?? [], link)),
      ),
      receipt.files.length <= unfolded,
    ),
    ...(receipt.leftOut.length > 0
      ? [
          `Left out: ${receipt.leftOut.map(({ reason, count: number }) => `${number} ${leftOutWords[reason]}`).join(', ')}.`,
        ]
      : []),
    details(
      `Models and analysers${input.usd > 0 ? ` ($${input.usd.toFixed(4)})` : ''}`,
      table('| who | looked at | outcome | time | tokens | cost |', receipt.steps.map(stepRow)),
      false,
    ),
    '<sub>`/cupel help` lists what you can ask for.</sub>',
    summaryMark,
  ]
  return fit(parts, maxBody)
}

/** Characters that the list of late findings may take. */
const lateRoom = 10_000

function lateLines(late: readonly Finding[], link: Link, place: OutputPlace): string[] {
  const lines: string[] = []
  let room = lateRoom
  for (const finding of late) {
    const title = sanitiseLine(finding.title, place, 200)
    const body = sanitiseLine(finding.body, place, 300)
    const line = `- **${finding.severity}** ${codeSpan(finding.path)}, ${link(finding, `line ${finding.line}`)}: ${title}${body === '' ? '' : `. ${body}`}`
    if (line.length > room) break
    lines.push(line)
    room -= line.length + 1
  }
  return lines.length < late.length ? [...lines, `- and ${late.length - lines.length} more`] : lines
}
