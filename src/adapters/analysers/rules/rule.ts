import type { SgNode } from '@ast-grep/napi'
import type { Category, Severity } from '../../../core/review/finding.ts'

/** One thing an analyser may say. docs/analysers.md lists every one; a test holds the two equal. */
export interface Rule {
  /** `<analyser>/<name>`: a finding's source. */
  id: string
  severity: Severity
  category: Category
  /** 0 to 1: how often a reviewer would agree, judged by us. */
  confidence: number
  title: string
  /** Why the code is wrong, one or two sentences: the finding's body and the reason the rule is on. */
  why: string
}

export const astLanguages = [
  'javascript',
  'typescript',
  'tsx',
  'go',
  'java',
  'ruby',
  'rust',
  'c',
  'cpp',
  'php',
] as const
export type AstLanguage = (typeof astLanguages)[number]

export interface AstRule extends Rule {
  languages: readonly AstLanguage[]
  /** ast-grep rule object; the node it matches is where the finding stands. */
  match: Record<string, unknown>
  constraints?: Record<string, unknown>
  /** A condition that the rule object cannot say; a node instead of true is where the finding stands. */
  where?: (node: SgNode) => boolean | SgNode
}

type Row = readonly [
  name: string,
  severity: Severity,
  category: Category,
  confidence: number,
  title: string,
  why: string,
]

/** Rules of one analyser, written as rows. */
export function rulesOf(analyser: string, rows: readonly Row[]): Rule[] {
  return rows.map(([name, severity, category, confidence, title, why]) => ({
    id: `${analyser}/${name}`,
    severity,
    category,
    confidence,
    title,
    why,
  }))
}
