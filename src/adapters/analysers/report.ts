import type { AnalyserName } from '../../core/configuration.ts'
import type { Candidate } from '../../core/review/finding.ts'
import type { AnalysedFile, AnalyserReport } from '../../ports/analyser.ts'
import type { Examination } from './protocol.ts'
import { isSuppressed } from './suppression.ts'
import { isSaidIn } from './test-path.ts'

interface View {
  lines: string[]
  changed: Set<number>
  said: Map<string, number>
}

/** Nobody reads further, and a file made to be found fault with must not cost the review its time. */
const hitsPerRule = 100

/** One analyser's hits as candidates: changed lines only, one per rule and line, 100 per rule and file. */
export function reportOf(analyser: AnalyserName, found: Examination, latencyMs: number): AnalyserReport {
  const seen = new Set<string>()
  const findings: Candidate[] = []
  const views = new Map<AnalysedFile, View>()
  for (const hit of found.hits) {
    const { rule, file, line } = hit
    const view = views.get(file) ?? {
      lines: file.contents.split('\n'),
      changed: new Set(file.changedLines),
      said: new Map(),
    }
    views.set(file, view)
    const key = `${rule.id}\0${file.path}\0${line}`
    if (seen.has(key) || !view.changed.has(line) || !isSaidIn(file.path, rule)) continue
    const said = (view.said.get(rule.id) ?? 0) + 1
    if (said > hitsPerRule) continue
    view.said.set(rule.id, said)
    const { lines } = view
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
