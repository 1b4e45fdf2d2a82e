import { asFault, Fault } from '../../src/core/fault.ts'
import { pollAfterMs } from '../../src/core/feedback-polls.ts'
import { readRepositoryConfiguration } from '../../src/core/repository-configuration-read.ts'
import { problemLines } from '../../src/core/repository-configuration-text.ts'
import {
  allowedAnalysers,
  toPreferences,
  type RepositoryConfiguration,
} from '../../src/core/repository-configuration.ts'
import { snapshotHostility } from '../../src/core/review/hostile.ts'
import type { Step } from '../../src/core/review/receipt.ts'
import { earlierRounds, fixedThreads, readFindingMarker, stillOpen } from '../../src/core/review/rounds.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import { thrifty } from '../../src/core/review/thrift.ts'
import { shouldReview, type ReviewTrigger } from '../../src/core/schedule.ts'
import { examine } from '../../src/engine/examine.ts'
import type { LateExamination } from '../../src/engine/types.ts'
import type { PullRequestView } from '../../src/ports/code-host.ts'
import type { Release, ReviewRequest, ReviewRow, Rounds, StoredExamination } from '../../src/ports/stores.ts'
import { openPurse, type Purse } from './budget.ts'
import { beginCheck, closeDone, closeSkipped, closeSuperseded, tellSummary } from './close.ts'
import type { ProductionDeps } from './deps.ts'
import { postReview } from './post.ts'
import { recordPush } from './push.ts'
import { sample } from './sample.ts'
import { loadSnapshot, type Listing } from './snapshot.ts'
import { watchHead } from './watch-head.ts'

/** Everything a review is decided on. What is reviewed is the head there is, whatever head the event spoke of. */
interface Case {
  request: ReviewRequest
  view: PullRequestView
  wishes: RepositoryConfiguration
  configurationProblems: string[]
  release: Release
  row: ReviewRow
  /** The changed files, asked for beside everything else. */
  listing: Promise<Listing>
  /** The row is of an earlier attempt, so whatever it stands for may have happened. */
  again: boolean
}

/**
 * One review of one pull request: load, decide, act. Done twice it does the same once, wherever the first was
 * killed: what costs or posts leaves a row first, and what may have been posted is looked for before it is posted.
 * Answers what came of it. The caller holds the pull request's lock; `signal` says that it was lost.
 */
export async function review(
  deps: ProductionDeps,
  request: ReviewRequest,
  signal: AbortSignal,
): Promise<string> {
  const now = deps.clock.now()
  const early = deps.reader.files(request)
  early.catch(() => {}) // awaited below, unless nothing is reviewed
  const [seen, known, release, begun] = await Promise.all([
    deps.reader.pullRequest(request),
    deps.pullRequests.get(request.repositoryId, request.number),
    deps.releases.inForce(request),
    deps.reviews.unfinished(request.repositoryId, request.number, request.occasion),
  ])
  // What a release that was rolled back had said is said no more: it may be raised again.
  const view = { ...seen, ownThreads: seen.ownThreads.filter(thread => !thread.withdrawn) }
  const { preferences: wishes, problems } = readRepositoryConfiguration(
    view.repositoryConfiguration?.text ?? null,
  )
  const decision = shouldReview({
    view,
    configuration: wishes,
    paused: known?.paused ?? false,
    trigger: triggerOf(request),
  })
  for (const row of begun) if (row.releaseId !== release.id) await closeTakenOver(deps, request, row, release)
  const key = { ...request, headSha: view.headSha, releaseId: release.id }
  const row = await deps.reviews.open(key, now, request.dueAt)
  if (row.state === 'done') return 'reviewed before'
  const again = row.createdAt.getTime() !== now.getTime()
  if (decision.kind === 'skip') {
    await closeSkipped(deps, request, row, decision, again)
    deps.metrics.reviewFinished(secondsSince(deps, request), 'skipped')
    return `skipped: ${decision.reason}`
  }
  const watch = watchHead(deps, { ...request, headSha: view.headSha, knownHeadSha: known?.headSha })
  const purse = openPurse(deps, { ...request, author: view.author.login })
  const configurationProblems = problemLines(problems)
  // Asked for after the event named this head, so not older than it; of another head, that says nothing.
  const listing = view.headSha === request.headSha ? early : deps.reader.files(request)
  listing.catch(() => {}) // awaited with the rest of the snapshot
  const about = { request, view, wishes, configurationProblems, release, row, listing, again }
  const check = beginCheck(deps, request, row, again)
  check.then(
    () => deps.metrics.reviewBegun(secondsSince(deps, request)),
    () => {}, // awaited below, after what runs beside it
  )
  try {
    return await carryOut(deps, about, check, purse, AbortSignal.any([signal, watch.signal]))
  } catch (error) {
    const superseded = watch.signal.aborted ? asFault(watch.signal.reason) : asFault(error)
    if (superseded.code !== 'superseded') throw error
    await closeSuperseded(deps, request, row, await check, superseded.message)
    deps.metrics.reviewFinished(secondsSince(deps, request), 'superseded')
    return `superseded: ${superseded.message}`
  } finally {
    watch.stop()
    // A check run that is still being started when the rest has failed would never be ended.
    await Promise.allSettled([check])
    await purse.settle()
  }
}

/** Begun by a release that reviews this pull request no more: what it may have posted counts as posted before. */
async function closeTakenOver(
  deps: ProductionDeps,
  request: ReviewRequest,
  row: ReviewRow,
  release: Release,
): Promise<void> {
  const checkId = await beginCheck(deps, request, row, true)
  await closeSuperseded(deps, request, row, checkId, `release ${release.id} reviews in its place`)
}

function triggerOf(request: ReviewRequest): ReviewTrigger {
  if (request.asked) return { kind: 'asked' }
  return request.label === null ? { kind: 'push' } : { kind: 'labeled', label: request.label }
}

async function carryOut(
  deps: ProductionDeps,
  about: Case,
  check: Promise<number>,
  purse: Purse,
  signal: AbortSignal,
): Promise<string> {
  const { request, view, row, release } = about
  const preferences = toPreferences(about.wishes)
  const [snapshot, rounds] = await Promise.all([
    about.listing.then(listing =>
      loadSnapshot(deps.reader, request, view, listing, release.configuration.limits, path =>
        preferences.includes(path),
      ),
    ),
    deps.reviews.rounds(request.repositoryId, request.number, row.id),
  ])
  const began = deps.clock.elapsed()
  const { examination, rest, stored } = await examineOnce(deps, about, snapshot, rounds, purse, signal)
  const latencyMs = stored === null ? longestStepMs(examination) : deps.clock.elapsed() - began
  const settled = settleThreads(deps, about, snapshot, examination, rounds)
  const [checkId, open] = await Promise.all([check, settled, stored])
  const place = { owner: request.owner, name: request.repo, webUrl: deps.webUrl }
  const mayBePosted = row.examination !== null
  const posted = await postReview(deps, request, row, examination, { mayBePosted, place })
  const { configurationProblems } = about
  const hostility = snapshotHostility(snapshot)
  const told = {
    hostility,
    configurationProblems,
    place,
    examination: withOpen(examination, open),
    summaryCommentId: view.summaryCommentId,
  }
  if (rest !== null && posted === 'nothing to post') {
    // Nobody shall wait for slow models without a word.
    told.summaryCommentId = await tellSummary(deps, request, row, told, { pending: true })
    await deps.reviews.savePosted(row.id, { reviewId: null, comments: [] })
  }
  deps.metrics.reviewFinished(secondsSince(deps, request), 'done')
  const whole = await withLate(deps, row, examination, rest)
  await learnFrom(deps, about, { snapshot, rounds, examination: whole, latencyMs })
  const { again } = about
  await closeDone(deps, request, row, checkId, { ...told, again, examination: withOpen(whole, open) })
  return `reviewed ${row.headSha}: ${whole.findings.length} inline, ${whole.late.length} late`
}

/** Examines and begins to store the result, or takes what an earlier attempt stored for the same base. */
async function examineOnce(
  deps: ProductionDeps,
  about: Case,
  snapshot: Snapshot,
  earlier: Rounds,
  purse: Purse,
  signal: AbortSignal,
): Promise<{
  examination: StoredExamination
  rest: Promise<LateExamination> | null
  /** Null of what an earlier attempt stored. */
  stored: Promise<void> | null
}> {
  const { row, view, wishes, release, request } = about
  const known = row.examination
  if (known && (known.baseSha === view.baseSha || row.reviewId !== null))
    return { examination: known, rest: null, stored: null }
  const rounds = earlierRounds(earlierRound(view, earlier, request.full, release.id))
  const allowed = new Set(allowedAnalysers(wishes))
  const { limits, analysers } = release.configuration
  const configuration = {
    ...release.configuration,
    analysers: analysers.filter(name => allowed.has(name)),
    limits: { ...limits, deadlineMs: timeLeft(limits.deadlineMs, deps, request) },
  }
  const { models, reserve } = purse
  const asksModels = configuration.routing.strategy !== 'none'
  const spared = asksModels && (await purse.isScarce()) ? thrifty(configuration, deps.cheaperModels) : null
  // Who asks again wants another answer, but not to pay for it twice when the worker dies.
  const since = request.asked ? request.dueAt : new Date(0)
  const memory = deps.memoryOf(String(request.repositoryId), since)
  const { clock, usageOf } = deps
  const found = await examine(
    { models, memory, reserve, analysers: deps.analysers, clock, usageOf },
    snapshot,
    spared?.configuration ?? configuration,
    toPreferences(wishes),
    rounds,
    signal,
  )
  const { findings, unanchored, leftOut } = found
  const { receipt, lineDigests } = withForgone(found, spared?.forgone)
  const examination = { baseSha: view.baseSha, findings, late: [], unanchored, leftOut, receipt, lineDigests }
  const stored = deps.reviews.saveExamination(row.id, examination)
  return {
    examination,
    rest: found.pending ? found.whenLate.then(late => withForgone(late, spared?.forgone)) : null,
    stored,
  }
}

/** A spared review is not the whole one: its check is not green, its sample is degraded, the next round reads all again. */
function withForgone<T extends Pick<LateExamination, 'receipt' | 'lineDigests'>>(
  outcome: T,
  forgone: Step | undefined,
): T {
  if (forgone === undefined) return outcome
  const { receipt } = outcome
  return { ...outcome, lineDigests: {}, receipt: { ...receipt, steps: [...receipt.steps, forgone] } }
}

/**
 * What the improvement of Cupel lives on, before the review counts as done: what the push did to earlier remarks, the
 * sample, and the reactions that are to be looked at. None of it ever fails a review.
 */
async function learnFrom(
  deps: ProductionDeps,
  { request, view, wishes, release, row }: Case,
  about: { snapshot: Snapshot; rounds: Rounds; examination: StoredExamination; latencyMs: number },
): Promise<void> {
  await recordPush(deps, request, { ...about, view, at: row.createdAt })
  await sample(deps, request, {
    ...about,
    wishes,
    earlierRounds: about.rounds.count,
    releaseId: release.id,
  })
  await deps.followed
    .follow(request, view.author.id, new Date(deps.clock.now().getTime() + pollAfterMs(0)))
    .catch((error: unknown) => deps.log.error({ err: error }, 'reactions of a review will not be looked at'))
}

/** Of an examination that an earlier attempt made, whose clock is gone: steps run beside one another. */
function longestStepMs({ receipt }: StoredExamination): number {
  return Math.max(0, ...receipt.steps.map(step => step.latencyMs))
}

/**
 * Resolves own threads that the push fixed, which also tells the head, or asks for the head alone. Answers the
 * blocking findings of earlier rounds that stay open. Throws Fault superseded when the head is not the reviewed one.
 */
async function settleThreads(
  deps: ProductionDeps,
  { request, view, row }: Case,
  snapshot: Snapshot,
  examination: StoredExamination,
  { posted }: Rounds,
): Promise<string[]> {
  const seen = examination.receipt.files.filter(file => file.coverage === 'seen' || file.reason === 'removed')
  const findings = [...examination.findings, ...examination.leftOut.map(each => each.finding)]
  const found = new Set(findings.map(finding => finding.fingerprint))
  const fixed = fixedThreads(view.ownThreads, {
    files: snapshot.files,
    contents: snapshot.contents,
    seen: new Set(seen.map(file => file.path)),
    found,
  })
  const headSha =
    fixed.length > 0
      ? (await deps.writer.resolveThreads(request, fixed)).headSha
      : await deps.reader.headSha(request)
  if (headSha === row.headSha) return stillOpen(view.ownThreads, { posted, fixed, found })
  throw new Fault('superseded', `head ${headSha} took the place of ${row.headSha}`, { retry: 'never' })
}

/** What earlier rounds posted, by our rows and by what stands on the pull request; a full review forgets the rest. */
function earlierRound(view: PullRequestView, stored: Rounds, full: boolean, releaseId: string) {
  const marked = view.ownThreads.flatMap(thread => {
    const marker = readFindingMarker(thread.body)
    return marker ? [{ fingerprint: marker.fingerprint, resolved: thread.resolved }] : []
  })
  const posted = [...stored.posted, ...marked]
  const settled = marked.filter(each => each.resolved).map(each => each.fingerprint)
  if (full) return { count: 0, posted, settled, lineDigests: {} }
  return { ...stored, posted, settled, sameRelease: stored.lastReleaseId === releaseId }
}

/** The receipt that is shown also holds what earlier rounds left open: no check over it is green. */
function withOpen(examination: StoredExamination, open: readonly string[]): StoredExamination {
  if (open.length === 0) return examination
  const { receipt } = examination
  const entry = { reason: 'still-open', count: open.length, blocking: open.length } as const
  return { ...examination, receipt: { ...receipt, leftOut: [...receipt.leftOut, entry] } }
}

/** What came after the deadline replaces receipt and digests, and is stored before the summary shows it. */
async function withLate(
  deps: ProductionDeps,
  row: ReviewRow,
  examination: StoredExamination,
  rest: Promise<LateExamination> | null,
): Promise<StoredExamination> {
  if (rest === null) return examination
  const { late, receipt, lineDigests } = await rest
  const whole = { ...examination, late, receipt, lineDigests }
  await deps.reviews.saveExamination(row.id, whole)
  return whole
}

/** The deadline counts from the event. At least half of it is left to find something; what has missed it has it whole. */
function timeLeft(deadlineMs: number, deps: ProductionDeps, request: ReviewRequest): number {
  const left = deadlineMs - secondsSince(deps, request) * 1000
  return left <= 0 ? deadlineMs : Math.round(Math.max(deadlineMs / 2, left))
}

function secondsSince(deps: ProductionDeps, request: ReviewRequest): number {
  return Math.max(0, deps.clock.now().getTime() - request.dueAt.getTime()) / 1000
}
