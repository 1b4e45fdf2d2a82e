/** Figures are computed by other machines too; counts and times are whole and agree exactly. */
const TOLERANCE = 1e-9
/** Some tens of the last binary digit: sums beyond 100,000 have no ten digits behind the point. */
const LAST_DIGITS = 1e-14

/** The first path at which they differ; everything but a figure must be the same, as JSON has it. */
export function firstDifference(stored: unknown, own: unknown, path: string): string | null {
  // What JSON cannot hold was stored as null.
  const mine = typeof own === 'number' && !Number.isFinite(own) ? null : own
  if (typeof stored === 'number' && typeof mine === 'number') return sameNumber(stored, mine) ? null : path
  if (stored === null || mine === null || typeof stored !== 'object' || typeof mine !== 'object')
    return stored === mine ? null : path
  if (Array.isArray(stored) !== Array.isArray(mine)) return path
  const names = [...new Set([...Object.keys(stored), ...Object.keys(mine)])].toSorted()
  for (const name of names) {
    const [theirs, ours] = [member(stored, name), member(mine, name)]
    if (theirs === undefined && ours === undefined) continue
    const found = firstDifference(theirs, ours, `${path}.${name}`)
    if (found !== null) return found
  }
  return null
}

function sameNumber(stored: number, own: number): boolean {
  if (Number.isInteger(stored) && Number.isInteger(own)) return stored === own
  return Math.abs(stored - own) <= TOLERANCE + LAST_DIGITS * Math.abs(own)
}

function member(of: object, name: string): unknown {
  return Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined
}
