import { lineText } from '../review/lines.ts'
import { printable, printableLines } from './printable.ts'
import { countCoverage, type Report } from './report.ts'

/**
 * For pasting into a pull request. Nothing of the untrusted text acts as Markdown: it stands in code spans and
 * fences, where it makes no link, image or mention.
 */
export function renderMarkdown(report: Report): string {
  const { findings, unanchored, receipt } = report
  const { seen, partly, skipped } = countCoverage(receipt)
  const total = findings.length + unanchored.length
  const lost = receipt.steps.filter(step => step.outcome !== 'ok' && step.outcome !== 'skipped')
  const blocks = [
    `## Cupel: ${total} ${total === 1 ? 'finding' : 'findings'}`,
    ...findings.map(finding => {
      const lines =
        finding.startLine === finding.line ? `${finding.line}` : `${finding.startLine}-${finding.line}`
      const side = finding.side === 'LEFT' ? ', removed' : ''
      const file = report.files.find(candidate => candidate.path === finding.path)
      const shown = Array.from({ length: finding.line - finding.startLine + 1 }, (_, index) =>
        file ? lineText(file, finding.side, finding.startLine + index) : undefined,
      ).filter(text => text !== undefined)
      return [
        `### ${finding.severity}: ${span(finding.title)}`,
        `${span(`${finding.path}:${lines}`)}${side} · ${finding.category} · ${finding.sources.map(span).join(', ')}`,
        ...(shown.length === 0 ? [] : [fence(shown.join('\n'))]),
        fence(finding.body),
        ...(finding.suggestion === undefined ? [] : ['Suggested instead:', fence(finding.suggestion)]),
      ].join('\n\n')
    }),
    ...unanchored.map(finding =>
      [
        `### ${finding.severity}: ${span(finding.title)}`,
        `${span(finding.path)} · not tied to a line (${finding.why}) · ${span(finding.source)}`,
        fence(finding.body),
      ].join('\n\n'),
    ),
    '### Coverage',
    [
      `${seen} files reviewed, ${partly} in part, ${skipped} not.`,
      ...receipt.files
        .filter(file => file.coverage !== 'seen')
        .map(file => `- ${file.coverage}: ${span(file.path)}${file.reason ? ` (${file.reason})` : ''}`),
      ...lost.map(step => `- ${step.outcome}: ${span(step.name)}, ${span(step.subject)}`),
      ...receipt.leftOut.map(({ reason, count }) => `- left out: ${count} (${reason})`),
    ].join('\n'),
  ]
  return `${blocks.join('\n\n')}\n`
}

/** A code span that its text cannot leave. */
function span(text: string): string {
  const content = printable(text)
  const ticks = '`'.repeat(longestRun(content) + 1)
  return `${ticks} ${content === '' ? '(empty)' : content} ${ticks}`
}

function fence(text: string): string {
  const lines = printableLines(text)
  const ticks = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return `${ticks}text\n${lines.join('\n')}\n${ticks}`
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(match => match[0].length))
}
