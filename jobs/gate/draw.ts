import type { GateDeps } from './deps.ts'

const LOOK_BACK_DAYS = 7
/** Before anything is known: what a small team opens in a day. */
const assumed = { samples: 5, hunks: 4 }

/**
 * Sets the day's probability of the audit draw, once and before its samples are known: as many judgements as the
 * budget allows, by what came in the last week.
 */
export async function setAuditDay(
  deps: Pick<GateDeps, 'draws' | 'clock' | 'judgingBudget' | 'newSeed' | 'log'>,
): Promise<void> {
  const day = deps.clock.now().toISOString().slice(0, 10)
  const { samples, hunks } = await deps.draws.recent(LOOK_BACK_DAYS)
  const perDay = samples === 0 ? assumed.samples * assumed.hunks : hunks / LOOK_BACK_DAYS
  const probability = Math.min(1, deps.judgingBudget / Math.max(perDay, 1))
  const set = await deps.draws.setDay(day, { probability, budget: deps.judgingBudget, seed: deps.newSeed() })
  if (set) deps.log.info({ day, probability }, 'the day’s audit draw is set')
}
