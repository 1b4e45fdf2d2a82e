import { compareSeverity, type Finding } from './finding.ts'
import { isAnalyserSource } from './fingerprint.ts'

const stopWords = new Set(
  'a an and are as at be been but by can could does for from has have if in into is it its may might must not of on or should so than that the their then this to was when which will with would you your line code here'.split(
    ' ',
  ),
)

/** Words that carry meaning, crudely stemmed so that `throws` meets `throw`. */
function words(text: string): Set<string> {
  const found = text.toLowerCase().match(/[a-z_][a-z0-9_]+/g) ?? []
  return new Set(
    found.filter(word => !stopWords.has(word)).map(word => word.replace(/(?:ing|ed|es|s)$/, '') || word),
  )
}

/** Overlap coefficient of two sets of words, 0 to 1: shared words over the smaller set. */
function similarity(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const smaller = Math.min(left.size, right.size)
  return smaller === 0 ? 0 : left.intersection(right).size / smaller
}

function firstSentence(body: string): string {
  return body.slice(0, 240).split(/(?<=[.!?])\s/)[0] ?? ''
}

function samePlace(a: Finding, b: Finding): boolean {
  return a.path === b.path && a.side === b.side && a.startLine <= b.line && b.startLine <= a.line
}

type Meaning = (finding: Finding) => ReadonlySet<string>

/** What findings say, each read once. */
function readMeanings(): Meaning {
  const known = new Map<Finding, ReadonlySet<string>>()
  return finding => {
    const meaning = known.get(finding) ?? words(`${finding.title} ${firstSentence(finding.body)}`)
    known.set(finding, meaning)
    return meaning
  }
}

/** Two findings say the same: lines overlap, and the wording does, more of it when the categories differ. */
export function sameIssue(a: Finding, b: Finding, meaning: Meaning = readMeanings()): boolean {
  if (!samePlace(a, b)) return false
  if (a.fingerprint === b.fingerprint && a.source === b.source) return true
  return similarity(meaning(a), meaning(b)) >= (a.category === b.category ? 0.3 : 0.5)
}

/** Agreement of independent sources: 1 - Π(1 - confidence), at most 0.99. */
function agreedConfidence(group: readonly Finding[]): number {
  const bySource = new Map<string, number>()
  for (const finding of group)
    bySource.set(finding.source, Math.max(bySource.get(finding.source) ?? 0, finding.confidence))
  const confidences = [...bySource.values()]
  if (confidences.length === 1) return confidences[0] ?? 0
  return Math.min(0.99, 1 - confidences.reduce((doubt, confidence) => doubt * (1 - confidence), 1))
}

/** The surest speaks for the group; an analyser's fingerprint stays, since its rule does not waver. */
function combine(group: readonly Finding[]): Finding {
  const [best, ...others] = group.toSorted(
    (a, b) => b.confidence - a.confidence || compareSeverity(a.severity, b.severity),
  )
  if (!best) throw new TypeError('an empty group has no finding')
  const worst = group.toSorted((a, b) => compareSeverity(a.severity, b.severity))[0] ?? best
  const steady = group.find(finding => isAnalyserSource(finding.source)) ?? best
  const suggestion =
    best.suggestion ??
    others.find(
      other =>
        other.suggestion !== undefined && other.startLine === best.startLine && other.line === best.line,
    )?.suggestion
  return {
    ...best,
    severity: worst.severity,
    confidence: agreedConfidence(group),
    fingerprint: steady.fingerprint,
    sources: [...new Set([best, ...others].flatMap(finding => finding.sources))],
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** One finding per issue, order of first appearance kept. */
export function mergeFindings(findings: readonly Finding[]): Finding[] {
  const meaning = readMeanings()
  const groups: Finding[][] = []
  const byFile = new Map<string, Finding[][]>()
  for (const finding of findings) {
    const here = byFile.get(finding.path) ?? []
    byFile.set(finding.path, here)
    const group = here.find(members => members.some(member => sameIssue(member, finding, meaning)))
    if (group) {
      group.push(finding)
      continue
    }
    const opened = [finding]
    here.push(opened)
    groups.push(opened)
  }
  return groups.map(group => combine(group))
}
