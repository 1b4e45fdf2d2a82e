import type { GateDeps } from './deps.ts'

const LOOK_BACK_DAYS = 7
const HOUR_MS = 3_600_000
/** Before anything is known: hunks that a small team's samples have in a day. */
const ASSUMED_HUNKS = 20

/**
 * Sets the probability of the audit draw for today (UTC), and in the last hour for tomorrow too: once, and before the
 * day's samples are known. As many judgements as the budget allows, by what came in the last week.
 */
export async function setAuditDay(
  deps: Pick<GateDeps, 'draws' | 'clock' | 'judgingBudget' | 'newSeed' | 'log'>,
): Promise<void> {
  const now = deps.clock.now().getTime()
  const days = [now, now + HOUR_MS].map(at => new Date(at).toISOString().slice(0, 10))
  const open = await deps.draws.unset([...new Set(days)])
  if (open.length === 0) return
  const probability = probabilityOf(deps.judgingBudget, await deps.draws.recent(LOOK_BACK_DAYS))
  for (const day of open) {
    const set = await deps.draws.setDay(day, {
      probability,
      budget: deps.judgingBudget,
      seed: deps.newSeed(),
    })
    if (set) deps.log.info({ day, probability }, 'the day’s audit draw is set')
  }
}

/** 0 to 1. The first days of an installation count as they are, not as a thin week. */
function probabilityOf(budget: number, recent: { hunks: number; days: number }): number {
  const perDay = recent.hunks === 0 ? ASSUMED_HUNKS : recent.hunks / Math.max(1, recent.days)
  return Math.min(1, budget / Math.max(perDay, 1))
}
