import type { FileChange } from './diff.ts'
import type { Severity } from './finding.ts'

/** The coverage receipt: what was looked at, by whom, and what was not, with the reason. */
export interface Receipt {
  files: FileCoverage[]
  /** Each analyser and model call that was asked, in the order asked. */
  steps: Step[]
  /** Findings that were made but are not posted inline, with the reason. */
  leftOut: {
    reason: LeftOutReason
    count: number
    /** How many of them are blocking; absent when none is. */
    blocking?: number
  }[]
  /** Files the code host did not list (more than 3,000). */
  filesNotListed: boolean
}

export interface FileCoverage {
  path: string
  /** What the diff did to it. */
  change?: { status: FileChange['status']; additions: number; deletions: number }
  /** seen: some step looked at every hunk of it; partly: at some; skipped: at none. */
  coverage: 'seen' | 'partly' | 'skipped'
  hunks: number
  hunksSeen: number
  /** Why not all of it was seen, or in which other way it was. */
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
  | 'unchanged' // read in the last round, and no line is new since

/** What an answer cost when a model was asked for it. */
export interface AnswerCost {
  inputTokens: number
  outputTokens: number
  /** Absent: the model had no price. */
  usd?: number
}

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
  /** No model was asked: the answer was stored, and this is what it had cost. Nothing was measured or paid now. */
  stored?: AnswerCost
}

export type LeftOutReason =
  | 'over-comment-limit'
  | 'below-severity-floor'
  | 'below-confidence'
  | 'not-in-diff'
  | 'already-posted'
  | 'still-open'
  | 'unchanged-code'
  | 'late'
  | 'refuted'
  | 'hostile'

/** Blocking findings are raised in every round, and the check run names them. */
export function isBlocking(severity: Severity): boolean {
  return severity === 'critical' || severity === 'high'
}

/** How often each reason occurs, in order of first appearance. */
export function countReasons(
  leftOut: readonly { reason: LeftOutReason; blocking: boolean }[],
): Receipt['leftOut'] {
  const counts = new Map<LeftOutReason, Receipt['leftOut'][number]>()
  for (const { reason, blocking } of leftOut) {
    const entry = counts.get(reason) ?? { reason, count: 0 }
    counts.set(reason, entry)
    entry.count++
    if (blocking) entry.blocking = (entry.blocking ?? 0) + 1
  }
  return [...counts.values()]
}

/** Reasons for which a finding is not posted (again) although nothing speaks against it. */
const standing: ReadonlySet<LeftOutReason> = new Set([
  'already-posted',
  'still-open',
  'over-comment-limit',
  'not-in-diff',
])

/** Blocking findings that this round found and did not post inline: they still stand in the way of a green check. */
export function standingBlockers(receipt: Receipt): { reason: LeftOutReason; blocking: number }[] {
  return receipt.leftOut.flatMap(({ reason, blocking = 0 }) =>
    standing.has(reason) && blocking > 0 ? [{ reason, blocking }] : [],
  )
}

/** Findings that a model was talked into: what else it said cannot be relied on either. */
export function wasSteered(receipt: Receipt): boolean {
  return receipt.leftOut.some(({ reason }) => reason === 'hostile')
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

export function isIntended(file: FileCoverage): boolean {
  return file.reason !== undefined && intended.has(file.reason)
}

/** Files that should have been looked at and were not, or only in part. */
export function uncoveredFiles(receipt: Receipt): FileCoverage[] {
  return receipt.files.filter(file => file.coverage !== 'seen' && !isIntended(file))
}
