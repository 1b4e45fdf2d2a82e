/**
 * A bundle holds several files as text, so that no linter, compiler or secret scanner takes a
 * sample for code of this project:
 *
 *     === path            then the contents; `(deleted)` or `(mode 100755)` may follow the path
 *     code ⟦rule|kind⟧     a planted defect on that line; `?` as the rule: no rule claims it
 *     ⟪gh|p_…⟫            pieces that are put together (fake credentials)
 *     ⟪binary:n⟫          as the only line: a few bytes that are no text
 */
export interface SampleFile {
  path: string
  /** null: deleted. */
  contents: string | Uint8Array | null
  mode?: string
  planted: { line: number; claimedBy: string | null; kind: string }[]
}

const heading = /^=== (\S+)(?: \((deleted|mode (\d+))\))?$/
const plantedMark = / ⟦([^|⟧]+)\|([^⟧]+)⟧$/

/** The files of a bundle and the text before the first of them. */
export function parseBundle(text: string): { preamble: string; files: SampleFile[] } {
  const preamble: string[] = []
  const files: { file: SampleFile; lines: string[] }[] = []
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const start = heading.exec(line)
    const open = files.at(-1)
    if (start !== null) {
      const [, path = '', what, mode] = start
      files.push({ file: { path, contents: what === 'deleted' ? null : '', mode, planted: [] }, lines: [] })
    } else if (open === undefined) preamble.push(line)
    else {
      const mark = plantedMark.exec(line)
      open.lines.push(joined(mark === null ? line : line.slice(0, mark.index)))
      if (mark === null) continue
      const claimedBy = mark[1] === '?' ? null : (mark[1] ?? null)
      open.file.planted.push({ line: open.lines.length, claimedBy, kind: mark[2] ?? '' })
    }
  }
  return { preamble: preamble.join('\n'), files: files.map(({ file, lines }) => withContents(file, lines)) }
}

function joined(line: string): string {
  return line.replace(/⟪(?!binary)([^⟫]+)⟫/g, (_mark, pieces: string) => pieces.split('|').join(''))
}

function withContents(file: SampleFile, lines: readonly string[]): SampleFile {
  if (file.contents === null) return file
  const binary = /^⟪binary:(\d+)⟫$/.exec(lines[0] ?? '')
  if (binary !== null) return { ...file, contents: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0xff, Number(binary[1]), 0) }
  return { ...file, contents: lines.length === 0 ? '' : `${lines.join('\n')}\n` }
}
