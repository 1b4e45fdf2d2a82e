import type { BudgetPosition } from './budget.ts'
import { decide, type Verdict } from './decide.ts'
import { addPullRequest, addRun, noGateEvidence, type GateEvidence, type Hits } from './evidence.ts'
import type { StreamLine } from './stream-line.ts'
import type { Thresholds } from './thresholds.ts'

type Label = Extract<StreamLine, { kind: 'label' }>

/** A trial that is read line by line, by the code that decides about experiments. */
export interface Stream {
  name: string | null
  evidence: GateEvidence
  budget: BudgetPosition
  /** ms since 1970. */
  now: number
  /** Labels of pull requests whose own line has not come. */
  open: ReadonlyMap<string, readonly Label[]>
  closed: ReadonlySet<string>
  /** The verdict that ended the trial: what comes after it changes nothing. */
  ended: Verdict | null
}

export const emptyStream: Stream = {
  name: null,
  evidence: noGateEvidence,
  budget: { position: 1, promotions: 0 },
  now: Date.UTC(2026, 0, 1),
  open: new Map(),
  closed: new Set(),
  ended: null,
}

/**
 * The stream after a line. A line without a time is now; a pull request without one comes 1 / `perDay` of a day after what
 * was before. `ignored` says why a line changes nothing.
 */
export function readOn(
  stream: Stream,
  line: StreamLine,
  thresholds: Thresholds,
  perDay: number,
): { stream: Stream; ignored: string | null } {
  if (line.kind === 'trial') {
    const { position, promotions } = line
    return {
      stream: { ...emptyStream, name: line.name ?? null, budget: { position, promotions } },
      ignored: null,
    }
  }
  if (stream.ended !== null) return { stream, ignored: 'the trial has ended' }
  const { evidence } = stream
  const took = (more: Partial<Stream>) => ({ stream: { ...stream, ...more }, ignored: null })
  switch (line.kind) {
    case 'sampler': {
      const { offered: n, taken, rate } = line
      return took({ evidence: { ...evidence, sampler: { n, successes: taken, rate } } })
    }
    case 'run': {
      const now = line.at ?? stream.now
      return took({ now, evidence: addRun(evidence, { ...line, at: now }, thresholds) })
    }
    case 'label': {
      if (stream.closed.has(line.pullRequest))
        return { stream, ignored: `pull request ${line.pullRequest} is final` }
      const labels = [...(stream.open.get(line.pullRequest) ?? []), line]
      return took({ now: line.at ?? stream.now, open: new Map(stream.open).set(line.pullRequest, labels) })
    }
    case 'pull-request': {
      if (line.id !== undefined && stream.closed.has(line.id))
        return { stream, ignored: `pull request ${line.id} is final` }
      const now = line.at ?? stream.now + 86_400_000 / perDay
      const labels = line.id === undefined ? [] : (stream.open.get(line.id) ?? [])
      const open = new Map(stream.open)
      const closed = new Set(stream.closed)
      if (line.id !== undefined) {
        open.delete(line.id)
        closed.add(line.id)
      }
      const before =
        line.run === undefined ? evidence : addRun(evidence, { ...line.run, at: now }, thresholds)
      return took({
        now,
        open,
        closed,
        evidence: addPullRequest(before, evidenceOf(line, labels, now), thresholds),
      })
    }
  }
}

/** The verdict now; one that ends the trial is kept. */
export function concluded(stream: Stream, thresholds: Thresholds): { stream: Stream; verdict: Verdict } {
  if (stream.ended !== null) return { stream, verdict: stream.ended }
  const verdict = decide(stream.evidence, thresholds, stream.budget, stream.now)
  return { stream: verdict.answer === 'wait' ? stream : { ...stream, ended: verdict }, verdict }
}

/** The counts of a pull request's line, and the labels that came before it. */
function evidenceOf(
  line: Extract<StreamLine, { kind: 'pull-request' }>,
  labels: readonly Label[],
  at: number,
): Parameters<typeof addPullRequest>[1] {
  const none: Hits = { tp: 0, fp: 0, fn: 0, tn: 0 }
  const audited = { ...none, ...line.audited }
  let production: Hits | null = line.production ?? null
  const volunteered = { right: 0, wrong: 0, ...line.volunteered }
  const authors = { ...line.authors }
  const groups = structuredClone(line.groups)
  let found = audited.tp + volunteered.right
  let hasIssue = audited.tp + audited.fn + volunteered.right > 0
  for (const label of labels) {
    if (label.issue) hasIssue = true
    if (label.issue && label.own) found++
    if (label.author !== undefined) authors[label.author] = (authors[label.author] ?? 0) + 1
    if (label.source === 'volunteered') {
      if (label.own && label.production) volunteered[label.issue ? 'right' : 'wrong']++
      continue
    }
    const [own, theirs] = [outcomeOf(label.issue, label.own), outcomeOf(label.issue, label.production)]
    audited[own]++
    production = { ...(production ?? none) }
    production[theirs]++
    for (const name of label.groups) {
      const group = (groups[name] ??= { own: { ...none }, production: { ...none } })
      group.own[own]++
      group.production[theirs]++
    }
  }
  const unanswered = line.audited?.unanswered ?? 0
  const due = audited.tp + audited.fp + audited.fn + audited.tn + unanswered
  return {
    at,
    audited: { ...audited, due, unanswered },
    production,
    volunteered,
    found,
    hasIssue,
    authors,
    groups,
  }
}

function outcomeOf(issue: boolean, said: boolean): keyof Hits {
  if (issue) return said ? 'tp' : 'fn'
  return said ? 'fp' : 'tn'
}
