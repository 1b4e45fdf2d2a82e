import type { Finding, Severity, Unanchored } from '../review/finding.ts'
import type { Report } from './report.ts'

/**
 * A SARIF 2.1.0 log with one run. SARIF regions describe the file as it is now: a finding on removed lines (side
 * LEFT) has a location without region, and says in its message and properties which old lines it means.
 */
export function renderSarif(report: Report, tool: { version: string }): string {
  const all = [...report.findings, ...report.unanchored]
  const rules = [...new Set(all.map(finding => finding.source))].toSorted()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Cupel',
            semanticVersion: tool.version,
            rules: rules.map(id => ({ id, shortDescription: { text: `Reported by ${id}` } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [invocation(report)],
        results: [
          ...report.findings.map(finding => ({
            ...result(finding, rules),
            locations: [location(finding)],
            partialFingerprints: { 'cupelFinding/v1': finding.fingerprint },
          })),
          ...report.unanchored.map(finding => ({
            ...result(finding, rules),
            locations: [{ physicalLocation: { artifactLocation: { uri: uri(finding.path) } } }],
          })),
        ],
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function result(finding: Finding | Unanchored, rules: readonly string[]) {
  const old = finding.side === 'LEFT' && 'line' in finding ? ` (removed line ${finding.line})` : ''
  return {
    ruleId: finding.source,
    ruleIndex: rules.indexOf(finding.source),
    level: level(finding.severity),
    message: { text: `${finding.title}${old}\n\n${finding.body}`.toWellFormed() },
    rank: Math.round(Math.min(1, Math.max(0, finding.confidence)) * 1000) / 10,
    properties: {
      severity: finding.severity,
      category: finding.category,
      side: finding.side,
      ...('line' in finding ? { startLine: finding.startLine, endLine: finding.line } : { why: finding.why }),
    },
  }
}

function location(finding: Finding) {
  const region = { startLine: finding.startLine, endLine: finding.line }
  return {
    physicalLocation: {
      artifactLocation: { uri: uri(finding.path) },
      ...(finding.side === 'RIGHT' ? { region } : {}),
    },
  }
}

/** A path relative to the repository's root, as a URI reference; `./` keeps a colon from looking like a scheme. */
function uri(path: string): string {
  const encoded = path.split('/').map(part => encodeURIComponent(part.toWellFormed()))
  return encoded[0]?.includes('%3A') ? `./${encoded.join('/')}` : encoded.join('/')
}

function invocation({ receipt }: Report) {
  const lost = receipt.steps.filter(step => step.outcome !== 'ok' && step.outcome !== 'skipped')
  const unseen = receipt.files.filter(file => file.coverage !== 'seen')
  return {
    executionSuccessful: lost.length === 0,
    toolExecutionNotifications: [
      ...lost.map(step => ({
        level: 'error',
        message: { text: `${step.name} (${step.subject}): ${step.outcome} ${step.fault ?? ''}`.trim() },
      })),
      ...unseen.map(file => ({
        level: 'note',
        message: { text: `${file.coverage}: ${file.reason ?? 'no reason given'}` },
        locations: [{ physicalLocation: { artifactLocation: { uri: uri(file.path) } } }],
      })),
    ],
  }
}

function level(severity: Severity): 'error' | 'warning' | 'note' {
  switch (severity) {
    case 'critical':
    case 'high':
      return 'error'
    case 'medium':
      return 'warning'
    case 'low':
    case 'info':
      return 'note'
  }
}
