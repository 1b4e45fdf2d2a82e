import type { DiffLine, FileChange, Hunk, Side } from './diff.ts'
import type { Candidate, Unanchored } from './finding.ts'
import { showInvisible } from './hostile.ts'

/** Lines of one side of one hunk. */
export interface Anchor {
  side: Side
  startLine: number
  line: number
  /** The diff's own text of those lines, joined by line feeds; not the source's wording. */
  quote: string
  /** How many equal places of that side stand before this one in the diff; part of the fingerprint. */
  occurrence: number
}

export type Anchoring = { anchored: true; anchor: Anchor } | { anchored: false; why: Unanchored['why'] }

interface Place extends Omit<Anchor, 'occurrence'> {
  touchesChange: boolean
}

/** What a model sees for a line, spaces folded: the ground on which quotes are compared. */
export function normaliseLine(text: string): string {
  return showInvisible(text).replace(/\s+/g, ' ').trim()
}

type Reading = 'exact' | 'folded'

interface SideOfHunk {
  numbers: number[]
  lines: DiffLine[]
  texts: Record<Reading, string[]>
}

/** A model may bring hundreds of quotes for one file: each hunk is laid out once, not once per quote. */
const laidOut = new WeakMap<Hunk, Partial<Record<Side, SideOfHunk>>>()

function onSide(hunk: Hunk, side: Side): SideOfHunk {
  const sides = laidOut.get(hunk) ?? {}
  laidOut.set(hunk, sides)
  return (sides[side] ??= layOut(hunk, side))
}

function layOut(hunk: Hunk, side: Side): SideOfHunk {
  const shown = hunk.lines.flatMap(line => {
    const number = side === 'LEFT' ? line.oldLine : line.newLine
    return number === undefined ? [] : [{ number, line }]
  })
  const lines = shown.map(({ line }) => line)
  return {
    numbers: shown.map(({ number }) => number),
    lines,
    texts: { exact: lines.map(line => line.text), folded: lines.map(line => normaliseLine(line.text)) },
  }
}

function placesIn(hunks: readonly Hunk[], side: Side, wanted: readonly string[], reading: Reading): Place[] {
  const places: Place[] = []
  for (const hunk of hunks) {
    const { numbers, lines, texts } = onSide(hunk, side)
    const read = texts[reading]
    for (let at = 0; at + wanted.length <= lines.length; at++) {
      if (!wanted.every((text, offset) => read[at + offset] === text)) continue
      const covered = lines.slice(at, at + wanted.length)
      const startLine = numbers[at]
      const line = numbers[at + wanted.length - 1]
      if (startLine === undefined || line === undefined) continue
      places.push({
        side,
        startLine,
        line,
        quote: covered.map(({ text }) => text).join('\n'),
        touchesChange: covered.some(({ kind }) => kind !== 'context'),
      })
    }
  }
  return places
}

/** The ways a quote is read, strictest first: as it is, spaces folded, with a copied diff mark taken off. */
const readings: readonly { quote: (line: string) => string; text: Reading }[] = [
  { quote: line => line, text: 'exact' },
  { quote: normaliseLine, text: 'folded' },
  { quote: line => normaliseLine(line.replace(/^\s*\d*\s*[+\-| ]/, '')), text: 'folded' },
]

function quoteLines(quote: string): string[] {
  const lines = quote.replace(/\r\n/g, '\n').split('\n')
  while (lines.length > 0 && lines[0]?.trim() === '') lines.shift()
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop()
  return lines
}

function nearest(places: readonly Place[], hint: number | undefined): Place | undefined {
  const changed = places.filter(place => place.touchesChange)
  const pool = changed.length > 0 ? changed : places
  if (hint === undefined) return pool[0]
  return pool.toSorted((a, b) => distance(a, hint) - distance(b, hint))[0]
}

function distance(place: Place, hint: number): number {
  if (hint < place.startLine) return place.startLine - hint
  return hint > place.line ? hint - place.line : 0
}

/**
 * Finds the quoted lines in the diff: on the claimed side, else on the other. Lines that the diff changed are
 * preferred over context; among equals the one nearest to the hint. A quote that is not there is not guessed at.
 */
export function anchorQuote(
  file: Pick<FileChange, 'hunks'>,
  quote: string,
  side: Side,
  lineHint?: number,
): Anchoring {
  const lines = quoteLines(quote)
  if (lines.length === 0) return { anchored: false, why: 'quote-not-in-diff' }
  const sides: readonly Side[] = side === 'LEFT' ? ['LEFT', 'RIGHT'] : ['RIGHT', 'LEFT']
  for (const tried of sides) {
    for (const reading of readings) {
      const wanted = lines.map(reading.quote)
      if (wanted.every(text => text.trim() === '')) continue
      const place = nearest(placesIn(file.hunks, tried, wanted, reading.text), lineHint)
      if (place) return { anchored: true, anchor: withOccurrence(file, place) }
    }
  }
  return { anchored: false, why: everyLineIsThere(file, lines) ? 'spans-hunks' : 'quote-not-in-diff' }
}

function withOccurrence(file: Pick<FileChange, 'hunks'>, place: Place): Anchor {
  const equals = placesIn(file.hunks, place.side, place.quote.split('\n').map(normaliseLine), 'folded')
  const { side, startLine, line, quote } = place
  return {
    side,
    startLine,
    line,
    quote,
    occurrence: equals.filter(other => other.startLine < startLine).length,
  }
}

function everyLineIsThere(file: Pick<FileChange, 'hunks'>, lines: readonly string[]): boolean {
  if (lines.length < 2) return false
  const known = new Set(
    file.hunks.flatMap(hunk => [...onSide(hunk, 'LEFT').texts.folded, ...onSide(hunk, 'RIGHT').texts.folded]),
  )
  return lines.every(line => known.has(normaliseLine(line)))
}

/** Ties a candidate to its file of the diff; `files` by path, an old path of a rename included. */
export function anchorCandidate(
  files: ReadonlyMap<string, FileChange>,
  candidate: Candidate,
): { file: FileChange; anchor: Anchor } | { why: Unanchored['why'] } {
  const file = files.get(candidate.path)
  if (!file) return { why: 'path-not-in-diff' }
  const found = anchorQuote(file, candidate.quote, candidate.side, candidate.lineHint)
  return found.anchored ? { file, anchor: found.anchor } : { why: found.why }
}
