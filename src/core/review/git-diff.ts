import type { FileChange } from './diff.ts'
import { readHeaderNames, readName, withoutPrefixes } from './git-diff-names.ts'
import { readHunks, splitLines } from './patch.ts'

/**
 * git's own output (`git diff`, `git show`, `git log -p`, a mailed patch) or another tool's unified diff, one
 * entry per file in the order met. Text that belongs to no file is passed over. Never throws: what is damaged
 * says so, with the hunks read until there. Bytes that are not UTF-8 become U+FFFD.
 */
export function parseGitDiff(input: string | Uint8Array): FileChange[] {
  // ignoreBOM keeps a byte order mark in the text instead of dropping it.
  const text = typeof input === 'string' ? input : new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)
  const lines = splitLines(text)
  const files: FileChange[] = []
  const unmerged: FileChange[] = []
  let at = 0
  let previousEnd = -1
  while (at < lines.length) {
    const line = lines[at]!
    if (line.startsWith('* Unmerged path ')) {
      unmerged.push(
        damagedFile(readName(line.slice('* Unmerged path '.length)), 'a path with an unresolved merge'),
      )
      at++
      continue
    }
    const read = readFileAt(lines, at)
    if (!read) {
      at++
      continue
    }
    const typeChange = previousEnd === at ? joined(files.at(-1), read.file) : undefined
    if (typeChange) files[files.length - 1] = typeChange
    else files.push(read.file)
    at = read.next
    previousEnd = at
  }
  const known = new Set(files.map(file => file.path))
  return [...files, ...unmerged.filter(file => !known.has(file.path))]
}

function readFileAt(lines: readonly string[], at: number): { file: FileChange; next: number } | undefined {
  const line = lines[at]!
  if (line.startsWith('diff --git ')) return readGitFile(lines, at)
  for (const start of ['diff --cc ', 'diff --combined ']) {
    if (line.startsWith(start)) return readCombined(lines, at, readName(line.slice(start.length)))
  }
  if (isPlainHeader(lines, at)) return readPlainFile(lines, at)
  return undefined
}

interface Headers {
  oldMode?: string
  newMode?: string
  added: boolean
  removed: boolean
  renameFrom?: string
  renameTo?: string
  copyFrom?: string
  copyTo?: string
  /** The names of the `---` and `+++` lines, as written. */
  minus?: string
  plus?: string
  binary: boolean
}

function readGitFile(lines: readonly string[], start: number): { file: FileChange; next: number } {
  const headers: Headers = { added: false, removed: false, binary: false }
  let at = start + 1
  while (at < lines.length && readExtendedHeader(lines[at]!, headers)) at++
  if (headers.binary) {
    // Nothing in a binary patch can look like a header: its alphabet has no blank.
    if (lines[at - 1] === 'GIT binary patch') {
      while (at < lines.length && !lines[at]!.startsWith('diff --')) at++
    }
    return { file: fileOf(lines[start]!, headers, { hunks: [], next: at }), next: at }
  }
  if (lines[at]?.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ')) {
    headers.minus = readName(lines[at]!.slice(4))
    headers.plus = readName(lines[at + 1]!.slice(4))
    at += 2
  } else if (lines[at]?.startsWith('--- ') && at + 1 >= lines.length) {
    at++
    return {
      file: fileOf(lines[start]!, headers, {
        hunks: [],
        next: at,
        damaged: 'the patch ends inside a header',
      }),
      next: at,
    }
  }
  const body = readHunks(lines, at)
  let next = body.next
  if (body.damaged !== undefined) {
    while (next < lines.length && !lines[next]!.startsWith('diff --')) next++
  } else if (headers.plus !== undefined && body.hunks.length === 0) {
    body.damaged = 'the file has a header and no hunk'
  }
  return { file: fileOf(lines[start]!, headers, body), next }
}

function readExtendedHeader(line: string, headers: Headers): boolean {
  const field = (name: string): string | undefined =>
    line.startsWith(`${name} `) ? line.slice(name.length + 1) : undefined
  const oldMode = field('old mode')
  const newMode = field('new mode')
  const deletedMode = field('deleted file mode')
  const addedMode = field('new file mode')
  const indexMode = /^index [0-9a-f]+\.\.[0-9a-f]+(?: (\d+))?\r?$/.exec(line)
  if (oldMode !== undefined) headers.oldMode = oldMode.trim()
  else if (newMode !== undefined) headers.newMode = newMode.trim()
  else if (deletedMode !== undefined) Object.assign(headers, { oldMode: deletedMode.trim(), removed: true })
  else if (addedMode !== undefined) Object.assign(headers, { newMode: addedMode.trim(), added: true })
  else if (indexMode) {
    if (indexMode[1] !== undefined) Object.assign(headers, { oldMode: indexMode[1], newMode: indexMode[1] })
  } else if (field('rename from') !== undefined) headers.renameFrom = readName(field('rename from')!)
  else if (field('rename to') !== undefined) headers.renameTo = readName(field('rename to')!)
  else if (field('copy from') !== undefined) headers.copyFrom = readName(field('copy from')!)
  else if (field('copy to') !== undefined) headers.copyTo = readName(field('copy to')!)
  else if (line === 'GIT binary patch' || /^Binary files [^]* differ\r?$/.test(line)) headers.binary = true
  else return field('similarity index') !== undefined || field('dissimilarity index') !== undefined
  return true
}

function fileOf(header: string, headers: Headers, body: ReturnType<typeof readHunks>): FileChange {
  const names = namesOf(header, headers)
  const lines = body.hunks.flatMap(hunk => hunk.lines)
  const status = statusOf(headers, body.hunks.length > 0 || body.damaged !== undefined)
  const omitted = omissionOf(headers, status, lines.length)
  const path = status === 'removed' ? names.old : names.new
  const named = path === '' ? 'the file has no readable name' : undefined
  const damaged = body.damaged ?? named
  return {
    path,
    ...(status === 'renamed' || status === 'copied' ? { previousPath: names.old } : {}),
    status,
    omitted,
    ...(damaged === undefined ? {} : { damaged }),
    additions: lines.filter(line => line.kind === 'added').length,
    deletions: lines.filter(line => line.kind === 'removed').length,
    hunks: omitted === 'none' ? body.hunks : [],
  }
}

function namesOf(header: string, headers: Headers): { old: string; new: string } {
  const from = headers.renameFrom ?? headers.copyFrom
  const to = headers.renameTo ?? headers.copyTo
  if (from !== undefined && to !== undefined) return { old: from, new: to }
  const { minus, plus } = headers
  if (minus !== undefined && plus !== undefined && minus !== '/dev/null' && plus !== '/dev/null') {
    return withoutPrefixes(minus, plus)
  }
  const names = readHeaderNames(header.slice('diff --git '.length))
  if (names) return names
  const only = (plus === '/dev/null' ? minus : plus)?.replace(/^[a-z12]\//, '') ?? ''
  return { old: only, new: only }
}

function statusOf(headers: Headers, contentChanged: boolean): FileChange['status'] {
  if (headers.renameTo !== undefined) return 'renamed'
  if (headers.copyTo !== undefined) return 'copied'
  if (headers.added) return 'added'
  if (headers.removed) return 'removed'
  const modeChanged = headers.oldMode !== headers.newMode
  return modeChanged && !contentChanged && !headers.binary ? 'mode-only' : 'modified'
}

const gitlink = '160000'
const symlink = '120000'

function omissionOf(headers: Headers, status: FileChange['status'], lines: number): FileChange['omitted'] {
  const mode = headers.newMode ?? headers.oldMode
  if (mode === gitlink) return 'submodule'
  if (mode === symlink) return 'symlink'
  if (headers.binary) return 'binary'
  return lines === 0 && (status === 'added' || status === 'removed') ? 'empty' : 'none'
}

/**
 * git writes a change of type (file to symlink and the like) as a removal and an addition of one path. One path
 * is one change: the head's side decides what is shown, the counts are of both.
 */
function joined(before: FileChange | undefined, after: FileChange): FileChange | undefined {
  if (before?.status !== 'removed' || after.status !== 'added' || before.path !== after.path) return undefined
  return {
    ...after,
    status: 'modified',
    additions: before.additions + after.additions,
    deletions: before.deletions + after.deletions,
  }
}

function readCombined(
  lines: readonly string[],
  start: number,
  path: string,
): { file: FileChange; next: number } {
  let next = start + 1
  let status: FileChange['status'] = 'modified'
  // Every content line of a combined diff begins with one mark per parent, never with `diff`.
  while (next < lines.length && !/^(?:diff --|commit [0-9a-f]{40})/.test(lines[next]!)) {
    if (lines[next]!.startsWith('deleted file mode ')) status = 'removed'
    if (lines[next]!.startsWith('new file mode ')) status = 'added'
    next++
  }
  return { file: { ...damagedFile(path, 'a combined diff of a merge'), status }, next }
}

/** A unified diff without git's header line. Three lines are asked for, so that prose is not taken for one. */
function isPlainHeader(lines: readonly string[], at: number): boolean {
  return (
    lines[at]!.startsWith('--- ') &&
    lines[at + 1]?.startsWith('+++ ') === true &&
    lines[at + 2]?.startsWith('@@ -') === true
  )
}

function readPlainFile(lines: readonly string[], at: number): { file: FileChange; next: number } {
  const minus = readName(lines[at]!.slice(4))
  const plus = readName(lines[at + 1]!.slice(4))
  const headers: Headers = {
    added: minus === '/dev/null',
    removed: plus === '/dev/null',
    minus,
    plus,
    binary: false,
  }
  const body = readHunks(lines, at + 2)
  return { file: fileOf('', headers, body), next: body.next }
}

function damagedFile(path: string, damaged: string): FileChange {
  return { path, status: 'modified', omitted: 'none', damaged, additions: 0, deletions: 0, hunks: [] }
}
