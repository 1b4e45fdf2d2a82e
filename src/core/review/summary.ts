import { count, maxBody, summaryMark } from './comment.ts'
import type { Finding } from './finding.ts'
import { capCodePoints, isSuspicious, type Hostility } from './hostile.ts'
import {
  lostSteps,
  type FileCoverage,
  type LeftOutReason,
  type Receipt,
  type SkipReason,
  type Step,
} from './receipt.ts'
import { codeSpan, sanitiseLine } from './sanitise.ts'
import type { OutputPlace } from './sanitise-text.ts'

const skipWords: Record<SkipReason, string> = {
  'excluded-by-configuration': 'excluded by configuration',
  generated: 'generated',
  binary: 'binary',
  'too-large': 'too large',
  submodule: 'submodule',
  symlink: 'symbolic link',
  'no-content-change': 'no change of contents',
  removed: 'removed',
  'unsupported-by-analysers': 'no analyser for it, no model asked',
  'over-file-limit': 'over the file limit',
  'over-token-budget': 'over the budget',
  'patch-damaged': 'patch cut or damaged',
  'contents-unreadable': 'contents could not be read',
  'step-failed': 'a step failed',
}

const leftOutWords: Record<LeftOutReason, string> = {
  'over-comment-limit': 'over the comment limit',
  'below-severity-floor': 'below the severity floor',
  'below-confidence': 'too unsure',
  'not-in-diff': 'quoted line not in the diff',
  'already-posted': 'already posted',
  'unchanged-code': 'on code unchanged since the last round',
  late: 'late, listed here instead',
  refuted: 'refuted by the self-check',
  hostile: 'steered by text of the pull request',
}

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
}

function fileRow(file: FileCoverage, findings: number): string {
  const seen =
    file.coverage === 'seen'
      ? 'reviewed'
      : file.coverage === 'partly'
        ? `${file.hunksSeen} of ${file.hunks} hunks`
        : 'not reviewed'
  const why = file.reason === undefined ? '' : `: ${skipWords[file.reason]}`
  return `| ${codeSpan(file.path)} | ${seen}${why} | ${findings || ''} |`
}

function stepRow(step: Step): string {
  const outcome = step.outcome === 'ok' ? 'ok' : `${step.outcome}${step.fault ? ` (${step.fault})` : ''}`
  const tokens = step.inputTokens === undefined ? '' : `${step.inputTokens} in, ${step.outputTokens ?? 0} out`
  const usd = step.usd === undefined ? '' : `$${step.usd.toFixed(4)}`
  const instead = step.fallbackFor ? ` (for ${codeSpan(step.fallbackFor)})` : ''
  return `| ${codeSpan(step.name)}${instead} | ${codeSpan(step.subject)} | ${outcome} | ${step.latencyMs} ms | ${tokens} | ${usd} |`
}

function permalink(finding: Finding, headSha: string, place: OutputPlace): string {
  const lines =
    finding.startLine === finding.line ? `L${finding.line}` : `L${finding.startLine}-L${finding.line}`
  const path = finding.path
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replace(/[()]/g, c => (c === '(' ? '%28' : '%29'))
  return finding.side === 'RIGHT'
    ? `[${codeSpan(`${finding.path}:${finding.line}`)}](${place.webUrl}/${place.owner}/${place.name}/blob/${headSha}/${path}#${lines})`
    : `${codeSpan(finding.path)} (old line ${finding.line})`
}

function details(title: string, lines: readonly string[]): string {
  return `<details><summary>${title}</summary>\n\n${lines.join('\n')}\n\n</details>`
}

function warning(hostility: Hostility): string[] {
  if (!isSuspicious(hostility)) return []
  const { hiddenCharacters, invisibleCharacters, injectionIn } = hostility
  const signs = [
    ...(injectionIn.length > 0
      ? [`text that addresses the reviewer in ${injectionIn.slice(0, 5).map(codeSpan).join(', ')}`]
      : []),
    ...(invisibleCharacters > 0 ? [count(invisibleCharacters, 'invisible or reordering character')] : []),
    ...(hiddenCharacters > 200 ? [`${hiddenCharacters} hidden characters in the description`] : []),
  ]
  return [`**Look closely:** this pull request holds ${signs.join('; ')}. It may try to steer the review.`]
}

/** Rows shown of a long table; the rest is told as a number. */
const maxRows = 200

/** The summary comment, rewritten in place each round. At most 60,000 code points. */
export function renderSummary(input: SummaryInput): string {
  const { receipt, findings, late, place } = input
  const perFile = new Map<string, number>()
  for (const finding of [...findings, ...late])
    perFile.set(finding.path, (perFile.get(finding.path) ?? 0) + 1)
  const seen = receipt.files.filter(file => file.coverage === 'seen').length
  const lost = lostSteps(receipt)
  const parts = [
    '### Cupel',
    `${count(findings.length + late.length, 'finding')}. ${seen} of ${count(receipt.files.length, 'changed file')} reviewed at ${input.headSha.slice(0, 7)}.`,
    ...warning(input.hostility),
    ...(lost.length > 0
      ? [
          `**Incomplete:** ${[...new Set(lost.map(step => `${codeSpan(step.name)} ${step.outcome}`))].slice(0, 8).join(', ')}.`,
        ]
      : []),
    ...(input.configurationProblems.length > 0
      ? [`**Configuration**\n${input.configurationProblems.map(problem => `- ${problem}`).join('\n')}`]
      : []),
    ...(late.length > 0
      ? [
          `**Late findings**\n${late
            .slice(0, 50)
            .map(
              finding =>
                `- ${finding.severity}: ${sanitiseLine(finding.title, place, 200)} (${permalink(finding, input.headSha, place)})`,
            )
            .join('\n')}`,
        ]
      : []),
    ...(receipt.leftOut.length > 0
      ? [
          `Left out: ${receipt.leftOut.map(({ reason, count: number }) => `${number} ${leftOutWords[reason]}`).join(', ')}.`,
        ]
      : []),
    details(
      `Files (${receipt.files.length}${receipt.filesNotListed ? ', more were not listed by GitHub' : ''})`,
      [
        '| file | coverage | findings |',
        '| --- | --- | --- |',
        ...receipt.files.slice(0, maxRows).map(file => fileRow(file, perFile.get(file.path) ?? 0)),
        ...more(receipt.files.length),
      ],
    ),
    details(`Who looked${input.usd > 0 ? ` ($${input.usd.toFixed(4)})` : ''}`, [
      '| step | at | outcome | time | tokens | cost |',
      '| --- | --- | --- | --- | --- | --- |',
      ...receipt.steps.slice(0, maxRows).map(stepRow),
      ...more(receipt.steps.length),
    ]),
    '<sub>`/cupel help` lists what you can ask for.</sub>',
    summaryMark,
  ]
  return fit(parts)
}

function more(rows: number): string[] {
  return rows > maxRows ? ['', `and ${rows - maxRows} more.`] : []
}

/** Whole parts only, so that no fence or <details> is cut open; what had to go is said. The marker stays. */
function fit(parts: readonly string[]): string {
  const marker = parts.at(-1) ?? ''
  const note = 'Shortened: the full summary is longer than GitHub takes.'
  const kept: string[] = []
  let room = maxBody - marker.length - note.length - 8
  let cut = false
  for (const part of parts.slice(0, -1)) {
    const length = Array.from(part).length + 2
    if (length > room) {
      cut = true
      continue
    }
    kept.push(part)
    room -= length
  }
  return capCodePoints([...kept, ...(cut ? [note] : []), marker].join('\n\n'), maxBody)
}
