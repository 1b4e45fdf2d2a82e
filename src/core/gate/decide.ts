import { missingEvidence, type Evidence } from '../minimum-evidence.ts'
import { levelAt, type BudgetPosition } from './budget.ts'
import { logMean } from './capital.ts'
import { isOffRate } from './confidence.ts'
import {
  assess,
  boundsOf,
  criterionNames,
  differenceOf,
  type Assessed,
  type Criterion,
  type CriterionName,
} from './criteria.ts'
import type { Breach, GateEvidence } from './evidence.ts'
import { outlookOf, type Outlook } from './outlook.ts'
import { logCertain, type Harm } from './paired.ts'
import type { Thresholds } from './thresholds.ts'

const dayMs = 86_400_000
/** A sampler is called broken wrongly in one of a thousand installations. */
const samplerLevel = 0.001

/** A group that is harmed beyond the margin: nothing is promoted while it is. */
export interface Veto {
  group: string
  of: 'recall' | 'precision'
  difference: number | null
  log: number
  needed: number
}

export type QuarantineReason =
  | { kind: 'breach'; breach: Breach }
  | { kind: 'disproven'; criterion: CriterionName }

export interface VerdictBasis {
  criteria: Record<CriterionName, Criterion>
  /** ln of what e-values must reach: to promote, and to quarantine. */
  needed: { promote: number; quarantine: number }
  vetoes: readonly Veto[]
  budget: BudgetPosition
  /** How the experiment's samples were drawn. undrawn: it takes all that there are. */
  sampler: 'on-rate' | 'off-rate' | 'undrawn'
  /** Rules that were set aside by configuration, and remarks that stop nothing. */
  waived: readonly string[]
  flags: readonly string[]
}

export type Verdict = VerdictBasis &
  (
    | { answer: 'promote' }
    | { answer: 'wait'; missing: readonly string[]; outlook: readonly Outlook[] }
    | { answer: 'quarantine'; reasons: readonly QuarantineReason[] }
    | { answer: 'expire'; missing: readonly string[] }
  )

/**
 * The gate's word on one experiment, now (ms since 1970). Nothing but the arguments decides, so a verdict can be
 * computed again from the same evidence. What has not been measured is `wait`, and so is everything that is not proven;
 * docs/gate.md says what each rule is for.
 */
export function decide(
  evidence: GateEvidence,
  thresholds: Thresholds,
  budget: BudgetPosition,
  now: number,
): Verdict {
  const { answer, assessed, vetoes, levels, missing } = answerOf(evidence, thresholds, budget, now)
  const open = criterionNames.map(name => assessed[name]).filter(each => each.state !== 'proven')
  const basis: VerdictBasis = {
    criteria: shown(assessed, evidence, thresholds.level),
    needed: { promote: -Math.log(levels.proof), quarantine: -Math.log(levels.disproof) },
    vetoes,
    budget,
    sampler: samplerOf(evidence),
    waived: thresholds.fewPeople ? ['a few people may decide the labels'] : [],
    flags: flagsOf(evidence),
  }
  switch (answer) {
    case 'promote':
      return { answer, ...basis }
    case 'quarantine':
      return { answer, ...basis, reasons: reasonsOf(evidence, open) }
    case 'expire':
    case 'wait': {
      const outlook = open.map(each => outlookOf(each, evidence, levels.proof))
      const all = [...missing, ...outlook.map(each => each.words)]
      return answer === 'expire'
        ? { answer, ...basis, missing: all }
        : { answer, ...basis, missing: all, outlook }
    }
  }
}

/** The answer without what is said about it: what simulations ask after every pull request. */
export function answerOf(
  evidence: GateEvidence,
  thresholds: Thresholds,
  budget: BudgetPosition,
  now: number,
): {
  answer: Verdict['answer']
  assessed: Record<CriterionName, Assessed>
  vetoes: readonly Veto[]
  levels: { proof: number; disproof: number }
  missing: readonly string[]
} {
  const levels = {
    proof: levelAt(thresholds.level, budget),
    disproof: thresholds.level / criterionNames.length,
  }
  const assessed = assess(evidence, thresholds, levels)
  const states = criterionNames.map(name => assessed[name].state)
  const basis = { assessed, levels, vetoes: [] as readonly Veto[], missing: [] as readonly string[] }
  if (evidence.breaches.length > 0) return { answer: 'quarantine', ...basis }
  const broken = samplerOf(evidence) === 'off-rate'
  if (!broken && states.includes('disproven')) return { answer: 'quarantine', ...basis }
  const vetoes = vetoesOf(evidence, thresholds)
  const missing = [...missingOf(evidence, thresholds, levels.proof, now), ...vetoes.map(wordsOf)]
  if (broken) return { answer: 'wait', ...basis, vetoes, missing }
  const { pullRequests, days } = thresholds.horizon
  const { labelled } = evidence
  const age = (now - (evidence.from ?? now)) / dayMs
  const proven = missing.length === 0 && states.every(state => state === 'proven')
  if (proven && labelled <= pullRequests && age <= days) return { answer: 'promote', ...basis, vetoes }
  if (labelled >= pullRequests || age >= days) return { answer: 'expire', ...basis, vetoes, missing }
  return { answer: 'wait', ...basis, vetoes, missing }
}

/** A sampler that takes more or fewer than it was told has chosen, and nothing that rests on its samples can be said. */
function samplerOf({ sampler }: GateEvidence): VerdictBasis['sampler'] {
  if (sampler === null) return 'undrawn'
  return isOffRate(sampler, samplerLevel) ? 'off-rate' : 'on-rate'
}

function missingOf(evidence: GateEvidence, thresholds: Thresholds, proof: number, now: number): string[] {
  const { due, unanswered } = evidence.audited
  const runs = evidence.healthy.n + evidence.unmeasured
  const { sampler, pool } = evidence
  const unless = (holds: boolean, words: () => string): string[] => (holds ? [] : [words()])
  return [
    ...unless(now >= (evidence.to ?? -Infinity), () => 'the clock is behind the newest evidence'),
    ...missingEvidence(minimumOf(evidence), thresholds.minimum, thresholds.fewPeople),
    ...unless(
      logMean(pool.above) >= -Math.log(proof),
      () =>
        `finds ${pool.n === 0 ? 'none' : (pool.sum / pool.n).toFixed(3)} of the known issues: more than ${thresholds.poolRecall} must be shown`,
    ),
    ...unless(
      evidence.differing >= thresholds.differing,
      () =>
        `${evidence.differing} of ${thresholds.differing} pull requests in which it says something else than production`,
    ),
    ...unless(
      unanswered <= (1 - thresholds.measured) * due,
      () => `${unanswered} of ${due} drawn hunks have no answer`,
    ),
    ...unless(
      evidence.unmeasured <= (1 - thresholds.measured) * runs,
      () => `${evidence.unmeasured} of ${runs} runs could not be measured`,
    ),
    ...unless(
      samplerOf(evidence) !== 'off-rate',
      () =>
        `the sampler took ${sampler?.successes} of ${sampler?.n} pull requests at a rate of ${sampler?.rate}: it is broken`,
    ),
  ]
}

function minimumOf(evidence: GateEvidence): Evidence {
  const counts = Object.values(evidence.authors)
  const decided = counts.reduce((sum, count) => sum + count, 0)
  return {
    labelledPullRequests: evidence.accuracy.n,
    days: ((evidence.auditedTo ?? 0) - (evidence.auditedFrom ?? 0)) / dayMs,
    truePositiveHunks: evidence.found,
    pullRequestsWithIssue: evidence.withIssue,
    labelAuthors: counts.length,
    largestAuthorShare: decided === 0 ? 0 : Math.max(...counts) / decided,
  }
}

/** Every group has its own test of harm; the level is split between all of them. */
function vetoesOf(evidence: GateEvidence, { level }: Thresholds): Veto[] {
  const groups = Object.entries(evidence.groups)
  const needed = Math.log((2 * groups.length) / level)
  return groups.flatMap(([group, { recall, precision }]) => {
    const veto = (of: Veto['of'], harm: Harm): Veto[] => {
      const log = logCertain(harm.harmed)
      return log >= needed ? [{ group, of, difference: differenceOf(harm), log, needed }] : []
    }
    return [...veto('recall', recall), ...veto('precision', precision)]
  })
}

function wordsOf({ group, of, difference }: Veto): string {
  const by = difference === null ? '' : ` by ${Math.abs(difference).toFixed(2)}`
  return `${of} is below production’s${by} in ${group}`
}

function reasonsOf(evidence: GateEvidence, open: readonly Assessed[]): QuarantineReason[] {
  return [
    ...[...new Set(evidence.breaches)].map(breach => ({ kind: 'breach', breach }) as const),
    ...open
      .filter(each => each.state === 'disproven')
      .map(({ name }) => ({ kind: 'disproven', criterion: name }) as const),
  ]
}

function flagsOf({ accuracy, mute }: GateEvidence): string[] {
  if (accuracy.n === 0 || accuracy.sum / accuracy.n >= mute / accuracy.n + 0.01) return []
  const [own, silent] = [accuracy.sum, mute].map(sum => (sum / accuracy.n).toFixed(3))
  return [`accuracy ${own} is hardly above the ${silent} of saying nothing`]
}

function shown(
  assessed: Record<CriterionName, Assessed>,
  evidence: GateEvidence,
  level: number,
): Record<CriterionName, Criterion> {
  const of = (name: CriterionName): Criterion => {
    const { project: _project, ...criterion } = assessed[name]
    return { ...criterion, bounds: boundsOf(name, evidence, level) }
  }
  return {
    accuracy: of('accuracy'),
    latency: of('latency'),
    errors: of('errors'),
    recall: of('recall'),
    precision: of('precision'),
  }
}
