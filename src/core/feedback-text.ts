import type { Signal } from './feedback.ts'
import type { Hearing } from './feedback-judge.ts'
import { weights } from './feedback-weights.ts'

const shown: Record<string, string> = {
  '+1': '👍',
  '-1': '👎',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  confused: '😕',
  eyes: '👀',
  laugh: '😄',
}

/** One signal and what was made of it, on one line. */
export function hearingLine(hearing: Hearing): string {
  const { signal } = hearing
  const what = `${signal.givenAt.toISOString().slice(0, 16)}  ${placeText(signal)}  ${signal.authorLogin} (${signal.standing})  ${said(signal)}`
  if (hearing.outcome === 'not-counted') return `${what}\n    not counted: ${hearing.why}`
  const { value, tier, weight, because } = weights[hearing.weight]
  return `${what}\n    counted: ${value}, tier ${tier}, weight ${weight}: ${because}`
}

function placeText({ place }: Signal): string {
  return place ? printable(`${place.path}:${place.line}`) : '(no line)'
}

function said(signal: Signal): string {
  const back = signal.removed ? 'took back ' : ''
  switch (signal.kind) {
    case 'reaction':
      return `${back}${shown[signal.content] ?? printable(signal.content)}${signal.fingerprint === null ? ' on a comment' : ''}`
    case 'reply':
      return `${back}reply: ${signal.content}`
    case 'thread-resolved':
      return 'resolved the thread'
    case 'thread-unresolved':
      return 'opened the thread again'
    case 'suggestion-applied':
      return `${back}the suggestion applied (${signal.content.slice(0, 7)})`
    case 'line-changed':
      return `${back}the lines changed (${signal.content.slice(0, 7)})`
    case 'human-comment':
      return `${back}comment: ${printable(signal.content).slice(0, 80)}`
  }
}

export function labelLine(label: {
  path: string
  line: number
  label: string
  tier: string
  weight: number
  reason: string | null
  version: number
  current: boolean
  recordedAt: Date
}): string {
  const state = label.current ? 'current' : 'overturned'
  const word =
    label.label === 'withdrawn'
      ? 'withdrawn'
      : `${label.label}, tier ${label.tier}, weight ${label.weight}${label.reason ? ` (${label.reason})` : ''}`
  return `${label.recordedAt.toISOString().slice(0, 16)}  ${printable(`${label.path}:${label.line}`)}  version ${label.version}, ${state}: ${word}`
}

/** One line, and nothing that a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
}
