import { standing, type Signal } from './feedback.ts'
import { linePrint, positions, printsOf, type Lines } from './prints.ts'
import type { FileChange } from './review/diff.ts'
import type { Finding } from './review/finding.ts'
import { changedLineDigests, type EarlierRounds } from './review/rounds.ts'

/** A head that was just looked at. */
export interface NewHead {
  files: readonly FileChange[]
  contents: ReadonlyMap<string, string>
  /** Paths that this round saw completely, and paths that the pull request removes. */
  seen: ReadonlySet<string>
  /** Fingerprints of everything this round found, also of what it did not post. */
  found: ReadonlySet<string>
  /** What the round before this one saw. */
  before: Pick<EarlierRounds, 'seen'>
}

/** Something that was said about lines: a finding in its comment, or a person's own comment. */
export interface Remark {
  commentId: number
  fingerprint: string | null
  place: Lines
  prints: readonly string[]
  suggestion?: string | undefined
}

export interface PushSignal {
  remark: Remark
  kind: 'line-changed' | 'suggestion-applied'
  removed: boolean
}

export function remarkOfFinding(commentId: number, finding: Finding): Remark {
  const { fingerprint, path, side, startLine, line, quote, suggestion } = finding
  return {
    commentId,
    fingerprint,
    place: { path, side, startLine, line },
    prints: printsOf(quote),
    suggestion,
  }
}

/**
 * What a new head did to lines that something was said about, where it is not recorded yet, and what it undid.
 * Cautious: a file that was not looked at, or whose contents are unknown, says nothing.
 */
export function pushSignals(
  head: NewHead,
  remarks: readonly Remark[],
  recorded: readonly Signal[],
): PushSignal[] {
  const stands = standing(recorded)
  return remarks.flatMap(remark => {
    const has = (kind: PushSignal['kind']): boolean =>
      stands.some(signal => signal.kind === kind && signal.commentId === remark.commentId)
    return [
      ...turn(remark, 'line-changed', has('line-changed'), changed(head, remark)),
      ...turn(
        remark,
        'suggestion-applied',
        has('suggestion-applied'),
        applied(head, remark, has('suggestion-applied')),
      ),
    ]
  })
}

function turn(remark: Remark, kind: PushSignal['kind'], was: boolean, is: boolean | null): PushSignal[] {
  return is === null || is === was ? [] : [{ remark, kind, removed: was }]
}

function changed(head: NewHead, remark: Remark): boolean | null {
  if (remark.fingerprint !== null) {
    if (head.found.has(remark.fingerprint)) return false
    const file = fileOf(head, remark)
    if (!file || !head.seen.has(file.path)) return null
  }
  const lines = linesOnSide(head, remark)
  return lines === null ? null : positions(lines, remark.prints).length === 0
}

/** Applied: word for word in the diff, with at least one line that is new since the last round. */
function applied(head: NewHead, { place, suggestion }: Remark, before: boolean): boolean | null {
  if (suggestion === undefined || suggestion.trim() === '' || place.side !== 'RIGHT') return null
  const file = fileOf(head, { place })
  if (!file) return null
  const wanted = printsOf(suggestion.replace(/\r?\n$/, ''))
  if (before) {
    const text = head.contents.get(file.path)
    return text === undefined ? null : positions(printsOf(text), wanted).length > 0
  }
  const fresh = new Set(
    changedLineDigests(file)
      .filter(({ side, digest }) => side === 'RIGHT' && !head.before.seen(file.path, digest))
      .map(({ line }) => line),
  )
  return file.hunks.some(hunk => {
    const right = hunk.lines.filter(line => line.newLine !== undefined)
    return positions(
      right.map(line => linePrint(line.text)),
      wanted,
    ).some(at => right.slice(at, at + wanted.length).some(line => fresh.has(line.newLine ?? 0)))
  })
}

function fileOf(head: NewHead, { place }: Pick<Remark, 'place'>): FileChange | undefined {
  return head.files.find(file => file.path === place.path || file.previousPath === place.path)
}

/** Digests of all lines of that side that can be known; null: nothing is known. */
function linesOnSide(head: NewHead, { place }: Pick<Remark, 'place'>): string[] | null {
  const file = fileOf(head, { place })
  if (!file) return null
  if (place.side === 'LEFT')
    return file.hunks.flatMap(hunk =>
      hunk.lines.filter(line => line.oldLine !== undefined).map(line => linePrint(line.text)),
    )
  if (file.status === 'removed') return []
  const text = head.contents.get(file.path)
  return text === undefined ? null : printsOf(text)
}
