import type { Hunk } from '../../../src/core/review/diff.ts'

/** A file's lines as a diff counts them: a final line without \n is a line, nothing after a final \n is none. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The old text with the hunks applied; throws where a hunk does not fit it. */
export function applyHunks(before: string, hunks: readonly Hunk[]): string {
  const old = linesOf(before)
  const out: string[] = []
  let at = 0
  let finalNewline = before.endsWith('\n') || before === ''
  for (const hunk of hunks) {
    const start = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1
    while (at < start) out.push(old[at++]!)
    for (const line of hunk.lines) {
      if (line.kind !== 'added') {
        if (old[at] !== line.text) throw new Error(`line ${at + 1} is not what the hunk says`)
        at++
      }
      if (line.kind !== 'removed') out.push(line.text)
    }
    const touchesEnd = at >= old.length
    const lastNew = hunk.lines.findLast(line => line.kind !== 'removed')
    if (touchesEnd) finalNewline = lastNew?.noNewline !== true
  }
  while (at < old.length) out.push(old[at++]!)
  return out.length === 0 ? '' : out.join('\n') + (finalNewline ? '\n' : '')
}

/** Lines of the hunks whose number does not name that text in its file. */
export function misnumbered(hunks: readonly Hunk[], before: string, after: string): string[] {
  const old = linesOf(before)
  const now = linesOf(after)
  return hunks.flatMap(hunk =>
    hunk.lines.flatMap(line => {
      const wrongOld = line.oldLine !== undefined && old[line.oldLine - 1] !== line.text
      const wrongNew = line.newLine !== undefined && now[line.newLine - 1] !== line.text
      return wrongOld || wrongNew ? [JSON.stringify(line)] : []
    }),
  )
}
