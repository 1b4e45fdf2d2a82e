import { eValue } from './e-value.ts'
import type { QuarantineReason, Verdict } from './decide.ts'
import { broken } from './watch.ts'

export const failureClasses = [
  'accuracy',
  'latency',
  'errors',
  'cost',
  'safety',
  'inconclusive',
  'by-hand',
] as const
export type FailureClass = (typeof failureClasses)[number]

export interface FailureReason {
  class: FailureClass
  /** Said to people. */
  words: string
}

const dayMs = 86_400_000
/** Days before a failed idea may be tried again: long enough that something can have changed. Null: never. */
const coolDownDays: Record<FailureClass, number | null> = {
  accuracy: 30,
  latency: 7,
  errors: 7,
  cost: 7,
  safety: null,
  inconclusive: 0,
  'by-hand': 30,
}

/** When it may be asked for again; null: never. */
export function eligibleFrom(reasons: readonly FailureReason[], now: Date): Date | null {
  const days = reasons.map(reason => coolDownDays[reason.class])
  if (days.includes(null)) return null
  return new Date(now.getTime() + Math.max(0, ...days.map(each => each ?? 0)) * dayMs)
}

/** When a record may be tried again, said to people. */
export function eligibility({
  blacklisted,
  eligibleFrom: from,
}: {
  blacklisted: string | null
  eligibleFrom: Date | null
}): string {
  return blacklisted !== null || from === null ? 'never' : `from ${from.toISOString().slice(0, 10)}`
}

/** Why a verdict ends a trial. */
export function failureReasons(verdict: Verdict): FailureReason[] {
  switch (verdict.answer) {
    case 'quarantine':
      return verdict.reasons.map(reason => ({ class: classOf(reason), words: wordsOf(reason, verdict) }))
    case 'expire':
      return (verdict.missing.length > 0 ? verdict.missing : ['what was missing came after its horizon']).map(
        words => ({ class: 'inconclusive', words }),
      )
    case 'promote':
    case 'wait':
      return []
  }
}

/** Why a release was rolled back, from the words of its last step: an administrator's, the smoke test's or the watch's. */
export function rollbackReasons(words: string): FailureReason[] {
  if (words.startsWith('by ')) return [{ class: 'by-hand', words }]
  const classes: FailureClass[] = words.includes(broken.late) ? ['latency'] : ['errors']
  if (words.includes(broken.late) && words.includes(broken.errors)) classes.push('errors')
  return classes.map(each => ({ class: each, words }))
}

function classOf(reason: QuarantineReason): FailureClass {
  switch (reason.kind) {
    case 'breach':
      return reason.breach === 'budget' ? 'cost' : 'safety'
    case 'disproven':
      switch (reason.criterion) {
        case 'latency':
        case 'errors':
          return reason.criterion
        case 'accuracy':
        case 'recall':
        case 'precision':
          return 'accuracy'
      }
  }
}

const breaches = {
  budget: 'its budget ran away',
  schema: 'its answers did not fit the schema, run after run',
  blacklist: 'it holds something that is blacklisted',
  secret: 'a secret was in what it answered',
} as const

function wordsOf(reason: QuarantineReason, verdict: Verdict): string {
  if (reason.kind === 'breach') return breaches[reason.breach]
  const { n, value, required, logAgainst } = verdict.criteria[reason.criterion]
  const seen = value === null ? 'not measured' : value.toFixed(3)
  return `${reason.criterion} is ${seen} over ${n}, disproven to be above ${required.toFixed(3)} (e-value ${eValue(logAgainst)})`
}
