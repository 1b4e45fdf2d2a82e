import { z } from 'zod'
import type { Side } from './diff.ts'

/** Worst first. `critical` and `high` are blocking: only these are raised on unchanged code in later rounds. */
export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof severities)[number]

export const categories = [
  'security',
  'correctness',
  'reliability',
  'concurrency',
  'performance',
  'maintainability',
] as const
export type Category = (typeof categories)[number]

export const severitySchema = z.enum(severities)
export const categorySchema = z.enum(categories)

/** Negative when `a` is worse than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b)
}

/**
 * What a model or analyser claims before it is tied to the diff. A model's line numbers are not
 * trusted: `quote` is the text of the line(s) it means, and the anchor is found by it.
 */
export interface Candidate {
  path: string
  /** Verbatim text of the line or lines meant, without diff marks. */
  quote: string
  /** Where the source believes the quote stands, 1-based on `side`; breaks ties between equal quotes. */
  lineHint?: number
  side: Side
  severity: Severity
  category: Category
  /** 0 to 1, the source's own belief. */
  confidence: number
  /** One line, plain text. */
  title: string
  /** Markdown, untrusted. */
  body: string
  /** Replacement for exactly the quoted lines, if the fix is that small. */
  suggestion?: string
  /** Who says so: `oxlint/no-dupe-keys`, `ruff/F821`, `openai/gpt-6.1-terra`. */
  source: string
}

/** A candidate tied to lines of the diff, as GitHub counts them. */
export interface Finding extends Omit<Candidate, 'lineHint'> {
  /** First line; equals `line` for a single line. Same side and hunk as `line`. */
  startLine: number
  /** Last line. */
  line: number
  /** Stable over pushes that do not touch the quoted lines: see fingerprint.ts. */
  fingerprint: string
  /** Every source that raised it, `source` first. */
  sources: string[]
}

/** A candidate whose quote is not in the diff: goes to the review body if blocking, else is counted. */
export interface Unanchored extends Candidate {
  why: 'quote-not-in-diff' | 'path-not-in-diff' | 'spans-hunks'
}
