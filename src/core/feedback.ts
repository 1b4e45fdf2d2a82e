import type { Permission } from './command.ts'
import type { Lines } from './prints.ts'

/** Whose signal it is: the pull request's author and collaborators with triage or more count, others do not. */
export type Standing = 'author' | 'collaborator' | 'outsider' | 'bot'

export interface FeedbackPlace extends Lines {
  /** The commit whose lines these are. */
  headSha: string
  /** Of the finding spoken of. */
  title?: string
  /** For a person's own comment: digests of the lines it stands under (prints.ts). */
  prints?: string[]
  /** For a person's own comment: a finding stood at that place before, so the comment tells nothing new. */
  covered?: boolean
}

export const signalKinds = [
  'reaction',
  'reply',
  'thread-resolved',
  'thread-unresolved',
  'suggestion-applied',
  'line-changed',
  'human-comment',
] as const
export type SignalKind = (typeof signalKinds)[number]

/** One human signal as it was seen. Taking it back is a signal of its own, `removed`. */
export interface Signal {
  /** Order of recording. */
  id: number
  /** What it was given on: a finding's comment, for a reply the reply itself, a person's own comment. */
  commentId: number
  /** The finding it speaks of; null for a person's own comment and what is given on that. */
  fingerprint: string | null
  kind: SignalKind
  authorId: number
  authorLogin: string
  standing: Standing
  /** Reaction, reason code or 'unreadable', commit, or the comment's text. */
  content: string
  place: FeedbackPlace | null
  removed: boolean
  givenAt: Date
}

export function standingOf(who: { isAuthor: boolean; bot: boolean }, permission: Permission): Standing {
  if (who.bot) return 'bot'
  if (who.isAuthor) return 'author'
  return permission === 'none' || permission === 'read' ? 'outsider' : 'collaborator'
}

export const reasonCodes = ['wrong', 'noise', 'not-here', 'already-known', 'useful'] as const
export type ReasonCode = (typeof reasonCodes)[number]

/**
 * The reason code that a reply begins with, in any case, `not here` for `not-here`; quoted lines before it and marks
 * around it are passed over. 'unreadable' for every other reply.
 */
export function readReply(text: string): ReasonCode | 'unreadable' {
  const line = text.split(/\r\n|\n|\r/).find(each => each.trim() !== '' && !/^ {0,3}>/.test(each)) ?? ''
  const words = /^[\s*_~`"'([/-]*(wrong|noise|not[- ]here|already[- ]known|useful)(?![\w-])/i.exec(line)
  const code = words?.[1]?.toLowerCase().replace(' ', '-')
  return reasonCodes.find(each => each === code) ?? 'unreadable'
}

/** What a person's own comment is by its words: only a request to mend something can be a missed issue. */
export function remarkOf(text: string): 'request' | 'question' | 'praise' | 'nit' {
  const said = text.trim()
  if (said.includes('```suggestion')) return 'request'
  if (/^\W*(?:nit|nitpick|nitpicking|minor|optional|typo|style)\b/i.test(said)) return 'nit'
  if (
    /^\W*(?:nice|great|good (?:catch|job|work|point)|lgtm|looks good|love|thanks|thank you|awesome|well done)\b/i.test(
      said,
    )
  )
    return 'praise'
  return /[\p{L}\p{N}]/u.test(said) ? (/\?\W*$/.test(said) ? 'question' : 'request') : 'praise'
}

const nearLines = 3

/** Whether a finding stands where a comment does, so that the comment may be its echo. */
export function isCovered(comment: Lines, findings: readonly Lines[]): boolean {
  return findings.some(
    finding =>
      finding.path === comment.path &&
      finding.side === comment.side &&
      finding.startLine - nearLines <= comment.line &&
      comment.startLine <= finding.line + nearLines,
  )
}

/** Of signals that can replace one another the last; where times are equal, in the order of recording. */
export function latest(signals: readonly Signal[]): Signal | undefined {
  return signals.reduce<Signal | undefined>(
    (last, signal) => (last === undefined || isLater(signal, last) ? signal : last),
    undefined,
  )
}

function isLater(a: Signal, b: Signal): boolean {
  const ms = a.givenAt.getTime() - b.givenAt.getTime()
  // What is taken back bears the time of what it takes back, and may be recorded first.
  if (ms === 0 && a.removed !== b.removed) return a.removed
  return ms > 0 || (ms === 0 && a.id > b.id)
}

/** Signals of one key are one signal at different times: given, changed, taken back. */
export function signalKey(signal: Pick<Signal, 'kind' | 'commentId' | 'authorId' | 'content'>): string {
  switch (signal.kind) {
    case 'reaction':
      return ['reaction', signal.commentId, signal.authorId, signal.content].join('/')
    // A thread has one state, whoever set it last.
    case 'thread-resolved':
    case 'thread-unresolved':
      return `thread/${signal.commentId}`
    default:
      return `${signal.kind}/${signal.commentId}`
  }
}

/** What stands now: of each key the last, unless it was taken back. */
export function standing(signals: readonly Signal[]): Signal[] {
  return [...Map.groupBy(signals, signalKey).values()].flatMap(same => {
    const last = latest(same)
    return last && !last.removed ? [last] : []
  })
}

type GivenReaction = Pick<Signal, 'commentId' | 'authorId' | 'content' | 'givenAt'>

/** What changed on these comments between what was recorded and what is there now. */
export function compareReactions<Seen extends GivenReaction>(
  recorded: readonly Signal[],
  seen: readonly Seen[],
  comments: ReadonlySet<number>,
): { added: Seen[]; removed: Signal[] } {
  const key = (one: GivenReaction): string =>
    [one.commentId, one.authorId, one.content, one.givenAt.getTime()].join('/')
  const known = standing(
    recorded.filter(signal => signal.kind === 'reaction' && comments.has(signal.commentId)),
  )
  const before = new Set(known.map(key))
  const now = new Set(seen.map(key))
  return {
    added: seen.filter(one => !before.has(key(one))),
    removed: known.filter(one => !now.has(key(one))),
  }
}
