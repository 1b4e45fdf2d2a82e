import type { Severity } from './finding.ts'

/** The coverage receipt: what was looked at, by whom, and what was not, with the reason. */
export interface Receipt {
  files: FileCoverage[]
  /** Each analyser and model call that was asked, in the order asked. */
  steps: Step[]
  /** Findings that were made but are not posted inline, with the reason. */
  leftOut: { reason: LeftOutReason; count: number }[]
  /** Files the code host did not list (more than 3,000). */
  filesNotListed: boolean
}

export interface FileCoverage {
  path: string
  /** seen: some step looked at every hunk of it; partly: at some; skipped: at none. */
  coverage: 'seen' | 'partly' | 'skipped'
  hunks: number
  hunksSeen: number
  /** Why not all of it was seen. */
  reason?: SkipReason
}

export type SkipReason =
  | 'excluded-by-configuration'
  | 'generated'
  | 'binary'
  | 'too-large'
  | 'submodule'
  | 'symlink'
  | 'no-content-change'
  | 'removed'
  | 'unsupported-by-analysers' // no analyser for the language, and no model was asked
  | 'over-file-limit'
  | 'over-token-budget'
  | 'patch-damaged'
  | 'contents-unreadable'
  | 'step-failed'

export interface Step {
  kind: 'analyser' | 'model'
  /** `oxlint`, `openai/gpt-6.1-terra`. */
  name: string
  /** What was asked: `src/a.ts`, `3 files`, `self-check`. */
  subject: string
  /** late: its remaining answer came after the review's deadline. fallback: it took another's place. */
  outcome: 'ok' | 'failed' | 'late' | 'refused' | 'skipped'
  /** Paths this step looked at. */
  paths: string[]
  /** Fault code, for anything but ok. */
  fault?: string
  fallbackFor?: string
  latencyMs: number
  inputTokens?: number
  cachedInputTokens?: number
  outputTokens?: number
  usd?: number
}

export type LeftOutReason =
  | 'over-comment-limit'
  | 'below-severity-floor'
  | 'below-confidence'
  | 'not-in-diff'
  | 'already-posted'
  | 'unchanged-code'
  | 'late'
  | 'refuted'
  | 'hostile'

/** Blocking findings are raised in every round, and the check run names them. */
export function isBlocking(severity: Severity): boolean {
  return severity === 'critical' || severity === 'high'
}

/** How often each reason occurs, in order of first appearance. */
export function countReasons(reasons: readonly LeftOutReason[]): Receipt['leftOut'] {
  const counts = new Map<LeftOutReason, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => ({ reason, count }))
}

/** Steps whose answer is missing, wholly or in part: a check over them is never green. */
export function lostSteps(receipt: Receipt): Step[] {
  const replaced = new Set(
    receipt.steps.flatMap(step =>
      step.fallbackFor && step.outcome === 'ok' ? [`${step.fallbackFor}\n${step.subject}`] : [],
    ),
  )
  return receipt.steps.filter(step => step.outcome !== 'ok' && !replaced.has(`${step.name}\n${step.subject}`))
}

/** Reasons for which leaving a file out is the intended outcome and not a gap in the review. */
const intended: ReadonlySet<SkipReason> = new Set([
  'excluded-by-configuration',
  'generated',
  'binary',
  'submodule',
  'symlink',
  'no-content-change',
  'removed',
])

/** Files that should have been looked at and were not, or only in part. */
export function uncoveredFiles(receipt: Receipt): FileCoverage[] {
  return receipt.files.filter(
    file => file.coverage !== 'seen' && !(file.reason !== undefined && intended.has(file.reason)),
  )
}
