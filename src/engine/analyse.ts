import type { AnalyserName } from '../core/configuration.ts'
import { asFault } from '../core/fault.ts'
import type { FileChange } from '../core/review/diff.ts'
import { changedLines } from '../core/review/lines.ts'
import type { Analysers } from '../ports/analyser.ts'
import type { Clock } from '../ports/clock.ts'
import { closeStep, markSeen, openStep, type Ledger } from './ledger.ts'

/** Runs the analysers over the files whose contents are known. One step each; never throws. */
export async function runAnalysers(
  deps: { analysers: Analysers; clock: Clock },
  ledger: Ledger,
  names: readonly AnalyserName[],
  files: readonly FileChange[],
  contents: ReadonlyMap<string, string>,
  limits: { fileBytes: number; deadlineMs: number; signal: AbortSignal },
): Promise<void> {
  const given = files.flatMap(file => {
    const text = contents.get(file.path)
    if (text === undefined || Buffer.byteLength(text) > limits.fileBytes) return []
    return [{ path: file.path, contents: text, changedLines: changedLines(file) }]
  })
  if (names.length === 0 || given.length === 0) return
  const subject = given.length === 1 ? (given[0]?.path ?? '') : `${given.length} files`
  const steps = names.map(name => openStep(ledger, { kind: 'analyser', name, subject, paths: [] }))
  const began = deps.clock.elapsed()
  try {
    const reports = await deps.analysers.analyse(names, given, limits)
    for (const report of reports) {
      const step = steps.find(open => open.name === report.analyser)
      if (!step) continue
      const { outcome, fault, latencyMs } = report
      closeStep(step, {
        outcome,
        latencyMs: Math.round(latencyMs),
        paths: report.paths,
        ...(fault ? { fault } : {}),
      })
      ledger.candidates.push(...report.findings)
      const looked = new Set(report.paths)
      if (outcome === 'ok')
        markSeen(
          ledger,
          files.filter(file => looked.has(file.path)),
        )
    }
  } catch (error) {
    const fault = asFault(error).code
    for (const step of steps.filter(open => open.running))
      closeStep(step, { outcome: 'failed', fault, latencyMs: Math.round(deps.clock.elapsed() - began) })
  }
  for (const step of steps.filter(open => open.running))
    closeStep(step, {
      outcome: 'failed',
      fault: 'analyser-failed',
      latencyMs: Math.round(deps.clock.elapsed() - began),
    })
}
