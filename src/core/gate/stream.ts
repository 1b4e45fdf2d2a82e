import type { BudgetPosition } from './budget.ts'
import { decide, type Verdict } from './decide.ts'
import { addPullRequest, addRun, noGateEvidence, type GateEvidence, type Hits } from './evidence.ts'
import type { StreamLine } from './stream-line.ts'
import type { Thresholds } from './thresholds.ts'

type Label = Extract<StreamLine, { kind: 'label' }>

/** A trial that is read line by line, by the code that decides about experiments. Its readers change it in place. */
export interface Stream {
  name: string | null
  evidence: GateEvidence
  budget: BudgetPosition
  /** ms since 1970. */
  now: number
  /** Labels of pull requests whose own line has not come. */
  open: Map<string, Label[]>
  closed: Set<string>
  /** The verdict that ended the trial: what comes after it changes nothing. */
  ended: Verdict | null
}

export function newStream(): Stream {
  return {
    name: null,
    evidence: noGateEvidence,
    budget: { position: 1, promotions: 0 },
    now: Date.UTC(2026, 0, 1),
    open: new Map(),
    closed: new Set(),
    ended: null,
  }
}

/**
 * Takes a line into the stream, at a cost that grows with the people and groups in it, not with the lines before it. A line
 * without a time is now; a pull request without one comes 1 / `perDay` of a day after what was before. Answers why a line
 * changes nothing, else null.
 */
export function readOn(
  stream: Stream,
  line: StreamLine,
  thresholds: Thresholds,
  perDay: number,
): string | null {
  if (line.kind === 'trial') {
    const { position, promotions } = line
    Object.assign(stream, newStream(), { name: line.name ?? null, budget: { position, promotions } })
    return null
  }
  if (stream.ended !== null) return 'the trial has ended'
  const { open, closed } = stream
  switch (line.kind) {
    case 'sampler': {
      const { offered: n, taken, rate } = line
      stream.evidence = { ...stream.evidence, sampler: { n, successes: taken, rate } }
      return null
    }
    case 'run': {
      stream.now = line.at ?? stream.now
      stream.evidence = addRun(stream.evidence, { ...line, at: stream.now }, thresholds)
      return null
    }
    case 'label': {
      const { pullRequest } = line
      if (closed.has(pullRequest)) return finalWords(pullRequest)
      stream.now = line.at ?? stream.now
      const labels = open.get(pullRequest)
      if (labels === undefined) open.set(pullRequest, [line])
      else labels.push(line)
      return null
    }
    case 'pull-request': {
      const { id, run } = line
      if (id !== undefined && closed.has(id)) return finalWords(id)
      const at = line.at ?? stream.now + 86_400_000 / perDay
      const labels = id === undefined ? [] : (open.get(id) ?? [])
      if (id !== undefined) {
        open.delete(id)
        closed.add(id)
      }
      const before = run === undefined ? stream.evidence : addRun(stream.evidence, { ...run, at }, thresholds)
      stream.evidence = addPullRequest(before, evidenceOf(line, labels, at), thresholds)
      stream.now = at
      return null
    }
  }
}

/** The verdict now; the stream keeps one that ends the trial. */
export function concluded(stream: Stream, thresholds: Thresholds): Verdict {
  if (stream.ended !== null) return stream.ended
  const verdict = decide(stream.evidence, thresholds, stream.budget, stream.now)
  if (verdict.answer !== 'wait') stream.ended = verdict
  return verdict
}

function finalWords(pullRequest: string): string {
  return `pull request ${pullRequest} is final`
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
