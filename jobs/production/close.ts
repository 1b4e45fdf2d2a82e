import { concludeCheck } from '../../src/core/review/check.ts'
import { healthOfDone, healthOfFailed } from '../../src/core/review/health.ts'
import { renderFailure, renderSkip, renderSuperseded } from '../../src/core/review/check-text.ts'
import type { Fault } from '../../src/core/fault.ts'
import type { Hostility } from '../../src/core/review/hostile.ts'
import type { OutputPlace } from '../../src/core/review/sanitise-text.ts'
import { lostSteps } from '../../src/core/review/receipt.ts'
import { renderSummary } from '../../src/core/review/summary.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { ReviewRow, StoredExamination } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'

type CloseDeps = Pick<ProductionDeps, 'writer' | 'reviews' | 'metrics'>

export interface Told {
  examination: StoredExamination
  hostility: Hostility
  configurationProblems: readonly string[]
  summaryCommentId: number | null
  place: OutputPlace
}

/** Writes the summary for what is known; `pending` says that more will come. Answers where it stands. */
export async function tellSummary(
  deps: Pick<ProductionDeps, 'writer'>,
  ref: PullRequestRef,
  row: ReviewRow,
  about: Told,
  options: { pending: boolean },
): Promise<number> {
  const { findings, late, receipt } = about.examination
  const { hostility, configurationProblems, place } = about
  const usd = receipt.steps.reduce((sum, step) => sum + (step.usd ?? 0), 0)
  const told = { receipt, findings, late, hostility, configurationProblems, headSha: row.headSha, usd, place }
  const body = renderSummary({ ...told, ...options })
  return (await deps.writer.putSummary(ref, about.summaryCommentId, body)).commentId
}

/** The review is over: summary, then check run, then the row, so that a row that says done is done. */
export async function closeDone(
  deps: CloseDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  checkId: number,
  about: Told & { again: boolean },
): Promise<void> {
  const { findings, late, receipt, leftOut, unanchored } = about.examination
  await tellSummary(deps, ref, row, about, { pending: false })
  const check = concludeCheck(receipt, findings, late, about.hostility)
  await deps.writer.finishCheck(ref, checkId, check)
  await deps.reviews.finish(row.id, 'done', {
    conclusion: check.conclusion,
    detail: check.title,
    health: healthOfDone(receipt, about.again),
  })
  deps.metrics.findings('inline', findings.length)
  deps.metrics.findings('summary', late.length)
  deps.metrics.findings('left-out', leftOut.length)
  deps.metrics.anchorFailed(unanchored.length)
  deps.metrics.lateFindings(late.length)
  deps.metrics.duplicateComments(receipt.leftOut.find(each => each.reason === 'already-posted')?.count ?? 0)
  if (lostSteps(receipt).length > 0) deps.metrics.reviewDegraded()
}

/** Not reviewed, as configured: a check run says why, unless nobody expected a review. One that was begun is ended. */
export async function closeSkipped(
  deps: CloseDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  skip: { reason: string; text: string | null },
  mayExist: boolean,
): Promise<void> {
  if (skip.text !== null) {
    const checkId = await beginCheck(deps, ref, row, mayExist)
    await deps.writer.finishCheck(ref, checkId, renderSkip(skip.text))
  } else if (skip.reason === 'closed' && row.checkId !== null)
    await deps.writer.finishCheck(ref, row.checkId, renderSuperseded('the pull request was closed'))
  await deps.reviews.finish(row.id, 'skipped', { conclusion: 'skipped', detail: skip.reason })
}

/** A newer head, or the end of the pull request, made it pointless. */
export async function closeSuperseded(
  deps: CloseDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  checkId: number,
  why: string,
): Promise<void> {
  await deps.writer.finishCheck(ref, checkId, renderSuperseded(why))
  await deps.reviews.finish(row.id, 'superseded', { conclusion: 'cancelled', detail: why })
}

/** Given up: the row says why whatever GitHub answers, and the check run says so if it can be reached. */
export async function closeFailed(
  deps: CloseDeps,
  ref: PullRequestRef,
  row: ReviewRow,
  fault: Fault,
): Promise<void> {
  await deps.reviews.finish(row.id, 'failed', {
    conclusion: 'neutral',
    detail: `${fault.code}: ${fault.message}`,
    health: healthOfFailed(fault.code),
  })
  const checkId = await beginCheck(deps, ref, row, true)
  await deps.writer.finishCheck(ref, checkId, renderFailure(fault.code))
}

/** The check run of this review, begun once: its id is saved as soon as it is known. */
export async function beginCheck(
  deps: Pick<ProductionDeps, 'writer' | 'reviews'>,
  ref: PullRequestRef,
  row: ReviewRow,
  mayExist: boolean,
): Promise<number> {
  if (row.checkId !== null) return row.checkId
  const { checkId } = await deps.writer.startCheck(ref, row.headSha, row.id, { mayExist })
  await deps.reviews.saveCheck(row.id, checkId)
  return checkId
}
