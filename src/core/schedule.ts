import type { RepositoryConfiguration } from './repository-configuration.ts'

/** Pushes within this many milliseconds of each other are reviewed together. */
export const coalesceMs = 30_000

/**
 * When a review begins: a pull request's first one now, a push less than 30 s after the last planned beginning
 * at the end of these 30 s, a push while one is still planned together with it. The push that was planned, taken
 * again after a crash, is planned the same. Never more than coalesceMs after `now`, also when the clock went back since.
 */
export function planReview(facts: { plannedAt: Date | null; now: Date }): Date {
  const now = facts.now.getTime()
  const planned = facts.plannedAt?.getTime() ?? -Infinity
  if (planned >= now) return new Date(Math.min(planned, now + coalesceMs))
  return new Date(Math.max(now, planned + coalesceMs))
}

export type ReviewTrigger =
  | { kind: 'push' }
  | { kind: 'labeled'; label: string }
  /** Somebody with the right to do so asked: draft, bot, pause and the skip label do not stop them. */
  | { kind: 'asked' }

export type SkipReviewReason =
  | 'closed'
  | 'disabled'
  | 'skip-label'
  | 'paused'
  | 'draft'
  | 'bot-author'
  | 'other-label'

export type ReviewDecision =
  | { kind: 'review' }
  /** `text` is for the check run; null when there is nothing to tell, as nothing was expected. */
  | { kind: 'skip'; reason: SkipReviewReason; text: string | null }

/** Decides whether a pull request is reviewed. Earlier rules win: closed, disabled, asked, skip, pause, force. */
export function shouldReview(facts: {
  view: {
    state: 'open' | 'closed' | 'merged'
    draft: boolean
    labels: readonly string[]
    author: { bot: boolean }
  }
  configuration: Pick<RepositoryConfiguration, 'enabled' | 'drafts' | 'bots' | 'labels'>
  paused: boolean
  trigger: ReviewTrigger
}): ReviewDecision {
  const { view, configuration, trigger } = facts
  if (view.state !== 'open') return skip('closed', null)
  if (!configuration.enabled) {
    return skip('disabled', 'Reviews are off in this repository: `enabled: false` in `.github/cupel.yml`.')
  }
  if (trigger.kind === 'asked') return { kind: 'review' }
  if (trigger.kind === 'labeled' && !has(configuration.labels.force, trigger.label)) {
    return skip('other-label', null)
  }
  if (view.labels.some(label => has(configuration.labels.skip, label))) {
    return skip('skip-label', 'Not reviewed: a label of this pull request says to skip it (`labels: skip`).')
  }
  if (facts.paused)
    return skip('paused', 'Reviews of this pull request are paused. `/cupel resume` begins them again.')
  if (view.labels.some(label => has(configuration.labels.force, label))) return { kind: 'review' }
  if (view.draft && !configuration.drafts) {
    return skip('draft', 'Drafts are not reviewed. Mark it ready, or comment `/cupel review`.')
  }
  if (view.author.bot && !configuration.bots) {
    return skip(
      'bot-author',
      'Pull requests by bots are not reviewed (`bots: false`). Comment `/cupel review` for one.',
    )
  }
  return { kind: 'review' }
}

function skip(reason: SkipReviewReason, text: string | null): ReviewDecision {
  return { kind: 'skip', reason, text }
}

/** GitHub's label names differ by more than case. */
function has(labels: readonly string[], label: string): boolean {
  return labels.some(one => one.toLowerCase() === label.toLowerCase())
}
