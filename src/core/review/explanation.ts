import type { Finding } from './finding.ts'
import { codeSpan } from './sanitise.ts'

/** Answer to `/cupel explain`: why a finding was raised, by what, with what confidence. */
export function renderExplanation(raised: { finding: Finding; releaseId: string; createdAt: Date }): string {
  const { finding } = raised
  const by = finding.sources.map(codeSpan).join(' and ')
  const range =
    finding.startLine === finding.line ? `${finding.line}` : `${finding.startLine}-${finding.line}`
  return [
    `Raised by ${by} on ${raised.createdAt.toISOString().slice(0, 10)}, release ${codeSpan(raised.releaseId)}.`,
    '',
    `- Place: ${codeSpan(finding.path)}, line ${range} (${finding.side === 'LEFT' ? 'old' : 'new'} side)`,
    `- Severity ${finding.severity}, category ${finding.category}`,
    `- Confidence ${Math.round(finding.confidence * 100)} %${finding.sources.length > 1 ? ', raised because sources agreed' : ''}`,
    `- Quoted: ${codeSpan((finding.quote.split('\n')[0] ?? '').slice(0, 200))}`,
  ].join('\n')
}
