import type { Report } from './report.ts'

/** One JSON object. `side`, `startLine` and `line` count as GitHub does; `line` is the last line. */
export function renderJson(report: Report): string {
  const findings = report.findings.map(finding => ({
    path: finding.path,
    side: finding.side,
    startLine: finding.startLine,
    line: finding.line,
    severity: finding.severity,
    category: finding.category,
    confidence: finding.confidence,
    title: finding.title,
    body: finding.body,
    source: finding.source,
    sources: finding.sources,
    fingerprint: finding.fingerprint,
    ...(finding.suggestion === undefined ? {} : { suggestion: finding.suggestion }),
  }))
  const object = { findings, unanchored: report.unanchored, receipt: report.receipt }
  return `${JSON.stringify(object, null, 2)}\n`
}
