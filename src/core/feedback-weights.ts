import type { Vote } from './label.ts'
import type { ReasonCode, Signal } from './feedback.ts'

export interface Weight {
  value: Exclude<Vote['value'], 'clean'>
  tier: Vote['tier']
  weight: number
  /** Why it weighs that. */
  because: string
}

const reaction = {
  tier: 'A',
  weight: 0.9,
  because: 'somebody who knows the code said so, in one click',
} as const

/**
 * What each signal says and how much it weighs. Only tier A is counted: of what people did without a word, most does
 * not mean what it seems to (of correct comments three in four lead to no change of their line, and of lines under
 * wrong ones many change anyway). Everything that is not here says nothing: 😕 👀 😄, silence, a resolved thread
 * (where resolving is a duty it is done to wrong findings too), a pull request that was closed.
 */
export const weights = {
  'reaction:+1': { value: 'real-issue', ...reaction },
  'reaction:heart': { value: 'real-issue', ...reaction },
  'reaction:hooray': { value: 'real-issue', ...reaction },
  'reaction:rocket': { value: 'real-issue', ...reaction },
  'reaction:-1': { value: 'not-an-issue', ...reaction },
  'reply:useful': { value: 'real-issue', tier: 'A', weight: 1, because: 'somebody said so in words' },
  'reply:already-known': {
    value: 'real-issue',
    tier: 'A',
    weight: 0.8,
    because: 'true, though it helped nobody: who finds it is not wrong',
  },
  'reply:wrong': { value: 'not-an-issue', tier: 'A', weight: 1, because: 'somebody said so in words' },
  'reply:not-here': {
    value: 'not-an-issue',
    tier: 'A',
    weight: 1,
    because: 'a rule that does not hold here makes no issue here',
  },
  'reply:noise': {
    value: 'not-an-issue',
    tier: 'A',
    weight: 0.9,
    because: 'what nobody wants to read should not be said, true or not',
  },
  'suggestion-applied': {
    value: 'real-issue',
    tier: 'A',
    weight: 1,
    because: 'the proposed lines were taken word for word',
  },
  'resolved-and-changed': {
    value: 'real-issue',
    tier: 'B',
    weight: 0.8,
    because: 'somebody closed the thread after its lines had changed: mended, or moved out of the way',
  },
  'line-changed': {
    value: 'real-issue',
    tier: 'C',
    weight: 0.3,
    because: 'lines change for many reasons',
  },
  'comment-changed': {
    value: 'real-issue',
    tier: 'A',
    weight: 0.9,
    because: 'a reviewer asked for it and the author changed the lines',
  },
  'comment-agreed': {
    value: 'real-issue',
    tier: 'A',
    weight: 0.9,
    because: 'a reviewer asked for it and another maintainer agreed',
  },
} as const satisfies Record<string, Weight>
export type WeightName = keyof typeof weights

/** Which of the weights a person's word carries; null when it says nothing. */
export function weightOfWord(signal: Pick<Signal, 'kind' | 'content'>): WeightName | null {
  if (signal.kind !== 'reaction' && signal.kind !== 'reply') return null
  const name = `${signal.kind}:${signal.content as ReasonCode}`
  return name in weights ? (name as WeightName) : null
}
