import type { FileChange, Hunk } from './diff.ts'
import { parsePatch } from './patch.ts'

/** A changed file in the words of GitHub's list of pull request files. */
export interface ListedFields {
  path: string
  previousPath?: string
  /** added, removed, modified, renamed, copied, changed or unchanged; anything else counts as modified. */
  status: string
  additions: number
  deletions: number
  changes: number
  /** Missing for binary files, for files too large, and where no line changed. */
  patch?: string
  blobSha?: string | null
}

// The ids git gives to a blob without bytes, with SHA-1 and with SHA-256.
const emptyBlobs = new Set([
  'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
  '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813',
])

/** Never throws; what the listing contradicts itself about is `damaged`. */
export function listedChange(file: ListedFields): FileChange {
  const base = {
    path: file.path,
    ...(file.previousPath === undefined ? {} : { previousPath: file.previousPath }),
    additions: file.additions,
    deletions: file.deletions,
  }
  if (file.patch === undefined || file.patch === '') {
    return { ...base, status: status(file), omitted: omission(file), hunks: [] }
  }
  const { hunks, damaged } = parsePatch(file.patch)
  if (damaged === undefined && isSubmodule(hunks)) {
    return { ...base, status: status(file), omitted: 'submodule', hunks: [] }
  }
  const reason = damaged ?? shortfall(file, hunks)
  return {
    ...base,
    status: status(file),
    omitted: 'none',
    ...(reason === undefined ? {} : { damaged: reason }),
    hunks,
  }
}

function status(file: ListedFields): FileChange['status'] {
  switch (file.status) {
    case 'added':
    case 'removed':
    case 'renamed':
    case 'copied':
    case 'unchanged':
      return file.status
    case 'changed':
      return file.changes === 0 && !file.patch ? 'mode-only' : 'modified'
    default:
      return 'modified'
  }
}

/** Without a patch: lines that changed were too many to show; no lines changed means content is not lines. */
function omission(file: ListedFields): FileChange['omitted'] {
  if (file.changes > 0 || file.additions > 0 || file.deletions > 0) return 'too-large'
  switch (status(file)) {
    case 'unchanged':
    case 'mode-only':
      return 'none'
    // A pure rename looks the same as a rename of a changed binary file; the pure one is by far the more usual.
    case 'renamed':
    case 'copied':
      return 'none'
    case 'added':
    case 'removed':
    case 'modified':
      return file.blobSha && emptyBlobs.has(file.blobSha) ? 'empty' : 'binary'
  }
}

function isSubmodule(hunks: readonly Hunk[]): boolean {
  const lines = hunks.flatMap(hunk => hunk.lines)
  return (
    lines.length > 0 &&
    lines.length <= 2 &&
    lines.every(line => line.kind !== 'context' && /^Subproject commit [0-9a-f]{40,64}$/.test(line.text))
  )
}

function shortfall(file: ListedFields, hunks: readonly Hunk[]): string | undefined {
  const lines = hunks.flatMap(hunk => hunk.lines)
  const additions = lines.filter(line => line.kind === 'added').length
  const deletions = lines.filter(line => line.kind === 'removed').length
  if (additions === file.additions && deletions === file.deletions) return undefined
  return `the patch shows +${additions} -${deletions} of +${file.additions} -${file.deletions} lines`
}
