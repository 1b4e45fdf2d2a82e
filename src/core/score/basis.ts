import { placeOf, type Likeness, type Vote } from '../label.ts'
import type { FileChange, Hunk } from '../review/diff.ts'
import type { Finding } from '../review/finding.ts'
import { statementOf, type Counts, type Said } from './hunks.ts'
import { sampleCounter } from './sample.ts'

/** A vote as it counted. Its id is its place in the list, which is in the order of the votes' origins. */
export interface BasisLabel extends Omit<Vote, 'origin' | 'text' | 'authorId'> {
  id: number
  /** Who, as a number that means nothing elsewhere; null for a signal without a person. */
  person: number | null
  /** Id of the first label about the same issue; null for `clean`, which is about a hunk. */
  issue: number | null
  /** What it is said to be, where words were asked for. */
  text?: string
}

export interface BasisFinding extends Omit<Said, 'title' | 'body'> {
  fingerprint: string
  /** The issue whose label it has; null when nobody judged it. */
  issue: number | null
  title?: string
  body?: string
}

export type BasisHunk = Pick<FileChange, 'path' | 'previousPath'> &
  Pick<Hunk, 'oldStart' | 'oldLines' | 'newStart' | 'newLines'>

/** What the counts of a run and of production's own follow from, beside the labels: places and pairs. */
export interface Basis {
  hunks: readonly BasisHunk[]
  /** Indices of the hunks that were drawn for the audit. */
  drawn: readonly number[]
  own: readonly BasisFinding[]
  production: readonly BasisFinding[]
}

/** What a sample was scored by, as long as its texts are there. */
export interface Scored extends Omit<Basis, 'own' | 'production'> {
  own: readonly (Said & Pick<Finding, 'fingerprint'>)[]
  production: Scored['own']
}

/** Labels and, unless its texts were forgotten, the rest. `words`: texts go along, so that the pairs can be made again. */
export function basisOf(
  { votes, scored }: { votes: readonly Vote[]; scored: Scored | null },
  likeness: Likeness,
  words: boolean,
): { labels: BasisLabel[]; basis: Basis | null } {
  const ordered = votes.toSorted((a, b) => (a.origin < b.origin ? -1 : 1))
  const pairs = scored === null ? null : pairsOf(ordered, scored, likeness)
  const labels = ordered.map(({ origin: _origin, authorId, text, ...vote }, id) => ({
    id,
    ...vote,
    person: authorId,
    issue: pairs?.labels[id] ?? null,
    ...(words && { text }),
  }))
  if (scored === null || pairs === null) return { labels, basis: null }
  const found = (side: 'own' | 'production'): BasisFinding[] =>
    scored[side].map(({ title, body, ...finding }, at) => ({
      ...finding,
      issue: pairs[side][at] ?? null,
      ...(words && { title, body }),
    }))
  const { hunks, drawn } = scored
  return { labels, basis: { hunks, drawn, own: found('own'), production: found('production') } }
}

/** Which votes are about one issue, named by the first of them, and which finding means it. */
function pairsOf(
  votes: readonly Vote[],
  said: Record<'own' | 'production', readonly Said[]>,
  likeness: Likeness,
): Record<'labels' | 'own' | 'production', (number | null)[]> {
  const words = [...votes.keys()].filter(id => votes[id]?.value !== 'clean')
  const clusters = likeness
    .group(words.map(id => votes[id] as Vote))
    .map(cluster => cluster.map(at => words[at] as number))
  const labels: (number | null)[] = votes.map(() => null)
  for (const cluster of clusters) for (const id of cluster) labels[id] = cluster[0] as number
  const known = clusters.flatMap(cluster => {
    const place = placeOf(cluster.map(id => votes[id] as Vote))
    return place === null ? [] : [{ place, issue: cluster[0] as number }]
  })
  const meant = likeness.to(known.map(each => each.place))
  const issues = (findings: readonly Said[]) =>
    meant(findings.map(statementOf)).map(at => (at === null ? null : (known[at]?.issue ?? null)))
  return { labels, own: issues(said.own), production: issues(said.production) }
}

/** The counts that the recorded pairs come to. */
export function countsOf(labels: readonly BasisLabel[], basis: Basis): { counts: Counts; baseline: Counts } {
  const stated = (findings: readonly BasisFinding[]) =>
    findings.map(finding => ({ ...finding, text: standIn(finding.issue) }))
  const posted = stated(basis.production)
  const count = sampleCounter(
    {
      hunks: basis.hunks.map((hunk, index) => ({ index, file: hunk, hunk })),
      votes: labels.map(label => voteOf(label, standIn(label.issue))),
      drawn: basis.drawn,
      posted,
    },
    asRecorded,
  )
  return { counts: count(stated(basis.own)), baseline: count(posted) }
}

/** The first recorded pair that there cannot be, or that its words do not come to, as a path; null when all agree. */
export function wrongPair(labels: readonly BasisLabel[], basis: Basis, likeness: Likeness): string | null {
  const known = (issue: number | null): boolean => issue === null || labels[issue]?.issue === issue
  const unsaid = labels.findIndex(({ issue, value }) => (issue === null) !== (value === 'clean'))
  if (unsaid >= 0) return `labels.${unsaid}.issue`
  const sides = { labels, 'basis.own': basis.own, 'basis.production': basis.production }
  for (const [path, pairs] of Object.entries(sides)) {
    const at = pairs.findIndex(each => !known(each.issue))
    if (at >= 0) return `${path}.${at}.issue`
  }
  const every = [...labels, ...basis.own, ...basis.production]
  if (every.every(each => !('text' in each || 'title' in each))) return null
  const told = (findings: readonly BasisFinding[]) =>
    findings.map(({ title = '', body = '', ...finding }) => ({ ...finding, title, body }))
  const made = pairsOf(
    labels.map(label => voteOf(label, label.text ?? '')),
    { own: told(basis.own), production: told(basis.production) },
    likeness,
  )
  const again = { labels: made.labels, 'basis.own': made.own, 'basis.production': made.production }
  for (const [path, pairs] of Object.entries(sides)) {
    const at = pairs.findIndex((each, index) => each.issue !== again[path as keyof typeof again][index])
    if (at >= 0) return `${path}.${at}.issue`
  }
  return null
}

function voteOf({ id, person, issue: _issue, ...label }: BasisLabel, text: string): Vote {
  // Origins keep the order of the list.
  return { ...label, text, origin: String(id).padStart(9, '0'), authorId: person }
}

/** Stands for the words of an issue and for nothing else: two statements that have the same were paired. */
function standIn(issue: number | null): string {
  return issue === null ? '' : `issue ${issue}`
}

/** Pairs as they were recorded, from texts of standIn. */
const asRecorded: Likeness = {
  group: statements => [...Map.groupBy(statements.keys(), at => statements[at]?.text).values()],
  to: labels => findings =>
    findings.map(({ text }) => {
      const at = text === '' ? -1 : labels.findIndex(label => label.text === text)
      return at < 0 ? null : at
    }),
}
