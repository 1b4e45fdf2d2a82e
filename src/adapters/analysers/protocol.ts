import type { AnalysedFile, AnalyserReport } from '../../ports/analyser.ts'
import type { AnalyserName } from '../../core/configuration.ts'
import type { Rule } from './rules/rule.ts'

/** What one rule says about one line. */
export interface Hit {
  rule: Rule
  file: AnalysedFile
  /** 1-based, RIGHT side. */
  line: number
  /** The tool's own words; never holds a secret. */
  detail?: string
  confidence?: number
}

export interface Examination {
  paths: string[]
  hits: Hit[]
  /** True when some file could not be examined: the parser threw. */
  failed: boolean
}

export interface Request {
  id: number
  names: AnalyserName[]
  files: AnalysedFile[]
}

/** What the child sends: `started` tells the host whom to blame for a crash. */
export type Answer =
  | { kind: 'started'; id: number; analyser: AnalyserName }
  | { kind: 'report'; id: number; report: AnalyserReport }

export function extension(path: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
}
