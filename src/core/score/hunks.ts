import { type Finding, type Severity } from '../review/finding.ts'
import type { FileChange, Hunk, Side } from '../review/diff.ts'
import type { CleanPlace, LabelledPlace, Likeness, Statement } from '../label.ts'

/** Hunks of one run by what it said there against what is known there. */
export interface HunkCounts {
  labelled: number
  tp: number
  fp: number
  fn: number
  tn: number
}

/** What one run on one sample came to: counts only, so that it outlives the texts. See docs/scoring.md. */
export interface Counts extends HunkCounts {
  hunks: number
  /** Hunks with a finding nobody has judged: neither right nor wrong. */
  unknown: number
  /** Labelled hunks that a reviewer without findings would get right. */
  mute: number
  findings: number
  right: number
  wrong: number
  unjudged: number
  /** Places known to be real issues, and how many of them the run found. */
  issues: number
  found: number
  /** The part that rests on blind judgements: of the hunks that were due, those labelled by them and those not. */
  audited: HunkCounts & { due: number; unanswered: number }
  /** Of the audited hunks those with an issue of that severity, and those with nothing but a wrong finding of it. */
  auditedSeverity: Partial<Record<Severity, Omit<HunkCounts, 'labelled'>>>
  /** Findings that production posted too, by what people volunteered about them. */
  volunteered: { right: number; wrong: number }
  severity: Partial<Record<Severity, { issues: number; found: number; right: number; wrong: number }>>
  /** Explicit signals on what the run said: sum of weights, and of those that were pleased. */
  satisfaction: { weight: number; pleased: number }
  /** Labelled hunks by the person whose word decided them, by account id. */
  authors: Record<string, number>
}

/** Where a changed hunk stands; its lines say nothing to a score. */
export interface HunkRange {
  /** Position in the sample. */
  index: number
  file: Pick<FileChange, 'path' | 'previousPath'>
  hunk: Pick<Hunk, 'oldStart' | 'oldLines' | 'newStart' | 'newLines'>
}

export interface ScoredSample {
  hunks: readonly HunkRange[]
  places: readonly LabelledPlace[]
  clean: readonly CleanPlace[]
  /** Indices of the hunks that were drawn for the audit; empty when the sample was not drawn. */
  drawn: readonly number[]
  /** What production posted; left out where nobody compares with it. */
  posted?: readonly Statement[]
}

/** Lines beside a hunk that still count as it: people comment on the line next to the one they mean. */
const nearLines = 3

/** The hunk a place stands in, or the nearest of its file within three lines. Null: outside of the diff. */
export function hunkAt(
  hunks: readonly HunkRange[],
  place: { path: string; side: Side; startLine: number; line: number },
): number | null {
  let nearest: { index: number; distance: number } | null = null
  for (const { index, file, hunk } of hunks) {
    const path = place.side === 'LEFT' ? (file.previousPath ?? file.path) : file.path
    if (path !== place.path && file.path !== place.path) continue
    const [start, count] =
      place.side === 'LEFT' ? [hunk.oldStart, hunk.oldLines] : [hunk.newStart, hunk.newLines]
    const distance = Math.max(0, start - place.line, place.startLine - (start + Math.max(1, count) - 1))
    if (distance <= nearLines && (nearest === null || distance < nearest.distance))
      nearest = { index, distance }
  }
  return nearest?.index ?? null
}

/** As much of a finding as scores are made of. */
export type Said = Pick<
  Finding,
  'path' | 'side' | 'startLine' | 'line' | 'title' | 'body' | 'category' | 'severity'
>

/** A finding as a statement that can be likened to labels. */
export function statementOf(finding: Said): Statement {
  const { path, side, startLine, line, category, severity } = finding
  return { path, side, startLine, line, text: `${finding.title}\n${finding.body}`, category, severity }
}

/**
 * Counts of a run's findings against the labels of its sample, which are read once for all runs. Every finding takes
 * the label of the place it means; several may take the same. Only tier A counts: what people did without saying so
 * (B, C) has not been shown to be right often enough. Without findings it scores the mute reviewer.
 */
export function hunkCounter(
  sample: ScoredSample,
  likeness: Likeness,
): (findings: readonly Statement[]) => Counts {
  const meant = likeness.to(sample.places)
  const known = new Map(
    sample.places.flatMap(place => {
      const hunk = place.tier === 'A' && place.verdict !== 'disputed' ? hunkAt(sample.hunks, place) : null
      return hunk === null ? [] : [[place, hunk]]
    }),
  )
  const posted = new Set(
    meant(sample.posted ?? []).map(index => (index === null ? null : sample.places[index])),
  )
  return statements => {
    const judged = meant(statements).map((index, at) => {
      // A place that does not count keeps what was said of it from being taken for another.
      const place = index === null ? undefined : sample.places[index]
      return {
        place: place !== undefined && known.has(place) ? place : null,
        hunk: hunkAt(sample.hunks, statements[at] as Statement),
        severity: statements[at]?.severity ?? null,
      }
    })
    return { ...countHunks(sample, known, judged), volunteered: volunteeredOf(judged, posted) }
  }
}

interface Judged {
  /** The place whose label a finding has; null when nobody judged it. */
  place: LabelledPlace | null
  hunk: number | null
  severity: Severity | null
}

/** Reactions reach only what was posted, so only there do they say of an experiment what they say of production. */
function volunteeredOf(
  judged: readonly Judged[],
  posted: ReadonlySet<LabelledPlace | null | undefined>,
): Counts['volunteered'] {
  const of = (verdict: LabelledPlace['verdict']): number =>
    judged.filter(
      ({ place }) => place?.kind === 'volunteered' && place.verdict === verdict && posted.has(place),
    ).length
  return { right: of('real'), wrong: of('not') }
}

/** One audited hunk under each severity that an issue there has; a false alarm under that of its finding. */
function addAuditedSeverity(
  counts: Counts,
  outcome: 'tp' | 'fp' | 'fn' | 'tn',
  here: readonly LabelledPlace[],
  said: readonly Judged[],
  found: ReadonlySet<LabelledPlace>,
): void {
  const of = (severity: Severity): Omit<HunkCounts, 'labelled'> =>
    (counts.auditedSeverity[severity] ??= { tp: 0, fp: 0, fn: 0, tn: 0 })
  const real = here.filter(place => place.verdict === 'real')
  for (const severity of new Set(real.flatMap(place => place.severity ?? [])))
    of(severity)[real.some(place => place.severity === severity && found.has(place)) ? 'tp' : 'fn']++
  if (outcome !== 'fp') return
  for (const severity of new Set(said.flatMap(each => each.severity ?? []))) of(severity).fp++
}

function countHunks(
  sample: ScoredSample,
  known: ReadonlyMap<LabelledPlace, number>,
  judged: readonly Judged[],
): Counts {
  const places = [...known].map(([place, hunk]) => ({ place, hunk }))
  const placesAt = Map.groupBy(places, each => each.hunk)
  const judgedAt = Map.groupBy(judged, each => each.hunk)
  const clean = Map.groupBy(sample.clean, place => hunkAt(sample.hunks, place))
  const found = new Set(judged.flatMap(each => (each.place?.verdict === 'real' ? [each.place] : [])))
  const counts = emptyCounts(sample.hunks.length)
  counts.findings = judged.length
  for (const { place } of judged) {
    if (place === null) counts.unjudged++
    else if (place.verdict === 'real') counts.right++
    else counts.wrong++
    if (place === null) continue
    if (place.severity) severityOf(counts, place.severity)[place.verdict === 'real' ? 'right' : 'wrong']++
    if (place.kind === 'volunteered') {
      counts.satisfaction.weight += place.weight
      if (place.verdict === 'real') counts.satisfaction.pleased += place.weight
    }
  }
  for (const { place } of places) {
    if (place.verdict !== 'real') continue
    counts.issues++
    if (found.has(place)) counts.found++
    if (!place.severity) continue
    severityOf(counts, place.severity).issues++
    if (found.has(place)) severityOf(counts, place.severity).found++
  }
  const drawn = new Set(sample.drawn)
  for (const { index } of sample.hunks) {
    const here = (placesAt.get(index) ?? []).map(each => each.place)
    const said = judgedAt.get(index) ?? []
    const outcome = classify(here, said, found, clean.has(index))
    const audited = drawn.has(index)
    if (audited) counts.audited.due++
    switch (outcome) {
      case 'unlabelled':
        if (audited) counts.audited.unanswered++
        continue
      case 'unknown':
        counts.unknown++
        if (audited) counts.audited.unanswered++
        continue
      case 'tp':
      case 'fp':
      case 'fn':
      case 'tn':
        break
    }
    counts.labelled++
    counts[outcome]++
    if (!here.some(place => place.verdict === 'real')) counts.mute++
    const judges = (clean.get(index) ?? []).map(place => place.authorId)
    for (const author of new Set([...here.flatMap(place => place.authors), ...judges]))
      if (author !== null) counts.authors[author] = (counts.authors[author] ?? 0) + 1
    if (audited && isJudged(outcome, here, clean.has(index))) {
      counts.audited.labelled++
      counts.audited[outcome]++
      addAuditedSeverity(counts, outcome, here, said, found)
    } else if (audited) counts.audited.unanswered++
  }
  return counts
}

/**
 * Whether blind judges settled a hunk: that nothing is wrong in it takes their word on the whole of it, as one finding
 * that is none says nothing of the lines beside it.
 */
function isJudged(outcome: HunkOutcome, here: readonly LabelledPlace[], clean: boolean): boolean {
  return clean || (outcome !== 'tn' && here.some(place => place.kind === 'audited'))
}

type HunkOutcome = 'tp' | 'fp' | 'fn' | 'tn' | 'unknown' | 'unlabelled'

/** One hunk. A finding nobody judged makes it unknown, unless the run found a real issue there as well. */
function classify(
  here: readonly LabelledPlace[],
  said: readonly { place: LabelledPlace | null }[],
  found: ReadonlySet<LabelledPlace>,
  clean: boolean,
): HunkOutcome {
  const real = here.filter(place => place.verdict === 'real')
  if (real.some(place => found.has(place))) return 'tp'
  // Judged clean as a whole: whatever was said there is wrong, also what nobody looked at by itself.
  if (clean && real.length === 0) return said.length === 0 ? 'tn' : 'fp'
  if (said.some(each => each.place === null)) return 'unknown'
  if (said.some(each => each.place?.verdict === 'not')) return 'fp'
  if (real.length > 0) return 'fn'
  return here.length > 0 ? 'tn' : 'unlabelled'
}

/** Counts of a sample of which nothing is known and nothing was said. */
export function emptyCounts(hunks: number): Counts {
  const none = { labelled: 0, tp: 0, fp: 0, fn: 0, tn: 0 }
  return {
    ...none,
    hunks,
    unknown: 0,
    mute: 0,
    findings: 0,
    right: 0,
    wrong: 0,
    unjudged: 0,
    issues: 0,
    found: 0,
    audited: { ...none, due: 0, unanswered: 0 },
    auditedSeverity: {},
    volunteered: { right: 0, wrong: 0 },
    severity: {},
    satisfaction: { weight: 0, pleased: 0 },
    authors: {},
  }
}

function severityOf(
  counts: Counts,
  severity: Severity,
): { issues: number; found: number; right: number; wrong: number } {
  return (counts.severity[severity] ??= { issues: 0, found: 0, right: 0, wrong: 0 })
}
