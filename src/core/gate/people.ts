import type { Bundle } from './bundle.ts'

/**
 * A bundle in which people are numbers that mean nothing elsewhere: who decided most is 1. An account's id would name
 * them to anybody who has the file.
 */
export function withoutNames(bundle: Bundle): Bundle {
  const { evidence, verdict } = bundle.stored
  const decided = Object.entries(evidence.authors).toSorted(([, a], [, b]) => b - a)
  const numbers = new Map(decided.map(([id], index) => [id, index + 1]))
  const numberOf = (id: string): number => {
    const known = numbers.get(id) ?? numbers.size + 1
    numbers.set(id, known)
    return known
  }
  const renamed = <C extends { authors: Readonly<Record<string, number>> }>(counts: C): C => ({
    ...counts,
    authors: Object.fromEntries(Object.entries(counts.authors).map(([id, hunks]) => [numberOf(id), hunks])),
  })
  return {
    ...bundle,
    outcomes: bundle.outcomes.map(outcome => ({
      ...outcome,
      counts: renamed(outcome.counts),
      baseline: renamed(outcome.baseline),
      labels: outcome.labels.map(label => ({
        ...label,
        person: label.person === null ? null : numberOf(String(label.person)),
      })),
    })),
    stored: { evidence: renamed(evidence), verdict },
  }
}
