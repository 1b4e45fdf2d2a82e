import { table } from '../experiment-text.ts'
import { printable } from '../report/printable.ts'
import type { BasisLabel } from '../score/basis.ts'
import { countedAsStored, type Bundle } from './bundle.ts'

const SHOWN_PEOPLE = 10

/** The labels that a verdict's counts were made by: how many, and whose word decided how much of it. */
export function labelLines(bundle: Bundle): string[] {
  const labels = labelsOf(bundle)
  const people = Object.entries(bundle.stored.evidence.authors).toSorted(([, a], [, b]) => b - a)
  const hunks = people.reduce((sum, [, decided]) => sum + decided, 0)
  const share = (decided: number): string => `${((100 * decided) / hunks).toFixed(1)} %`
  const shown = people.slice(0, SHOWN_PEOPLE).map(([person, decided]) => `person ${person} ${share(decided)}`)
  const more = people.length - shown.length
  return [
    `labels: ${labels.length === 0 ? 'none' : `${labels.length}: ${byKind(labels)}`}`,
    people.length === 0
      ? 'decided by: nobody'
      : `decided by: ${people.length === 1 ? 'one person' : `${people.length} people`}, of ${hunks} hunks at most ${share(people[0]?.[1] ?? 0)} by one: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
  ]
}

function byKind(labels: readonly BasisLabel[]): string {
  const counts = new Map<string, number>()
  for (const { kind, value, tier } of labels) {
    const what = tier === 'A' ? `${kind} ${value}` : `${kind} ${value} of tier ${tier}, not counted`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const sorted = [...counts].toSorted(([a], [b]) => a.localeCompare(b))
  return sorted.map(([what, count]) => `${count} ${what}`).join(', ')
}

/** Each label beside its sample, as `cupel verdict export` has it. */
export function labelsOf({ outcomes }: Bundle): ({ sampleId: string } & BasisLabel)[] {
  return outcomes.flatMap(({ sampleId, labels }) => labels.map(label => ({ sampleId, ...label })))
}

export function labelTable(bundle: Bundle): string[] {
  const rows = labelsOf(bundle).map(label => [
    printable(label.sampleId),
    `${printable(label.path)}:${label.side === 'LEFT' ? '-' : ''}${label.line}`,
    label.value,
    label.kind,
    label.tier,
    String(label.weight),
    label.person === null ? 'nobody' : `person ${label.person}`,
  ])
  return table(['SAMPLE', 'PLACE', 'LABEL', 'KIND', 'TIER', 'WEIGHT', 'WHO'], rows)
}

/** Which counts cannot be made again, and why; null when all can. */
export function asStoredLine(bundle: Bundle): string | null {
  const rows = countedAsStored(bundle)
  if (rows.length === 0) return null
  const counts = `counts of ${rows.length} of ${bundle.outcomes.length} pull requests are as stored`
  const days = rows.flatMap(({ forgottenAt }) => (forgottenAt === null ? [] : [forgottenAt]))
  if (days.length === 0) return `${counts}: content was purged before its day was noted`
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
  const [first, last] = [day(Math.min(...days)), day(Math.max(...days))]
  return `${counts}: content was purged on ${first === last ? first : `days from ${first} to ${last}`}`
}
