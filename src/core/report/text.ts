import { styleText } from 'node:util'
import type { Finding, Severity } from '../review/finding.ts'
import { lineText } from '../review/lines.ts'
import { printable, printableLines } from './printable.ts'
import { countCoverage, type Report } from './report.ts'

type Style = Parameters<typeof styleText>[0]
type Paint = (style: Style, text: string) => string

/** For a terminal: each finding with the lines it stands on, then what was looked at and what was not. */
export function renderText(report: Report, options: { color: boolean }): string {
  const paint: Paint = (style, text) =>
    options.color ? styleText(style, text, { validateStream: false }) : text
  const blocks = report.findings.map(finding => findingBlock(finding, report, paint))
  const loose = report.unanchored.map(finding =>
    [
      `${badge(finding.severity, paint)} ${paint('bold', printable(finding.title))}`,
      `  ${printable(finding.path)} (not tied to a line: ${finding.why})`,
      ...printableLines(finding.body).map(line => `  ${line}`),
    ].join('\n'),
  )
  return `${[...blocks, ...loose, summary(report, paint)].join('\n\n')}\n`
}

function findingBlock(finding: Finding, report: Report, paint: Paint): string {
  const lines =
    finding.startLine === finding.line ? `${finding.line}` : `${finding.startLine}-${finding.line}`
  const place = `${printable(finding.path)}:${lines}${finding.side === 'LEFT' ? ' (removed)' : ''}`
  return [
    `${badge(finding.severity, paint)} ${paint('bold', printable(finding.title))}`,
    `  ${paint('cyan', place)}  ${paint('dim', `${finding.category}, ${finding.sources.map(printable).join(', ')}`)}`,
    ...code(finding, report, paint),
    ...printableLines(finding.body).map(line => `  ${line}`),
    ...(finding.suggestion === undefined
      ? []
      : [
          '  Suggested instead:',
          ...printableLines(finding.suggestion).map(line => paint('green', `  + ${line}`)),
        ]),
  ].join('\n')
}

function code(finding: Finding, report: Report, paint: Paint): string[] {
  const file = report.files.find(candidate => candidate.path === finding.path)
  if (!file) return []
  const width = String(finding.line).length
  const shown: string[] = []
  for (let line = finding.startLine; line <= finding.line; line++) {
    const text = lineText(file, finding.side, line)
    if (text === undefined) continue
    const mark = finding.side === 'LEFT' ? '-' : ' '
    const withoutCr = text.endsWith('\r') ? text.slice(0, -1) : text
    shown.push(`  ${paint('dim', `${String(line).padStart(width)} |${mark}`)} ${printable(withoutCr)}`)
  }
  return shown
}

function summary({ findings, unanchored, receipt }: Report, paint: Paint): string {
  const { seen, partly, skipped } = countCoverage(receipt)
  const total = findings.length + unanchored.length
  const lost = receipt.steps.filter(step => step.outcome !== 'ok' && step.outcome !== 'skipped')
  return [
    paint('bold', `${total} ${total === 1 ? 'finding' : 'findings'}.`) +
      ` Files: ${seen} reviewed, ${partly} in part, ${skipped} not.`,
    ...receipt.files
      .filter(file => file.coverage !== 'seen')
      .map(file => `  ${file.coverage}: ${printable(file.path)}${file.reason ? ` (${file.reason})` : ''}`),
    ...lost.map(step =>
      paint(
        'yellow',
        `  ${step.outcome}: ${printable(step.name)}, ${printable(step.subject)}${step.fault ? ` (${step.fault})` : ''}`,
      ),
    ),
    ...receipt.leftOut.map(({ reason, count }) => `  left out: ${count} (${reason})`),
  ].join('\n')
}

function badge(severity: Severity, paint: Paint): string {
  return paint(styleOf(severity), severity.toUpperCase())
}

function styleOf(severity: Severity): Style {
  switch (severity) {
    case 'critical':
      return ['bold', 'red']
    case 'high':
      return 'red'
    case 'medium':
      return 'yellow'
    case 'low':
      return 'blue'
    case 'info':
      return 'dim'
  }
}
