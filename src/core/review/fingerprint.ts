import { sha256 } from '../ids.ts'
import { normaliseLine, type Anchor } from './anchor.ts'
import type { FileChange } from './diff.ts'
import type { Category } from './finding.ts'

/** Models waver between neighbouring categories for one defect, so these count as one kind. */
const families: Record<Category, string> = {
  security: 'security',
  correctness: 'defect',
  reliability: 'defect',
  concurrency: 'defect',
  performance: 'performance',
  maintainability: 'maintainability',
}

const analyserSource = /^(?:oxlint|ruff|secretlint|actionlint|ast-grep)\//

export function isAnalyserSource(source: string): boolean {
  return analyserSource.test(source)
}

/** Digest of the quoted lines, spaces folded: 16 hexadecimal digits. */
export function quoteDigest(quote: string): string {
  return sha256(quote.split('\n').map(normaliseLine).join('\n')).slice(0, 16)
}

/**
 * 32 hexadecimal digits that stay the same over pushes which do not touch the quoted lines: the path before a
 * rename, the quoted text, its place among equal ones, and the rule or kind of defect. Not the line number, not
 * the wording. Deleting an equal line further up changes it: such a finding may be raised once more.
 */
export function fingerprint(
  file: Pick<FileChange, 'path' | 'previousPath' | 'status'>,
  anchor: Pick<Anchor, 'side' | 'quote' | 'occurrence'>,
  what: { source: string; category: Category },
): string {
  const origin = file.status === 'renamed' ? (file.previousPath ?? file.path) : file.path
  const kind = isAnalyserSource(what.source) ? what.source : families[what.category]
  return sha256(
    JSON.stringify([origin, anchor.side, quoteDigest(anchor.quote), anchor.occurrence, kind]),
  ).slice(0, 32)
}
