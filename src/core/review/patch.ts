import type { DiffLine, Hunk } from './diff.ts'

/** What a run of hunks held. `damaged` says in one sentence why reading stopped early. */
export interface ParsedPatch {
  hunks: Hunk[]
  damaged?: string
}

// Fifteen digits keep every sum of two numbers a safe integer. [^] because `.` stops at CR and U+2028.
const header = /^@@ -(\d{1,15})(?:,(\d{1,15}))? \+(\d{1,15})(?:,(\d{1,15}))? @@([^]*)$/

/**
 * GitHub's patch of one file: hunks only, from the first `@@`. Never throws. Lines end at \n and nowhere else,
 * and a hunk ends where its header's counts say, whatever its lines look like.
 */
export function parsePatch(patch: string): ParsedPatch {
  if (patch === '') return { hunks: [] }
  const lines = splitLines(patch)
  const { hunks, next, damaged } = readHunks(lines, 0)
  if (damaged !== undefined) return { hunks, damaged }
  if (next < lines.length) return { hunks, damaged: `line ${next + 1} belongs to no hunk` }
  return { hunks }
}

/** The lines of a text, without their \n. A text cut inside a line keeps that line; a final \n adds none. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/**
 * Hunks from `from` on, until a line that starts none. `next` is that line. On damage the hunk it happened in
 * is kept up to the damage, with its counts corrected to what was read.
 */
export function readHunks(lines: readonly string[], from: number): ParsedPatch & { next: number } {
  const hunks: Hunk[] = []
  let at = from
  while (at < lines.length) {
    const line = lines[at]!
    if (line.startsWith('@@@')) return { hunks, next: at, damaged: 'a combined diff of a merge' }
    if (!line.startsWith('@@')) break
    const hunk = readHeader(line)
    if (!hunk) return { hunks, next: at, damaged: `line ${at + 1} is no hunk header` }
    const misplaced = misplacement(hunks.at(-1), hunk)
    if (misplaced) return { hunks, next: at, damaged: `line ${at + 1}: ${misplaced}` }
    const body = readBody(lines, at + 1, hunk)
    if (body.lines.length > 0) hunks.push({ ...hunk, ...counts(body.lines), lines: body.lines })
    if (body.damaged !== undefined) return { hunks, next: body.next, damaged: body.damaged }
    at = body.next
  }
  return { hunks, next: at }
}

type Header = Omit<Hunk, 'lines'>

function readHeader(line: string): Header | undefined {
  const match = header.exec(line)
  if (!match) return undefined
  const [, oldStart, oldLines = '1', newStart, newLines = '1', rest = ''] = match
  return {
    oldStart: Number(oldStart),
    oldLines: Number(oldLines),
    newStart: Number(newStart),
    newLines: Number(newLines),
    section: rest.startsWith(' ') ? rest.slice(1) : rest,
  }
}

function misplacement(before: Hunk | undefined, hunk: Header): string | undefined {
  if (hunk.oldLines + hunk.newLines === 0) return 'the hunk is empty'
  if (first(hunk.oldStart, hunk.oldLines) < 1 || first(hunk.newStart, hunk.newLines) < 1)
    return 'a hunk cannot start at line 0'
  if (!before) return undefined
  const oldEnd = first(before.oldStart, before.oldLines) + before.oldLines
  const newEnd = first(before.newStart, before.newLines) + before.newLines
  const ordered =
    first(hunk.oldStart, hunk.oldLines) >= oldEnd && first(hunk.newStart, hunk.newLines) >= newEnd
  return ordered ? undefined : 'the hunk overlaps the one before it'
}

/** A side without lines names the line before the place. */
function first(start: number, count: number): number {
  return count === 0 ? start + 1 : start
}

function readBody(
  lines: readonly string[],
  from: number,
  hunk: Header,
): { lines: DiffLine[]; next: number; damaged?: string } {
  const read: DiffLine[] = []
  const oldEnd = hunk.oldStart + hunk.oldLines
  const newEnd = hunk.newStart + hunk.newLines
  let oldLine = hunk.oldStart
  let newLine = hunk.newStart
  let at = from
  const oldLeft = (): boolean => hunk.oldLines > 0 && oldLine < oldEnd
  const newLeft = (): boolean => hunk.newLines > 0 && newLine < newEnd
  while (oldLeft() || newLeft()) {
    const line = lines[at]
    if (line === undefined) {
      // The last line may have been cut in the middle: its text cannot be trusted.
      read.pop()
      return { lines: read, next: at, damaged: 'the patch ends inside a hunk' }
    }
    const text = line.slice(1)
    // Some tools strip the blank from an empty context line.
    const mark = line === '' ? ' ' : line[0]
    if (mark === ' ' && oldLeft() && newLeft()) {
      read.push({ kind: 'context', oldLine: oldLine++, newLine: newLine++, text })
    } else if (mark === '-' && oldLeft()) {
      read.push({ kind: 'removed', oldLine: oldLine++, text })
    } else if (mark === '+' && newLeft()) {
      read.push({ kind: 'added', newLine: newLine++, text })
    } else if (mark === '\\' && read.length > 0) {
      read.at(-1)!.noNewline = true
    } else {
      return { lines: read, next: at, damaged: `line ${at + 1} does not fit its hunk's counts` }
    }
    at++
  }
  if (lines[at]?.startsWith('\\')) {
    read.at(-1)!.noNewline = true
    at++
  }
  return { lines: read, next: at }
}

function counts(lines: readonly DiffLine[]): { oldLines: number; newLines: number } {
  const added = lines.filter(line => line.kind === 'added').length
  const removed = lines.filter(line => line.kind === 'removed').length
  return { oldLines: lines.length - added, newLines: lines.length - removed }
}
