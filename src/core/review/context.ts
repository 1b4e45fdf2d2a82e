import type { Hunk } from './diff.ts'
import { showInvisible } from './hostile.ts'
import { renderPath } from './prompt-diff.ts'
import type { Piece } from './technique.ts'
import { estimateTokens } from './tokens.ts'

/** Lines above the hunk that open the block it stands in: less indented, and not a comment or closing brace. */
function enclosing(lines: readonly string[], hunk: Hunk): number[] {
  const first = hunk.lines.find(line => line.text.trim() !== '')
  let indent = first ? first.text.search(/\S/) : 0
  const found: number[] = []
  for (let at = hunk.newStart - 2; at >= 0 && indent > 0 && found.length < 3; at--) {
    const text = lines[at] ?? ''
    const depth = text.search(/\S/)
    if (depth < 0 || depth >= indent || /^\s*(?:[})\]]|\/\/|#|\*|\/\*)/.test(text)) continue
    found.push(at)
    indent = depth
  }
  return found
}

const importLine =
  /^\s*(?:import\b|from\s+\S+\s+import\b|#include\b|use\s+[\w:]+|using\s+[\w.]+;|package\s+\w|require\b|(?:const|let|var)\s+.*=\s*require\()/

function imports(lines: readonly string[]): number[] {
  return lines.slice(0, 60).flatMap((text, at) => (importLine.test(text) ? [at] : []))
}

function around(hunk: Hunk, reach: number): number[] {
  const before = Array.from({ length: reach }, (_, step) => hunk.newStart - 2 - step)
  const after = Array.from({ length: reach }, (_, step) => hunk.newStart + hunk.newLines - 1 + step)
  return before.flatMap((line, step) => [line, after[step] ?? line])
}

/** How many lines on each side of a hunk are worth showing. */
const reach = 12

/**
 * Lines of the head's files around the hunks, most telling first: what encloses a hunk, imports, neighbours. At
 * most `maxTokens` (estimated) together; empty when contents are unknown. Lines of the diff are not repeated.
 */
export function renderContext(
  pieces: readonly Piece[],
  contents: ReadonlyMap<string, string>,
  maxTokens: number,
): string {
  let left = maxTokens
  const parts: string[] = []
  for (const [index, { file, hunks }] of pieces.entries()) {
    const text = contents.get(file.path)
    if (text === undefined || file.status === 'added') continue
    const lines = text.split('\n')
    const inDiff = new Set(hunks.flatMap(hunk => hunk.lines.map(line => (line.newLine ?? 0) - 1)))
    const wanted = new Set([
      ...hunks.flatMap(hunk => enclosing(lines, hunk)),
      ...imports(lines),
      ...hunks.flatMap(hunk => around(hunk, reach)),
    ])
    const head = `file ${renderPath(file.path)}`
    // What is left is shared evenly, so that the first file does not eat it all.
    let room = Math.floor(left / (pieces.length - index)) - estimateTokens(head) - 1
    const taken: { at: number; text: string }[] = []
    for (const at of wanted) {
      const line = lines[at]
      if (line === undefined || line.trim() === '' || inDiff.has(at)) continue
      const shown = `${at + 1} ${showInvisible(line.replace(/\r$/, ''))}`
      const cost = shown.length > 400 ? Infinity : estimateTokens(shown) + 1
      if (cost > room) continue
      room -= cost
      taken.push({ at, text: shown })
    }
    if (taken.length === 0) continue
    const part = [head, ...taken.toSorted((a, b) => a.at - b.at).map(line => line.text)].join('\n')
    left -= estimateTokens(part) + 1
    parts.push(part)
  }
  return parts.join('\n')
}
