import type { FileChange, Hunk } from './diff.ts'
import type { FileCoverage, SkipReason } from './receipt.ts'

/** What became of each reviewable file. `seen` holds hunks that some step looked at to its end. */
export function coverFiles(
  files: readonly FileChange[],
  seen: ReadonlySet<Hunk>,
  asked: {
    /** Hunks that no model was asked about, for want of tokens or money. */
    unaffordable: ReadonlySet<Hunk>
    /** Paths of steps that failed, are late or were skipped. */
    lost: ReadonlySet<string>
    contents: ReadonlyMap<string, string>
  },
): FileCoverage[] {
  return files.map(file => {
    const hunksSeen = file.hunks.filter(hunk => seen.has(hunk)).length
    const hunks = file.hunks.length
    if (hunksSeen === hunks && file.damaged === undefined)
      return { path: file.path, coverage: 'seen', hunks, hunksSeen }
    const coverage = hunksSeen > 0 ? 'partly' : 'skipped'
    return { path: file.path, coverage, hunks, hunksSeen, reason: missing(file, asked, hunksSeen === hunks) }
  })
}

function missing(file: FileChange, asked: Parameters<typeof coverFiles>[2], allSeen: boolean): SkipReason {
  if (file.damaged !== undefined && allSeen) return 'patch-damaged'
  if (file.hunks.some(hunk => asked.unaffordable.has(hunk))) return 'over-token-budget'
  if (asked.lost.has(file.path)) return 'step-failed'
  return asked.contents.has(file.path) ? 'unsupported-by-analysers' : 'contents-unreadable'
}
