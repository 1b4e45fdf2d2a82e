import type { FileChange, Hunk } from './diff.ts'
import type { FileCoverage, SkipReason } from './receipt.ts'

/** What a receipt tells about a file's change. */
export function changeOf(file: FileChange): FileCoverage['change'] {
  return { status: file.status, additions: file.additions, deletions: file.deletions }
}

/** What became of each reviewable file. `seen` holds hunks that some step looked at to its end. */
export function coverFiles(
  files: readonly FileChange[],
  seen: ReadonlySet<Hunk>,
  asked: {
    /** Hunks that no model was asked about, for want of tokens or money: not seen, whatever an analyser saw. */
    unaffordable: ReadonlySet<Hunk>
    /** Paths of steps that failed, are late or were skipped. */
    lost: ReadonlySet<string>
    contents: ReadonlyMap<string, string>
    /** Paths that the models were not asked about again. */
    unchanged: ReadonlySet<string>
  },
): FileCoverage[] {
  return files.map(file => {
    const hunksSeen = file.hunks.filter(hunk => seen.has(hunk) && !asked.unaffordable.has(hunk)).length
    const hunks = file.hunks.length
    const about = { path: file.path, change: changeOf(file), hunks, hunksSeen }
    if (hunksSeen === hunks && file.damaged === undefined)
      return { ...about, coverage: 'seen', ...(asked.unchanged.has(file.path) && { reason: 'unchanged' }) }
    const coverage = hunksSeen > 0 ? 'partly' : 'skipped'
    return { ...about, coverage, reason: missing(file, asked, hunksSeen === hunks) }
  })
}

function missing(file: FileChange, asked: Parameters<typeof coverFiles>[2], allSeen: boolean): SkipReason {
  if (file.damaged !== undefined && allSeen) return 'patch-damaged'
  if (file.hunks.some(hunk => asked.unaffordable.has(hunk))) return 'over-token-budget'
  if (asked.lost.has(file.path)) return 'step-failed'
  return asked.contents.has(file.path) ? 'unsupported-by-analysers' : 'contents-unreadable'
}
