import { sha256 } from './ids.ts'
import { normaliseLine } from './review/anchor.ts'
import type { FileChange, Side } from './review/diff.ts'

/** Digest of one line, spaces folded: enough to find the line again, without its text. */
export function linePrint(text: string): string {
  return sha256(normaliseLine(text)).slice(0, 12)
}

export function printsOf(text: string): string[] {
  return text.split('\n').map(linePrint)
}

/** Digests of the lines that a diff shows, by path and side: first line number and what follows it, per hunk. */
export type DiffPrints = Record<string, Record<Side, { start: number; lines: string[] }[]>>

export function diffPrints(files: readonly FileChange[]): DiffPrints {
  const side = (file: FileChange, of: 'oldLine' | 'newLine') =>
    file.hunks.map(hunk => {
      const shown = hunk.lines.filter(line => line[of] !== undefined)
      return { start: shown[0]?.[of] ?? 1, lines: shown.map(line => linePrint(line.text)) }
    })
  return Object.fromEntries(
    files.map(file => [file.path, { LEFT: side(file, 'oldLine'), RIGHT: side(file, 'newLine') }]),
  )
}

export interface Lines {
  path: string
  side: Side
  startLine: number
  line: number
}

/** Where lines of these digests stand in a diff, nearest to where they are now; null when they are not there. */
export function placeIn(prints: DiffPrints, now: Lines, wanted: readonly string[]): Lines | null {
  const starts = (prints[now.path]?.[now.side] ?? []).flatMap(({ start, lines }) =>
    positions(lines, wanted).map(at => start + at),
  )
  if (starts.length === 0) return null
  const startLine = starts.reduce((best, at) =>
    Math.abs(at - now.startLine) < Math.abs(best - now.startLine) ? at : best,
  )
  return { path: now.path, side: now.side, startLine, line: startLine + wanted.length - 1 }
}

/** Indices at which `wanted` stands in `lines` as a whole. */
export function positions(lines: readonly string[], wanted: readonly string[]): number[] {
  if (wanted.length === 0) return []
  return lines.flatMap((_, at) =>
    at + wanted.length <= lines.length && wanted.every((print, offset) => lines[at + offset] === print)
      ? [at]
      : [],
  )
}
