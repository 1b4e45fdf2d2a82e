import type { HunkCounts } from '../score/hunks.ts'
import { addBernstein, noBernstein, type Bernstein } from './confidence.ts'
import { addFraction, addUnknown, noFractions, type Fractions } from './fraction.ts'
import { addTrial, noTally, type Tally } from './mixture.ts'
import {
  addHarm,
  addPair,
  noEqualPairs,
  noHarm,
  noPairs,
  type Attempt,
  type Harm,
  type Pairs,
} from './paired.ts'
import { addShare, noPool, type Pool } from './pool.ts'
import { inflatedFor } from './selection.ts'
import type { Thresholds } from './thresholds.ts'

/** What ends a trial at once. */
export const breachKinds = ['budget', 'schema', 'blacklist', 'secret'] as const
export type Breach = (typeof breachKinds)[number]

/** One run of the experiment on a sample. */
export interface RunEvidence {
  /** ms since 1970. */
  at: number
  /** unmeasured: it could not run for a reason that is not the experiment's, such as a provider that was down. */
  state: 'done' | 'degraded' | 'failed' | 'unmeasured'
  /** From the job to the validated result. Null: no result. */
  latencyMs: number | null
  breach: Breach | null
}

/** Hunks by what was said there against what is known there. */
export type Hits = Pick<HunkCounts, 'tp' | 'fp' | 'fn' | 'tn'>

/** One pull request whose labels are final. */
export interface PullRequestEvidence {
  at: number
  /** The hunks of the blind draw; unanswered are those of them that nobody judged or that could not be scored. */
  audited: Hits & { due: number; unanswered: number }
  /** Production on the same hunks; null when it is not known, and nothing can be compared. */
  production: Hits | null
  /** The experiment's findings that production posted too, by what people volunteered about them. */
  volunteered: { right: number; wrong: number }
  /** Hunks in which it found a real issue, and whether there was one, by labels of every kind. */
  found: number
  hasIssue: boolean
  /** Labelled hunks by who decided them. */
  authors: Readonly<Record<string, number>>
  /** Audited hunks by group, such as `language:Go`: where harm is looked for. */
  groups: Readonly<Record<string, { own: Hits; production: Hits }>>
}

/**
 * All that decides about one experiment, as sums: what has been taken in once, in the order of finality, is not needed
 * again. Plain JSON.
 */
export interface GateEvidence {
  /** First and newest time of anything, and of pull requests with an audited hunk. */
  from: number | null
  to: number | null
  auditedFrom: number | null
  auditedTo: number | null
  within: Tally
  healthy: Tally
  unmeasured: number
  pullRequests: number
  /** Those with an audited hunk or a volunteered word. */
  labelled: number
  accuracy: Fractions
  accuracyBounds: Bernstein
  /** Right hunks of a reviewer that says nothing, summed like accuracy. */
  mute: number
  volunteered: Fractions
  recall: Pairs
  precision: Pairs
  pool: Pool
  /** Pull requests in which audited hunks came out otherwise than by production. */
  differing: number
  groups: Readonly<Record<string, { recall: Harm; precision: Harm }>>
  audited: { due: number; unanswered: number; hunks: number }
  found: number
  withIssue: number
  authors: Readonly<Record<string, number>>
  breaches: readonly Breach[]
  /** Pull requests that were offered to the sampler, how many it took, and the rate it was told. */
  sampler: (Tally & { rate: number }) | null
}

export const noGateEvidence: GateEvidence = {
  from: null,
  to: null,
  auditedFrom: null,
  auditedTo: null,
  within: noTally,
  healthy: noTally,
  unmeasured: 0,
  pullRequests: 0,
  labelled: 0,
  accuracy: noFractions,
  accuracyBounds: noBernstein,
  mute: 0,
  volunteered: noFractions,
  recall: noEqualPairs,
  precision: noPairs,
  pool: noPool,
  differing: 0,
  groups: {},
  audited: { due: 0, unanswered: 0, hunks: 0 },
  found: 0,
  withIssue: 0,
  authors: {},
  breaches: [],
  sampler: null,
}

/** A failed run is late, and whatever is not complete is an error; a latency that is no time is late. */
export function addRun(evidence: GateEvidence, run: RunEvidence, thresholds: Thresholds): GateEvidence {
  const next = {
    ...evidence,
    ...span(evidence.from, evidence.to, run.at),
    breaches: run.breach === null ? evidence.breaches : [...evidence.breaches, run.breach],
  }
  if (run.state === 'unmeasured') return { ...next, unmeasured: evidence.unmeasured + 1 }
  const inTime =
    run.state !== 'failed' &&
    run.latencyMs !== null &&
    run.latencyMs >= 0 &&
    run.latencyMs <= thresholds.latencyMs
  return {
    ...next,
    within: addTrial(evidence.within, inTime),
    healthy: addTrial(evidence.healthy, run.state === 'done'),
  }
}

/** RangeError when a count is negative or no number. */
export function addPullRequest(
  evidence: GateEvidence,
  pull: PullRequestEvidence,
  thresholds: Thresholds,
): GateEvidence {
  checkCounts(pull)
  const { audited, production, volunteered } = pull
  const hunks = audited.tp + audited.fp + audited.fn + audited.tn
  const reacted = volunteered.right + volunteered.wrong
  const right = audited.tp + audited.tn
  const issues = issuesKnown(audited, production)
  const { margin, gamma } = thresholds
  const authors = { ...evidence.authors }
  for (const [author, count] of Object.entries(pull.authors)) authors[author] = (authors[author] ?? 0) + count
  const groups = { ...evidence.groups }
  for (const [name, { own, production: theirs }] of Object.entries(pull.groups)) {
    const group = groups[name] ?? { recall: noHarm, precision: noHarm }
    groups[name] = {
      recall: fold(group.recall, recallOf(own, theirs), (sums, pair) => addHarm(sums, ...pair, margin)),
      precision: fold(group.precision, precisionOf(own, theirs), (sums, pair) =>
        addHarm(sums, ...pair, margin),
      ),
    }
  }
  return {
    ...evidence,
    ...span(evidence.from, evidence.to, pull.at),
    ...(hunks > 0 && {
      auditedFrom: span(evidence.auditedFrom, evidence.auditedTo, pull.at).from,
      auditedTo: span(evidence.auditedFrom, evidence.auditedTo, pull.at).to,
      // Whoever leaves hard ones out would prove too much: what nobody answered is wrong, as far as proof goes.
      accuracy: addFraction(
        evidence.accuracy,
        right / hunks,
        thresholds.accuracy,
        right / (hunks + audited.unanswered),
      ),
      accuracyBounds: addBernstein(evidence.accuracyBounds, right / hunks, thresholds.level),
      mute: evidence.mute + (audited.tn + audited.fp) / hunks,
    }),
    ...(hunks === 0 && audited.unanswered > 0 && { accuracy: addUnknown(evidence.accuracy) }),
    pullRequests: evidence.pullRequests + 1,
    labelled: evidence.labelled + (hunks > 0 || reacted > 0 ? 1 : 0),
    volunteered:
      reacted === 0
        ? evidence.volunteered
        : addFraction(
            evidence.volunteered,
            volunteered.right / reacted,
            inflatedFor(gamma, thresholds.accuracy),
          ),
    recall: fold(evidence.recall, recallOf(audited, production), (sums, pair) =>
      addPair(sums, ...pair, margin),
    ),
    precision: fold(evidence.precision, precisionOf(audited, production), (sums, pair) =>
      addPair(sums, ...pair, margin),
    ),
    pool: issues === 0 ? evidence.pool : addShare(evidence.pool, audited.tp / issues, thresholds.poolRecall),
    differing: evidence.differing + (differs(audited, production) ? 1 : 0),
    groups,
    audited: {
      due: evidence.audited.due + audited.due,
      unanswered: evidence.audited.unanswered + audited.unanswered,
      hunks: evidence.audited.hunks + hunks,
    },
    found: evidence.found + pull.found,
    withIssue: evidence.withIssue + (pull.hasIssue ? 1 : 0),
    authors,
  }
}

function checkCounts({
  at,
  audited,
  production,
  volunteered,
  found,
  authors,
  groups,
}: PullRequestEvidence): void {
  for (const counts of [{ found }, audited, production ?? {}, volunteered, authors]) check(counts)
  for (const group of Object.values(groups)) {
    check(group.own)
    check(group.production)
  }
  if (!Number.isFinite(at)) throw new RangeError(`the time is ${at}`)
}

function check(counts: Readonly<Record<string, number>>): void {
  for (const name in counts) {
    const count = counts[name] ?? NaN
    if (!(count >= 0 && count < Infinity)) throw new RangeError(`${name} is ${count}`)
  }
}

/** Issues on the audited hunks; one side may have hunks that could not be scored. */
function issuesKnown(own: Hits, production: Hits | null): number {
  return Math.max(own.tp + own.fn, production === null ? 0 : production.tp + production.fn)
}

/** Only where production is known as well can anything have been said otherwise. */
function differs(own: Hits, production: Hits | null): boolean {
  if (production === null) return false
  return (['tp', 'fp', 'fn', 'tn'] as const).some(name => own[name] !== production[name])
}

type Pair = [own: Attempt, production: Attempt]

function fold<S>(sums: S, pair: Pair | null, add: (sums: S, pair: Pair) => S): S {
  return pair === null ? sums : add(sums, pair)
}

/** Null without an issue. A hunk that could not be scored for one side counts as not found by it. */
function recallOf(own: Hits, production: Hits | null): Pair | null {
  const issues = issuesKnown(own, production)
  if (production === null || issues === 0) return null
  return [
    { tried: 1, right: own.tp / issues },
    { tried: 1, right: production.tp / issues },
  ]
}

/** Null when neither said anything that is judged. A pull request weighs the same for both sides, and at most 1. */
function precisionOf(own: Hits, production: Hits | null): Pair | null {
  if (production === null) return null
  const most = Math.max(own.tp + own.fp, production.tp + production.fp)
  if (most === 0) return null
  const of = (hits: Hits): Attempt => ({ tried: (hits.tp + hits.fp) / most, right: hits.tp / most })
  return [of(own), of(production)]
}

function span(from: number | null, to: number | null, at: number): { from: number; to: number } {
  return { from: Math.min(from ?? at, at), to: Math.max(to ?? at, at) }
}
