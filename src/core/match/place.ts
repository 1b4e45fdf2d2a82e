/** Where something stands, as far as that is known. */
export interface Place {
  path?: string
  /** The path before a rename: what stood there is the same file. */
  previousPath?: string
  side?: 'LEFT' | 'RIGHT'
  startLine?: number
  /** Last line. */
  line?: number
}

function sameFile(a: Place, b: Place): boolean {
  return (
    a.path === b.path ||
    (a.previousPath !== undefined && a.previousPath === b.path) ||
    (b.previousPath !== undefined && b.previousPath === a.path)
  )
}

/** Lines between two ranges, 0 if they overlap; undefined when not comparable. */
function linesApart(a: Place, b: Place): number | undefined {
  if (a.line === undefined || b.line === undefined) return undefined
  if (a.side !== undefined && b.side !== undefined && a.side !== b.side) return undefined
  const [aFirst, bFirst] = [a.startLine ?? a.line, b.startLine ?? b.line]
  return Math.max(0, aFirst - b.line, bFirst - a.line)
}

export type PlaceEvidence = { kind: 'elsewhere' } | { kind: 'unknown' } | { kind: 'apart'; lines: number }

export function comparePlaces(a: Place, b: Place): PlaceEvidence {
  if (a.path === undefined || b.path === undefined) return { kind: 'unknown' }
  if (!sameFile(a, b)) return { kind: 'elsewhere' }
  const lines = linesApart(a, b)
  return lines === undefined ? { kind: 'unknown' } : { kind: 'apart', lines }
}

/**
 * What the place adds to the log-odds of a match; undefined forbids it. Chosen, not fitted: no judged pairs with places
 * were at hand. Overlap is worth e² ≈ 7 times the odds, and so much against it lies 30 lines away: wording that fits
 * well still outweighs it, since one defect may be reported at its cause or at its effect.
 */
export function placeLogOdds(evidence: PlaceEvidence): number | undefined {
  switch (evidence.kind) {
    case 'elsewhere':
      return undefined
    case 'unknown':
      return 0
    case 'apart':
      if (evidence.lines === 0) return 2
      if (evidence.lines <= 3) return 1.5
      return evidence.lines <= 10 ? 0 : evidence.lines <= 30 ? -1 : -2
  }
}
