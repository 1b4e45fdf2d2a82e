import { anchorCandidate } from '../core/review/anchor.ts'
import { coverFiles } from '../core/review/coverage.ts'
import type { FileChange } from '../core/review/diff.ts'
import type { Candidate, Finding, Unanchored } from '../core/review/finding.ts'
import { fingerprint, isAnalyserSource } from '../core/review/fingerprint.ts'
import { mergeFindings, sameIssue } from '../core/review/merge.ts'
import { rankAndCap, type LeftOut } from '../core/review/rank.ts'
import {
  countReasons,
  isBlocking,
  lostSteps,
  type FileCoverage,
  type LeftOutReason,
  type Receipt,
  type Step,
} from '../core/review/receipt.ts'
import { lineDigests, repeatReason, type EarlierRounds } from '../core/review/rounds.ts'
import type { Snapshot } from '../core/review/snapshot.ts'
import type { Ledger } from './ledger.ts'
import type { Preferences } from './types.ts'

export interface Case {
  snapshot: Snapshot
  reviewable: readonly FileChange[]
  skipped: readonly FileCoverage[]
  preferences: Preferences
  minConfidence: number
  rounds: EarlierRounds
}

export interface Judgement {
  findings: Finding[]
  leftOut: LeftOut[]
  unanchored: Unanchored[]
  receipt: Receipt
  lineDigests: Record<string, string[]>
}

type Tied = { finding: Finding; file: FileChange }

function tie(files: ReadonlyMap<string, FileChange>, candidate: Candidate): Tied | Unanchored {
  const found = anchorCandidate(files, candidate)
  if ('why' in found) return { ...candidate, why: found.why }
  const { file, anchor } = found
  const { lineHint: _, ...claim } = candidate
  const finding: Finding = {
    ...claim,
    path: file.path,
    side: anchor.side,
    quote: anchor.quote,
    startLine: anchor.startLine,
    line: anchor.line,
    fingerprint: fingerprint(file, anchor, candidate),
    sources: [candidate.source],
  }
  // A suggestion was written for the claimed side; on the other it would replace the wrong lines.
  if (anchor.side !== candidate.side) delete finding.suggestion
  return { finding, file }
}

/**
 * Judges everything the ledger holds at this moment. Pure but for reading the ledger; may be called again later:
 * `before` is then the earlier judgement, and its findings and what it held back are not among the new ones.
 */
export function conclude(ledger: Ledger, about: Case, before?: Judgement): Judgement {
  const files = filesByPath(about.reviewable)
  const tied = ledger.candidates.map(candidate => tie(files, candidate))
  const unplaced = tied.filter(each => 'why' in each)
  const merged = mergeFindings(tied.flatMap(each => ('why' in each ? [] : [each.finding])))
  const heldBack = (before?.leftOut ?? []).filter(each => each.reason === 'over-comment-limit')
  const dealtWith = [...(before?.findings ?? []), ...heldBack.map(each => each.finding)]
  const repeats: LeftOut[] = []
  const fresh = merged.filter(finding => {
    if (dealtWith.some(each => each.fingerprint === finding.fingerprint || sameIssue(each, finding)))
      return false
    const file = files.get(finding.path)
    const reason = file ? repeatReason(file, finding, about.rounds) : null
    if (reason) repeats.push({ finding, reason })
    return reason === null
  })
  const { severityFloor, maxComments } = about.preferences
  const ranked = rankAndCap(fresh, { severityFloor, maxComments, minConfidence: about.minConfidence })
  const notIn = (candidates: readonly Candidate[], reason: LeftOutReason): LeftOut[] =>
    candidates.flatMap(candidate => {
      const each = tie(files, candidate)
      return 'why' in each ? [] : [{ finding: each.finding, reason }]
    })
  const leftOut = [
    ...repeats,
    ...heldBack,
    ...ranked.leftOut,
    ...notIn(ledger.refuted, 'refuted'),
    ...notIn(ledger.hostile, 'hostile'),
  ]
  const receipt: Receipt = {
    files: [...coverageNow(ledger, about), ...about.skipped],
    steps: ledger.steps.map(({ running: _, ...step }): Step => step),
    leftOut: countReasons([
      ...leftOut.map(({ reason, finding }) => ({
        reason,
        blocking: isBlocking(finding.severity) && !about.rounds.settled.has(finding.fingerprint),
      })),
      ...unplaced.map(each => ({
        reason: 'not-in-diff' as const,
        blocking: isBlocking(each.severity) && isWorthTelling(each),
      })),
      // Steered is steered, wherever it says to stand.
      ...ledger.hostile
        .filter(candidate => 'why' in tie(files, candidate))
        .map(({ severity }) => ({ reason: 'hostile' as const, blocking: isBlocking(severity) })),
      ...ledger.surplus.map(severity => ({
        reason: 'over-comment-limit' as const,
        blocking: isBlocking(severity),
      })),
    ]),
    filesNotListed: about.snapshot.filesTruncated,
  }
  return {
    findings: ranked.kept,
    leftOut,
    unanchored: unplaced.filter(isWorthTelling),
    receipt,
    lineDigests: lineDigests(about.reviewable.filter(isDone(receipt))),
  }
}

/** A model's claim may be right although it misquotes; about a file outside the diff it cannot know anything. */
function isWorthTelling(claim: Unanchored): boolean {
  return !isAnalyserSource(claim.source) && claim.why !== 'path-not-in-diff'
}

function filesByPath(reviewable: readonly FileChange[]): Map<string, FileChange> {
  const files = new Map(reviewable.map(file => [file.path, file]))
  for (const file of reviewable)
    if (file.previousPath !== undefined && !files.has(file.previousPath)) files.set(file.previousPath, file)
  return files
}

/** Files whose lines the next round may take as looked at: seen, and no step over them is missing. */
function isDone(receipt: Receipt): (file: FileChange) => boolean {
  const lost = new Set(lostSteps(receipt).flatMap(step => step.paths))
  const seen = new Set(receipt.files.filter(file => file.coverage === 'seen').map(file => file.path))
  return file => seen.has(file.path) && !lost.has(file.path)
}

function coverageNow(ledger: Ledger, about: Case): FileCoverage[] {
  const lost = new Set(ledger.steps.flatMap(step => (step.outcome === 'ok' ? [] : step.paths)))
  const { unaffordable, unchanged } = ledger
  return coverFiles(about.reviewable, ledger.seenHunks, {
    unaffordable,
    unchanged,
    lost,
    contents: about.snapshot.contents,
  })
}
