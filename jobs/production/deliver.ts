import type { Intent } from '../../src/core/event.ts'
import { decideEvent } from '../../src/core/event.ts'
import { planReview } from '../../src/core/schedule.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { ReviewRequest } from '../../src/ports/stores.ts'
import { askForReview } from './ask.ts'
import { runCommand } from './command.ts'
import type { ProductionDeps } from './deps.ts'
import { takeFeedback } from './feedback.ts'
import type { DeliveredEvent } from './take-delivery.ts'

/**
 * What one delivered event makes Cupel do. Done twice it does the same once: reviews have keys, commands are
 * taken once, and an event older than what is known changes nothing.
 */
export async function deliver(deps: ProductionDeps, event: DeliveredEvent): Promise<string> {
  const outcomes: string[] = []
  for (const intent of decideEvent(event, deps.app)) outcomes.push(await act(deps, intent, event.receivedAt))
  return outcomes.join('; ')
}

async function act(deps: ProductionDeps, intent: Intent, receivedAt: Date): Promise<string> {
  switch (intent.kind) {
    case 'review':
      return observeAndAsk(deps, intent, receivedAt)
    case 'close': {
      const { stale } = await deps.pullRequests.observe({ ...intent.ref, ...intent, open: false })
      if (stale) return 'stale: closed before a later event'
      const { repositoryId, number } = intent.ref
      await deps.samples.end(repositoryId, number, intent.closedAt, intent.merged)
      await deps.followed.closed(intent.ref, intent.closedAt)
      return 'closed'
    }
    case 'rerequest': {
      const requests = await rerequested(deps, intent, receivedAt)
      for (const request of requests) await askForReview(deps, request)
      return requests.length > 0
        ? 'review asked for again'
        : 'rerequested check belongs to no review of Cupel'
    }
    case 'reply':
    case 'human-comment':
    case 'thread':
      return takeFeedback(deps, intent, receivedAt)
    case 'command':
      return runCommand(deps, intent, receivedAt)
    case 'forget': {
      const rows = await deps.pullRequests.forget(intent)
      await deps.audit.append({
        actor: 'github',
        action: 'forget',
        subject: `installation:${intent.installationId}`,
        data: { repositoryIds: intent.repositoryIds ?? 'all', rows },
      })
      return `forgot ${rows} rows`
    }
    case 'ignore':
      return `ignored: ${intent.why}`
    case 'unreadable':
      deps.log.warn({ why: intent.why }, 'webhook payload cannot be read')
      return `unreadable: ${intent.why}`
  }
}

async function observeAndAsk(
  deps: ProductionDeps,
  intent: Extract<Intent, { kind: 'review' }>,
  receivedAt: Date,
): Promise<string> {
  const { state, stale } = await deps.pullRequests.observe({
    ...intent.ref,
    headSha: intent.headSha,
    updatedAt: intent.updatedAt,
    open: true,
  })
  if (stale) return 'stale: a later event is known'
  if (intent.trigger.kind === 'reopened') await deps.followed.closed(intent.ref, null)
  // Planned from the receipt, so that an event taken again after a crash plans the same.
  const dueAt = planReview({ plannedAt: state.lastAskedAt, now: receivedAt })
  await Promise.all([
    deps.pullRequests.markAsked(intent.ref.repositoryId, intent.ref.number, dueAt),
    askForReview(deps, {
      ...pick(intent.ref),
      headSha: intent.headSha,
      occasion: intent.occasion,
      label: intent.trigger.kind === 'labeled' ? intent.trigger.label : null,
      asked: false,
      full: false,
      dueAt,
    }),
  ])
  return 'review asked for'
}

async function rerequested(
  deps: ProductionDeps,
  intent: Extract<Intent, { kind: 'rerequest' }>,
  dueAt: Date,
): Promise<Omit<ReviewRequest, 'id'>[]> {
  const numbers = intent.numbers.length > 0 ? intent.numbers : await numberByReview(deps, intent)
  return numbers.map(number => ({
    ...pick({ ...intent.repository, number }),
    headSha: intent.headSha,
    occasion: intent.occasion,
    label: null,
    asked: true,
    full: true,
    dueAt,
  }))
}

/** GitHub names no pull request for a check run on a fork's head; our external id is the review's row. */
async function numberByReview(
  deps: Pick<ProductionDeps, 'reviews'>,
  intent: Extract<Intent, { kind: 'rerequest' }>,
): Promise<number[]> {
  const review = await deps.reviews.get(intent.externalId)
  return review?.repositoryId === intent.repository.repositoryId ? [review.number] : []
}

function pick({ installationId, repositoryId, owner, repo, number }: PullRequestRef): PullRequestRef {
  return { installationId, repositoryId, owner, repo, number }
}
