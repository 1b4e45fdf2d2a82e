import type { Counts } from './hunks.ts'

/**
 * Share of a sample's drawn hunks that the run got right, 0 to 1; null when none was due (towards quarantine: judged).
 * What nobody answered in time counts as wrong towards promotion, so that leaving hard ones out proves nothing good,
 * and as nothing towards quarantine, so that it proves nothing bad either.
 */
export function auditedAccuracy(
  { audited }: Pick<Counts, 'audited'>,
  towards: 'promotion' | 'quarantine',
): number | null {
  const of = towards === 'promotion' ? audited.due : audited.labelled
  return of === 0 ? null : (audited.tp + audited.tn) / of
}
