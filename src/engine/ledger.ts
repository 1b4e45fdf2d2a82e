import type { Candidate, Severity } from '../core/review/finding.ts'
import type { Hunk } from '../core/review/diff.ts'
import type { Step } from '../core/review/receipt.ts'
import type { Piece } from '../core/review/technique.ts'

/** A step as it goes: `late` until it has ended, so that a receipt drawn up at any moment is true. */
export interface OpenStep extends Step {
  running: boolean
}

/** Everything a running examination has learned; read at the deadline and again at the end. */
export interface Ledger {
  steps: OpenStep[]
  /** Ready to be judged: analysers' findings, and models' elements that passed their checks. */
  candidates: Candidate[]
  /** Hunks that some step looked at to its end, and those that a model did. */
  seenHunks: Set<Hunk>
  readHunks: Set<Hunk>
  /** Hunks that no model was asked about, by reason of budget. */
  unaffordable: Set<Hunk>
  /** Paths that no model was asked about, because the last round's models read them as they are. */
  unchanged: Set<string>
  /** Findings a self-check refuted, and findings that gave away the canary. */
  refuted: Candidate[]
  hostile: Candidate[]
  /** Severities of elements beyond the most that one answer may bring. */
  surplus: Severity[]
  usd: number
}

export function newLedger(): Ledger {
  return {
    steps: [],
    candidates: [],
    seenHunks: new Set(),
    readHunks: new Set(),
    unaffordable: new Set(),
    unchanged: new Set(),
    refuted: [],
    hostile: [],
    surplus: [],
    usd: 0,
  }
}

export function openStep(
  ledger: Ledger,
  step: Pick<Step, 'kind' | 'name' | 'subject' | 'paths' | 'fallbackFor'>,
): OpenStep {
  const open: OpenStep = { ...step, outcome: 'late', latencyMs: 0, running: true }
  ledger.steps.push(open)
  return open
}

/** Fills in what a step came to. */
export function closeStep(step: OpenStep, result: Pick<Step, 'outcome' | 'latencyMs'> & Partial<Step>): void {
  Object.assign(step, result, { running: false })
}

function hunksOf(pieces: readonly Pick<Piece, 'hunks'>[]): Hunk[] {
  return pieces.flatMap(piece => piece.hunks)
}

/** An analyser looked at these. */
export function markSeen(ledger: Ledger, pieces: readonly Pick<Piece, 'hunks'>[]): void {
  for (const hunk of hunksOf(pieces)) ledger.seenHunks.add(hunk)
}

/** A model looked at these, now or in the last round. */
export function markRead(ledger: Ledger, pieces: readonly Pick<Piece, 'hunks'>[]): void {
  markSeen(ledger, pieces)
  for (const hunk of hunksOf(pieces)) {
    ledger.readHunks.add(hunk)
    ledger.unaffordable.delete(hunk)
  }
}

/** No model could be asked about these, unless another one was. */
export function markUnaffordable(ledger: Ledger, pieces: readonly Piece[]): void {
  for (const hunk of hunksOf(pieces)) if (!ledger.readHunks.has(hunk)) ledger.unaffordable.add(hunk)
}
