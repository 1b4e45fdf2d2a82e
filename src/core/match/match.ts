import { comparePlaces, type Place, type PlaceEvidence, placeLogOdds } from './place.ts'
import { compareTexts, type Likeness } from './similarity.ts'
import { readTerms, type Terms } from './terms.ts'
import { type Model, weights } from './weights.ts'

/** A finding, or the issue that a label stands for. */
export interface Described extends Place {
  /** Title and body; untrusted, read up to a limit. */
  text: string
  category?: string | null
  severity?: string | null
}

/** With its text read, which is most of the work: whoever compares one often reads it once. */
export interface Read {
  of: Described
  terms: Terms
}

export function read(of: Described): Read {
  return { of, terms: readTerms(of.text) }
}

/** Indexes into the lists given. */
export interface Match {
  finding: number
  label: number
  /** Probability that both mean one issue, 0 to 1. */
  score: number
}

/** Bounds the time: 1,000 × 1,000 real findings take half a second, as many made to be slow three. */
export const MAX_PAIRS = 1_000_000

function textLogOdds(likeness: Likeness, model: Model): number {
  return (
    model.intercept +
    model.cosine * likeness.cosine +
    model.behind * likeness.behind +
    model.bm25 * likeness.bm25
  )
}

/** Ranks by contents, never by position, so that the order of a list changes nothing; equal ones share a rank. */
function ranksByContent(all: readonly Described[]): number[] {
  const keys = all.map(of =>
    JSON.stringify([
      of.path,
      of.line,
      of.startLine,
      of.side,
      of.previousPath,
      of.category,
      of.severity,
      of.text,
    ]),
  )
  const rank = new Map([...new Set(keys)].sort().map((key, at) => [key, at]))
  return keys.map(key => rank.get(key) ?? 0)
}

/**
 * Pairs each finding with at most one label and each label with at most one finding, best score first; what falls
 * below the threshold stays unpaired. A different path forbids a pair, near lines raise it, far ones lower it; without
 * a place the texts decide. Category and severity break ties only: reviewers name them too differently.
 * Throws RangeError on more than 1,000,000 pairs.
 */
export function match(
  findings: readonly Described[],
  labels: readonly Described[],
  model: Model = weights,
): Match[] {
  return matchRead(findings.map(read), labels.map(read), model)
}

/** The same with texts that were read before. */
export function matchRead(
  findings: readonly Read[],
  labels: readonly Read[],
  model: Model = weights,
): Match[] {
  const score = scorePairs(findings, labels, model)
  const candidates: Match[] = []
  for (const finding of findings.keys())
    for (const label of labels.keys()) {
      const of = score(finding, label)
      if (of >= model.threshold) candidates.push({ finding, label, score: of })
    }
  return takeBestFirst(
    candidates,
    findings.map(each => each.of),
    labels.map(each => each.of),
  )
}

/** Probability that a finding means what a label does; 0 where that cannot be. Throws like match. */
export function scorePairs(
  findings: readonly Read[],
  labels: readonly Read[],
  model: Model,
): (finding: number, label: number) => number {
  if (findings.length * labels.length > MAX_PAIRS)
    throw new RangeError(`${findings.length} findings by ${labels.length} labels are too many to compare`)
  const place = (finding: number, label: number): PlaceEvidence =>
    comparePlaces((findings[finding] as Read).of, (labels[label] as Read).of)
  const likeness = compareTexts(
    findings.map(finding => finding.terms),
    labels.map(label => label.terms),
    (finding, label) => place(finding, label).kind !== 'elsewhere',
  )
  return (finding, label) => {
    const alike = likeness(finding, label)
    const added = alike.cosine === 0 ? undefined : placeLogOdds(place(finding, label))
    return added === undefined ? 0 : 1 / (1 + Math.exp(-textLogOdds(alike, model) - added))
  }
}

/** Greedy: on the judged rows it finds the same pairs as the optimal assignment. */
function takeBestFirst(
  candidates: readonly Match[],
  findings: readonly Described[],
  labels: readonly Described[],
): Match[] {
  const agree = ({ finding, label }: Match): number => {
    const [a, b] = [findings[finding] as Described, labels[label] as Described]
    return Number(a.category === b.category) + Number(a.severity === b.severity)
  }
  const findingRank = ranksByContent(findings)
  const labelRank = ranksByContent(labels)
  const ordered = candidates.toSorted(
    (a, b) =>
      b.score - a.score ||
      agree(b) - agree(a) ||
      (findingRank[a.finding] as number) - (findingRank[b.finding] as number) ||
      (labelRank[a.label] as number) - (labelRank[b.label] as number),
  )
  const usedFindings = new Set<number>()
  const usedLabels = new Set<number>()
  return ordered.filter(({ finding, label }) => {
    if (usedFindings.has(finding) || usedLabels.has(label)) return false
    usedFindings.add(finding)
    usedLabels.add(label)
    return true
  })
}
