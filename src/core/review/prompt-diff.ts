import type { FileChange, Hunk } from './diff.ts'
import { showInvisible } from './hostile.ts'

const marks = { context: ' ', added: '+', removed: '-' } as const

/** Longest line a prompt shows, in characters; the rest is told as a count. */
const lineCharacters = 2_000

function renderLine(text: string): string {
  const shown = showInvisible(text.replace(/\r$/, ''))
  return shown.length <= lineCharacters
    ? shown
    : `${shown.slice(0, lineCharacters).toWellFormed()}[+${shown.length - lineCharacters} characters]`
}

function renderHunk(hunk: Hunk, numberEvery: number): string {
  const lines = hunk.lines.map((line, index) => {
    const number = numberEvery > 0 && index % numberEvery === 0 ? (line.newLine ?? line.oldLine ?? '') : ''
    return `${number}${marks[line.kind]}${renderLine(line.text)}`
  })
  const head = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`
  return [hunk.section ? `${head} ${renderLine(hunk.section)}` : head, ...lines].join('\n')
}

/** A path as data: JSON text with invisible characters shown. */
export function renderPath(path: string): string {
  return JSON.stringify(showInvisible(path))
}

/**
 * A file's hunks as a diff. Every `numberEvery`-th line is preceded by its line number (old side for removed
 * lines); 0 numbers none, the hunk headers remain. Line numbers are only hints: anchors are found by quotes.
 */
export function renderFile(
  piece: { file: FileChange; hunks: readonly Hunk[] },
  options: { numberEvery: number },
): string {
  const { file, hunks } = piece
  const renamed = file.previousPath === undefined ? '' : ` (was ${renderPath(file.previousPath)})`
  return [
    `file ${renderPath(file.path)} ${file.status}${renamed}`,
    ...hunks.map(hunk => renderHunk(hunk, options.numberEvery)),
  ].join('\n')
}
