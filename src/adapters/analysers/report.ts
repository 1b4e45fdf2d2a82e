import type { AnalyserName } from '../../core/configuration.ts'
import type { Candidate } from '../../core/review/finding.ts'
import type { AnalyserReport } from '../../ports/analyser.ts'
import type { Examination } from './protocol.ts'
import { isSuppressed } from './suppression.ts'
import { isSaidIn } from './test-path.ts'

/** One analyser's hits as candidates: changed lines only, one per rule and line. */
export function reportOf(analyser: AnalyserName, found: Examination, latencyMs: number): AnalyserReport {
  const seen = new Set<string>()
  const findings: Candidate[] = []
  for (const hit of found.hits) {
    const { rule, file, line } = hit
    const key = `${rule.id}\0${file.path}\0${line}`
    if (seen.has(key) || !file.changedLines.includes(line) || !isSaidIn(file.path, rule)) continue
    const lines = file.contents.split('\n')
    const quote = lines[line - 1]
    if (quote === undefined) continue
    if (rule.category !== 'security' && isSuppressed(lines, line)) continue
    seen.add(key)
    findings.push({
      path: file.path,
      quote,
      lineHint: line,
      side: 'RIGHT',
      severity: rule.severity,
      category: rule.category,
      confidence: hit.confidence ?? rule.confidence,
      title: rule.title,
      body: hit.detail === undefined ? rule.why : `${rule.why}\n\n${hit.detail}`,
      source: rule.id,
    })
  }
  return {
    analyser,
    outcome: found.failed ? 'failed' : 'ok',
    ...(found.failed ? { fault: 'analyser-failed' } : {}),
    paths: found.paths,
    findings,
    latencyMs,
  }
}
