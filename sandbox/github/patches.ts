import { git, gitText } from './git.ts'
import type { Side } from './state.ts'

export interface ChangedFile {
  path: string
  previousPath: string | null
  status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  additions: number
  deletions: number
  /** Of the head; of the base for a removed file. */
  blobSha: string
  /** Absent for binary, mode-only and large files, as GitHub leaves it out. */
  patch?: string
}

export interface Anchor {
  hunk: number
  /** GitHub's old way to name a line: how many lines below the first @@. */
  position: number
  /** Index of the line in the patch. */
  index: number
}

export interface Comparison {
  files: ChangedFile[]
  /** The whole of `git diff`, which the diff media type answers. */
  diff: Buffer
  anchors: (path: string) => Map<string, Anchor> | null
}

/** GitHub's limits for one file's diff. */
const MAX_PATCH_LINES = 20_000
const MAX_PATCH_BYTES = 500_000

const STATUS: Record<string, ChangedFile['status']> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

const FLAGS = [
  '-M',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--full-index',
  '--src-prefix=a/',
  '--dst-prefix=b/',
]

interface RawEntry {
  status: string
  oldSha: string
  newSha: string
  oldMode: string
  newMode: string
  paths: string[]
}

const parseRaw = (text: string): RawEntry[] => {
  const parts = text.split('\0')
  const entries: RawEntry[] = []
  for (let at = 0; at < parts.length - 1;) {
    const [oldMode = '', newMode = '', oldSha = '', newSha = '', status = ''] = (parts[at++] ?? '')
      .slice(1)
      .split(' ')
    const count = /^[RC]/.test(status) ? 2 : 1
    entries.push({
      status: status[0] ?? '',
      oldMode,
      newMode,
      oldSha,
      newSha,
      paths: parts.slice(at, at + count),
    })
    at += count
  }
  return entries
}

// Not by a multi-line regular expression: its ^ also matches behind a lone carriage return inside a line.
const sectionsOf = (diff: string): string[] => `\n${diff}`.split('\ndiff --git ').slice(1)

const patchOf = (section: string): string | undefined => {
  const start = section.search(/^@@ /m)
  if (start < 0) return undefined
  const patch = section.slice(start).replace(/\n$/, '')
  if (patch.length > MAX_PATCH_BYTES || patch.split('\n').length > MAX_PATCH_LINES) return undefined
  return patch
}

const counts = (section: string): { additions: number; deletions: number } => {
  const start = section.search(/^@@ /m)
  const lines = start < 0 ? [] : section.slice(start).split('\n')
  return {
    additions: lines.filter(line => line.startsWith('+')).length,
    deletions: lines.filter(line => line.startsWith('-')).length,
  }
}

/** What changed from `base` to `head` (both commits), as GitHub lists it. */
export const compareTrees = async (dir: string, base: string, head: string): Promise<Comparison> => {
  const [raw, diff] = await Promise.all([
    git(dir, ['diff', '--raw', '-z', '--abbrev=40', '-M', base, head]),
    git(dir, ['diff', ...FLAGS, base, head]),
  ])
  const sections = sectionsOf(diff.toString())
  const files: ChangedFile[] = []
  for (const entry of parseRaw(raw.toString())) {
    // git writes a change of type (file to symbolic link) as two sections: a removal and an addition.
    const section = sections.shift() ?? ''
    if (entry.status === 'T') sections.shift()
    const path = entry.paths.at(-1) ?? ''
    const modeOnly = entry.status === 'M' && entry.oldSha === entry.newSha
    const patch = entry.status === 'T' ? undefined : patchOf(section)
    files.push({
      path,
      previousPath: entry.paths.length === 2 ? (entry.paths[0] ?? null) : null,
      status: modeOnly ? 'changed' : (STATUS[entry.status] ?? 'modified'),
      ...counts(section),
      blobSha: entry.status === 'D' ? entry.oldSha : entry.newSha,
      ...(patch === undefined ? {} : { patch }),
    })
  }
  const cache = new Map<string, Map<string, Anchor> | null>()
  const anchors = (path: string): Map<string, Anchor> | null => {
    const known = cache.get(path)
    if (known !== undefined) return known
    const file = files.find(one => one.path === path)
    const found = file === undefined ? null : anchorsOf(file.patch ?? '')
    cache.set(path, found)
    return found
  }
  return { files, diff, anchors }
}

export const anchorKey = (side: Side, line: number): string => `${side}:${line}`

/** Every line a comment can stand on: RIGHT added and unchanged, LEFT removed and unchanged. */
const anchorsOf = (patch: string): Map<string, Anchor> => {
  const anchors = new Map<string, Anchor>()
  let hunk = -1
  let left = 0
  let right = 0
  for (const [index, line] of patch.split('\n').entries()) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line)
    if (header !== null) {
      hunk += 1
      left = Number(header[1])
      right = Number(header[2])
      continue
    }
    const anchor = { hunk, position: index, index }
    if (line.startsWith('\\')) continue
    if (!line.startsWith('+')) anchors.set(anchorKey('LEFT', left++), anchor)
    if (!line.startsWith('-')) anchors.set(anchorKey('RIGHT', right++), anchor)
  }
  return anchors
}

/** The part of the patch that GitHub quotes above a comment: its hunk, up to the commented line. */
export const hunkUpTo = (patch: string, anchor: Anchor): string => {
  const lines = patch.split('\n').slice(0, anchor.index + 1)
  const start = lines.findLastIndex(line => line.startsWith('@@ '))
  return lines.slice(Math.max(start, 0)).join('\n')
}

/** Where a line of `path` went between two commits; null when it was changed or removed. */
export const lineMap = async (
  dir: string,
  from: string,
  to: string,
  path: string,
): Promise<(line: number) => number | null> => {
  if (from === to) return line => line
  const diff = await gitText(dir, [
    'diff',
    '-U0',
    '--no-color',
    '--no-ext-diff',
    '--no-renames',
    from,
    to,
    '--',
    `:(literal)${path}`,
  ])
  const hunks = [...diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)].map(match => ({
    start: Number(match[1]),
    removed: Number(match[2] ?? 1),
    added: Number(match[4] ?? 1),
  }))
  return line => {
    let moved = line
    for (const { start, removed, added } of hunks) {
      if (removed > 0 && line >= start && line < start + removed) return null
      // Nothing removed: the new lines stand after line `start`.
      if (line > (removed > 0 ? start + removed - 1 : start)) moved += added - removed
    }
    return moved
  }
}
