import type { DiffLine, FileChange, Side } from './diff.ts'

/**
 * Exactly the lines a code host takes comments on: removed and context lines on LEFT, added and context lines
 * on RIGHT. Line numbers are 1-based.
 */
export function commentable(file: Pick<FileChange, 'hunks'>): Record<Side, Set<number>> {
  const sides: Record<Side, Set<number>> = { LEFT: new Set(), RIGHT: new Set() }
  for (const hunk of file.hunks) {
    for (const line of hunk.lines) {
      if (line.oldLine !== undefined) sides.LEFT.add(line.oldLine)
      if (line.newLine !== undefined) sides.RIGHT.add(line.newLine)
    }
  }
  return sides
}

/** Whether `start` to `end` (inclusive, start ≤ end) can carry one comment: all of it in one hunk of that side. */
export function sameHunk(file: Pick<FileChange, 'hunks'>, side: Side, start: number, end: number): boolean {
  if (start > end) return false
  // A side's lines are consecutive within a hunk, so both ends being there means all of it is.
  return file.hunks.some(
    hunk =>
      hunk.lines.some(line => numberOn(line, side) === start) &&
      hunk.lines.some(line => numberOn(line, side) === end),
  )
}

/** RIGHT-side numbers of added lines, ascending. */
export function changedLines(file: Pick<FileChange, 'hunks'>): number[] {
  return file.hunks.flatMap(hunk =>
    hunk.lines.flatMap(line => (line.kind === 'added' && line.newLine !== undefined ? [line.newLine] : [])),
  )
}

/** The text of a line of the diff, without its line end; undefined when the diff does not show it. */
export function lineText(file: Pick<FileChange, 'hunks'>, side: Side, line: number): string | undefined {
  for (const hunk of file.hunks) {
    const found = hunk.lines.find(candidate => numberOn(candidate, side) === line)
    if (found) return found.text
  }
  return undefined
}

function numberOn(line: DiffLine, side: Side): number | undefined {
  return side === 'LEFT' ? line.oldLine : line.newLine
}
