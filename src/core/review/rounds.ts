import { sha256 } from '../ids.ts'
import { normaliseLine } from './anchor.ts'
import type { DiffLine, FileChange, Side } from './diff.ts'
import type { Finding, Severity } from './finding.ts'
import { quoteDigest } from './fingerprint.ts'
import { isBlocking, type LeftOutReason } from './receipt.ts'

/** What earlier rounds on this pull request left behind. */
export interface EarlierRounds {
  count: number
  /** Fingerprints already posted. */
  posted: ReadonlySet<string>
  /** Of those, the ones whose thread is resolved: somebody dealt with them, whatever is found again. */
  settled: ReadonlySet<string>
  /** The last round was by the release of this one: its models need not read again what they have read. */
  sameRelease: boolean
  /** True when an earlier round saw a changed line of this digest (see changedLineDigests) in this path. */
  seen(path: string, digest: string): boolean
}

/** EarlierRounds from what was stored; a first round is `earlierRounds({count: 0, posted: [], lineDigests: {}})`. */
export function earlierRounds(stored: {
  count: number
  posted: readonly { fingerprint: string }[]
  settled?: readonly string[]
  sameRelease?: boolean
  lineDigests: Readonly<Record<string, readonly string[]>>
}): EarlierRounds {
  const seen = new Map(Object.entries(stored.lineDigests).map(([path, digests]) => [path, new Set(digests)]))
  return {
    count: stored.count,
    posted: new Set(stored.posted.map(posted => posted.fingerprint)),
    settled: new Set(stored.settled),
    sameRelease: stored.sameRelease ?? false,
    seen: (path, digest) => seen.get(path)?.has(digest) ?? false,
  }
}

function digestOf(line: DiffLine, before: DiffLine | undefined): string {
  const neighbour = before ? normaliseLine(before.text) : ''
  return sha256(JSON.stringify([line.kind, normaliseLine(line.text), neighbour])).slice(0, 16)
}

/**
 * Per changed line its number, side and a digest of its text and of the line before it on that side (in the same
 * hunk): a line is new code again when it or its neighbour changes, not when it only moves.
 */
export function changedLineDigests(
  file: Pick<FileChange, 'hunks'>,
): { side: Side; line: number; digest: string }[] {
  return file.hunks.flatMap(hunk => {
    const last: Partial<Record<Side, DiffLine>> = {}
    return hunk.lines.flatMap(line => {
      const side: Side = line.kind === 'removed' ? 'LEFT' : 'RIGHT'
      const number = side === 'LEFT' ? line.oldLine : line.newLine
      const digest = digestOf(line, last[side])
      if (line.oldLine !== undefined) last.LEFT = line
      if (line.newLine !== undefined) last.RIGHT = line
      return line.kind === 'context' || number === undefined ? [] : [{ side, line: number, digest }]
    })
  })
}

/** The digests a review stores for the files it saw, by path. */
export function lineDigests(files: readonly FileChange[]): Record<string, string[]> {
  return Object.fromEntries(
    files.map(file => [file.path, [...new Set(changedLineDigests(file).map(({ digest }) => digest))]]),
  )
}

function onUnchangedCode(file: FileChange, finding: Finding, rounds: EarlierRounds): boolean {
  const paths = file.previousPath === undefined ? [file.path] : [file.path, file.previousPath]
  return !changedLineDigests(file).some(
    ({ side, line, digest }) =>
      side === finding.side &&
      line >= finding.startLine &&
      line <= finding.line &&
      !paths.some(path => rounds.seen(path, digest)),
  )
}

/** Whether the models of the last round read every changed line of this file, and none is new since. */
export function isUnchanged(file: FileChange, rounds: EarlierRounds): boolean {
  if (rounds.count === 0 || !rounds.sameRelease) return false
  const paths = file.previousPath === undefined ? [file.path] : [file.path, file.previousPath]
  const digests = changedLineDigests(file)
  return digests.length > 0 && digests.every(({ digest }) => paths.some(path => rounds.seen(path, digest)))
}

/**
 * Blocking findings of earlier rounds whose thread is open although nobody found them again: they stand until a
 * push fixes them or somebody resolves the thread.
 */
export function stillOpen(
  threads: readonly { id: string; resolved: boolean; body: string }[],
  now: {
    posted: readonly { fingerprint: string; severity: Severity }[]
    /** Ids of the threads that this push fixed. */
    fixed: readonly string[]
    found: ReadonlySet<string>
  },
): string[] {
  const blocking = new Set(
    now.posted.filter(posted => isBlocking(posted.severity)).map(posted => posted.fingerprint),
  )
  return threads.flatMap(thread => {
    const fingerprint = readFindingMarker(thread.body)?.fingerprint
    if (fingerprint === undefined || thread.resolved || now.fixed.includes(thread.id)) return []
    return blocking.has(fingerprint) && !now.found.has(fingerprint) ? [fingerprint] : []
  })
}

/** Why a later round does not raise this finding (again), or null when it does. */
export function repeatReason(
  file: FileChange,
  finding: Finding,
  rounds: EarlierRounds,
): LeftOutReason | null {
  if (rounds.posted.has(finding.fingerprint)) return 'already-posted'
  if (rounds.count === 0 || isBlocking(finding.severity)) return null
  return onUnchangedCode(file, finding, rounds) ? 'unchanged-code' : null
}

/** Hidden in each inline comment: ties a thread to its finding when everything else has moved. */
export function findingMarker(finding: Pick<Finding, 'fingerprint' | 'side' | 'quote'>): string {
  const lines = finding.quote.split('\n').length
  return `<!-- cupel:finding:${finding.fingerprint}:${finding.side}:${lines}:${quoteDigest(finding.quote)} -->`
}

const marker = /<!-- cupel:finding:([0-9a-f]{32}):(LEFT|RIGHT):(\d{1,6}):([0-9a-f]{16}) -->/g

/** The finding a comment of ours carries, or null. Ours is the last: what a model wrote stands before it. */
export function readFindingMarker(
  body: string,
): { fingerprint: string; side: Side; lines: number; digest: string } | null {
  const found = [...body.matchAll(marker)].at(-1)
  if (!found?.[1] || !found[3] || !found[4]) return null
  return {
    fingerprint: found[1],
    side: found[2] === 'LEFT' ? 'LEFT' : 'RIGHT',
    lines: Number(found[3]),
    digest: found[4],
  }
}

/**
 * Ids of own open threads that a push fixed: the finding is not found any more, and the quoted lines are gone from
 * the head (RIGHT) or are no longer removed (LEFT). Cautious: a file that was not looked at in this round, or whose
 * contents are unknown, resolves nothing.
 */
export function fixedThreads(
  threads: readonly { id: string; resolved: boolean; path: string; body: string }[],
  now: {
    files: readonly FileChange[]
    contents: ReadonlyMap<string, string>
    /** Paths that this round saw completely, and paths that the pull request removes. */
    seen: ReadonlySet<string>
    /** Fingerprints of everything this round found, also of what it did not post. */
    found: ReadonlySet<string>
  },
): string[] {
  return threads.flatMap(thread => {
    const about = readFindingMarker(thread.body)
    if (thread.resolved || !about || now.found.has(about.fingerprint)) return []
    const file = now.files.find(each => each.path === thread.path || each.previousPath === thread.path)
    if (!file || !now.seen.has(file.path)) return []
    const texts = about.side === 'LEFT' ? [linesOf(file, 'LEFT')] : rightTexts(file, now.contents)
    if (texts === null) return []
    return texts.some(text => holds(text, about.lines, about.digest)) ? [] : [thread.id]
  })
}

function rightTexts(file: FileChange, contents: ReadonlyMap<string, string>): string[][] | null {
  if (file.status === 'removed') return []
  const text = contents.get(file.path)
  return text === undefined ? null : [text.split('\n')]
}

function linesOf(file: FileChange, side: Side): string[] {
  return file.hunks.flatMap(hunk =>
    hunk.lines
      .filter(line => (side === 'LEFT' ? line.oldLine : line.newLine) !== undefined)
      .map(line => line.text),
  )
}

function holds(lines: readonly string[], count: number, digest: string): boolean {
  for (let at = 0; at + count <= lines.length; at++) {
    if (quoteDigest(lines.slice(at, at + count).join('\n')) === digest) return true
  }
  return false
}
