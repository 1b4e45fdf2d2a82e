import { latest, remarkOf, standing, type Signal } from './feedback.ts'
import { weightOfWord, weights, type WeightName } from './feedback-weights.ts'

/** What one person's signals on one finding, or one comment of theirs, come to. Null: nothing, or taken back. */
export interface Opinion {
  of: { finding: string } | { comment: number }
  authorId: number
  authorLogin: string
  weight: WeightName | null
  /** The signals it rests on. */
  signals: Signal[]
}

export type Hearing =
  | { signal: Signal; outcome: 'counted'; weight: WeightName }
  | { signal: Signal; outcome: 'not-counted'; why: string }

const mayCount = (signal: Signal): boolean =>
  signal.standing === 'author' || signal.standing === 'collaborator'

/**
 * Weighs all signals of a pull request. A person has one opinion on a finding: the last word they gave (reaction or
 * reason), else what they did. The order of the rows does not matter. Every signal is heard: counted, or why not.
 */
export function judgeSignals(signals: readonly Signal[]): { opinions: Opinion[]; hearings: Hearing[] } {
  const now = standing(signals)
  const opinions = [...onFindings(signals, now), ...onComments(signals, now)]
  const counted = new Map(
    opinions.flatMap(({ weight, signals }) => (weight ? signals.map(each => [each, weight] as const) : [])),
  )
  const present = new Set(now)
  return {
    opinions,
    hearings: signals.map(signal => {
      const weight = counted.get(signal)
      if (weight) return { signal, outcome: 'counted', weight }
      return { signal, outcome: 'not-counted', why: whyNot(signal, present.has(signal)) }
    }),
  }
}

function onFindings(all: readonly Signal[], now: readonly Signal[]): Opinion[] {
  const people = Map.groupBy(
    all.filter(signal => signal.fingerprint !== null && mayCount(signal)),
    signal => `${signal.fingerprint}/${signal.authorId}`,
  )
  return [...people.values()].flatMap(own => {
    const first = own[0]
    if (!first?.fingerprint) return []
    const finding = first.fingerprint
    const mine = now.filter(signal => own.includes(signal))
    const change = now.find(signal => signal.fingerprint === finding && signal.kind === 'line-changed')
    return [
      {
        of: { finding },
        authorId: first.authorId,
        authorLogin: first.authorLogin,
        ...opinionOf(mine, change),
      },
    ]
  })
}

function opinionOf(mine: readonly Signal[], change: Signal | undefined): Pick<Opinion, 'weight' | 'signals'> {
  const word = latest(mine.filter(signal => weightOfWord(signal) !== null))
  if (word) return { weight: weightOfWord(word), signals: [word] }
  const applied = mine.find(signal => signal.kind === 'suggestion-applied')
  if (applied) return { weight: 'suggestion-applied', signals: [applied] }
  const resolved = mine.find(signal => signal.kind === 'thread-resolved')
  if (resolved && change) return { weight: 'resolved-and-changed', signals: [resolved, change] }
  const own = mine.find(signal => signal.kind === 'line-changed')
  return own ? { weight: 'line-changed', signals: [own] } : { weight: null, signals: [] }
}

function onComments(all: readonly Signal[], now: readonly Signal[]): Opinion[] {
  const comments = Map.groupBy(
    all.filter(signal => signal.kind === 'human-comment' && signal.standing === 'collaborator'),
    signal => signal.commentId,
  )
  return [...comments.values()].flatMap((versions): Opinion[] => {
    const comment = latest(versions)
    if (!comment) return []
    const { commentId, authorId, authorLogin } = comment
    const on = now.filter(signal => signal.commentId === commentId)
    const changed = on.find(signal => signal.kind === 'line-changed')
    const agreed = on.find(
      signal =>
        signal.kind === 'reaction' &&
        signal.standing === 'collaborator' &&
        signal.authorId !== authorId &&
        isApproval(signal),
    )
    const opinion = { of: { comment: commentId }, authorId, authorLogin }
    if (!isMiss(comment)) return [{ ...opinion, weight: null, signals: [] }]
    if (changed) return [{ ...opinion, weight: 'comment-changed', signals: [comment, changed] }]
    if (agreed) return [{ ...opinion, weight: 'comment-agreed', signals: [comment, agreed] }]
    return [{ ...opinion, weight: null, signals: [] }]
  })
}

function isApproval(signal: Signal): boolean {
  const name = weightOfWord(signal)
  return name !== null && weights[name].value === 'real-issue'
}

function isMiss(comment: Signal): boolean {
  return (
    !comment.removed &&
    comment.place !== null &&
    comment.place.covered !== true &&
    remarkOf(comment.content) === 'request'
  )
}

/** In words that stand after "not counted: ". */
function whyNot(signal: Signal, stands: boolean): string {
  if (signal.removed) return 'this takes an earlier signal back'
  if (!stands) return 'taken back or changed later'
  if (signal.standing === 'bot') return 'given by a bot'
  if (signal.standing === 'outsider') return 'neither the author nor a collaborator with triage or more'
  switch (signal.kind) {
    case 'reaction':
      if (weightOfWord(signal) === null) return 'this reaction says nothing about a finding'
      return signal.fingerprint === null
        ? 'it supports no comment that counts'
        : 'the same person said something else later'
    case 'reply':
      return weightOfWord(signal) === null
        ? 'ignored: it begins with none of wrong, noise, not-here, already-known, useful'
        : 'the same person said something else later'
    case 'thread-resolved':
      return 'resolving alone says nothing'
    case 'thread-unresolved':
      return 'an open thread says nothing'
    case 'suggestion-applied':
    case 'line-changed':
      return 'a word of the author, or stronger evidence, counts instead'
    case 'human-comment':
      return whyNoMiss(signal)
  }
}

function whyNoMiss(comment: Signal): string {
  if (comment.standing === 'author') return 'the author speaks of their own change'
  if (comment.place === null) return 'it stands on no line of the diff'
  if (comment.place.covered) return 'a finding stood there before'
  const remark = remarkOf(comment.content)
  if (remark !== 'request')
    return `read as ${remark === 'nit' || remark === 'question' ? `a ${remark}` : remark}`
  return 'neither were its lines changed nor did another maintainer agree, so far'
}
