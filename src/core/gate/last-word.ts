import type { Verdict } from './decide.ts'

/** Whether an answer ends a trial for good. A promotion does so only once it is released. */
export function isLast(answer: Verdict['answer']): boolean {
  return answer === 'quarantine' || answer === 'expire'
}
