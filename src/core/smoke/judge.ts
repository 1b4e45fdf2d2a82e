import type { Configuration } from '../configuration.ts'
import { verdictOf } from '../experiment-run.ts'
import type { Finding } from '../review/finding.ts'
import { healthOfDone } from '../review/health.ts'
import type { Receipt } from '../review/receipt.ts'
import type { SmokeCase, SmokeDefect } from './set.ts'

/** One case examined once. */
export interface SmokeTry {
  state: 'done' | 'degraded' | 'failed'
  /** Fault code, when there is one. */
  fault: string | null
  /** A provider's outage or an empty purse: it says nothing of the release. */
  outage: boolean
  latencyMs: number
  /** What of the case's defects was found. */
  found: SmokeDefect[]
  /** Findings at places without a defect: path, line and title. */
  others: string[]
}

/** A case is tried up to this often and its best try counts: of twenty honest runs one may be late by the thresholds. */
export const mostTries = 3
/** Defects that analysers claim are found every time; models may miss some, and the gate has measured how many. */
const neededShare = { analysers: 0.75, models: 0.5 } as const

/** A try out of an examination at its deadline. A finding hits a defect when it touches its line or a neighbour. */
export function smokeTry(
  { defects }: SmokeCase,
  examined: { findings: readonly Finding[]; receipt: Receipt; latencyMs: number },
): SmokeTry {
  const { state, errorCode } = verdictOf(examined.receipt)
  const hits = (finding: Finding, defect: SmokeDefect) =>
    finding.side === 'RIGHT' &&
    finding.path === defect.path &&
    finding.startLine <= defect.line + 1 &&
    finding.line >= defect.line - 1
  return {
    state,
    fault: errorCode ?? examined.receipt.steps.find(step => step.fault !== undefined)?.fault ?? null,
    outage: !healthOfDone(examined.receipt, false).attributable,
    latencyMs: Math.round(examined.latencyMs),
    found: defects.filter(defect => examined.findings.some(finding => hits(finding, defect))),
    others: examined.findings
      .filter(finding => !defects.some(defect => hits(finding, defect)))
      .map(finding => `${finding.path}:${finding.line} ${finding.title}`.slice(0, 200)),
  }
}

/** Whether another try could change what a case comes to. */
export function isSound({ defects }: SmokeCase, attempt: SmokeTry): boolean {
  return attempt.state === 'done' && (defects.length > 0 || attempt.others.length === 0)
}

/** The defects that a configuration should find: by its own analysers, and all others by its models if it has any. */
export function claimedDefects(
  configuration: Configuration,
  defects: readonly SmokeDefect[],
): { analysers: SmokeDefect[]; models: SmokeDefect[] } {
  const own = new Set<string>(configuration.analysers)
  const models = configuration.routing.strategy !== 'none'
  return {
    analysers: defects.filter(defect => own.has(defect.claimedBy)),
    models: models ? defects.filter(defect => !own.has(defect.claimedBy)) : [],
  }
}

export interface SmokeJudgement {
  /** unmeasured: an outage stood in the way; it is to be tried again. */
  outcome: 'passed' | 'failed' | 'unmeasured'
  /** Why not, one sentence each. */
  why: string[]
}

/**
 * The smoke test of a configuration: no case degraded or in error, the needed share of the claimed defects found by
 * analysers and by models each, nothing found in a clean case. `tries`: the counted try of each case.
 */
export function judgeSmoke(
  configuration: Configuration,
  tries: readonly { of: SmokeCase; attempt: SmokeTry }[],
): SmokeJudgement {
  const why: string[] = []
  for (const { of, attempt } of tries) {
    if (attempt.state !== 'done')
      why.push(`${of.name} ${attempt.state}: ${attempt.fault ?? 'no fault named'}`)
    if (of.defects.length === 0 && attempt.others.length > 0)
      why.push(`${of.name} is clean, and ${attempt.others.length} findings were made`)
  }
  const found = new Set(tries.flatMap(({ attempt }) => attempt.found.map(placeOf)))
  const claimed = claimedDefects(
    configuration,
    tries.flatMap(({ of }) => of.defects),
  )
  for (const who of ['analysers', 'models'] as const) {
    const hits = claimed[who].filter(defect => found.has(placeOf(defect))).length
    if (hits < neededShare[who] * claimed[who].length)
      why.push(`${who} found ${hits} of ${claimed[who].length} defects`)
  }
  if (claimed.analysers.length + claimed.models.length === 0) why.push('the configuration examines nothing')
  if (why.length === 0) return { outcome: 'passed', why }
  return { outcome: tries.some(({ attempt }) => attempt.outage) ? 'unmeasured' : 'failed', why }
}

function placeOf(defect: SmokeDefect): string {
  return `${defect.path}:${defect.line}`
}
