import type { AnalyserName } from '../core/configuration.ts'
import type { Candidate } from '../core/review/finding.ts'

export interface AnalysedFile {
  path: string
  /** Head contents. */
  contents: string
  /** RIGHT-side line numbers that the diff added or changed; findings elsewhere are dropped. */
  changedLines: readonly number[]
}

export interface AnalyserReport {
  analyser: AnalyserName
  outcome: 'ok' | 'failed' | 'late'
  /** Fault code when not ok. */
  fault?: string
  /** Files of the request this analyser knows the language of and has looked at. */
  paths: string[]
  findings: Candidate[]
  latencyMs: number
}

export interface Analysers {
  /** One report per analyser named; never throws for an analyser's own failure. */
  analyse(
    names: readonly AnalyserName[],
    files: readonly AnalysedFile[],
    limits: { deadlineMs: number; signal: AbortSignal },
  ): Promise<AnalyserReport[]>
  close(): Promise<void>
}
