import type { Clock } from '../../ports/clock.ts'

const shortestMs = 60_000
const longestMs = 15 * 60_000

export interface Pauses {
  /** How long to pause when GitHub names no time, in ms: a minute, and twice as long each time in a row. */
  next(installationId: number): number
  /** Refusals that arrive during one pause count once: several requests were under way when it began. */
  paused(installationId: number, until: Date): void
  /** A request was answered: the next pause is a short one again. */
  passed(installationId: number): void
}

/**
 * GitHub asks for at least a minute, then exponentially more, and may ban an App that goes on ("Rate limits for the
 * REST API"). Counted per process: the pause itself is shared by the pacer.
 */
export function pauses(clock: Pick<Clock, 'now'>): Pauses {
  const inARow = new Map<number, { times: number; until: number }>()
  return {
    next: installationId => Math.min(shortestMs * 2 ** (inARow.get(installationId)?.times ?? 0), longestMs),
    paused(installationId, until) {
      const known = inARow.get(installationId)
      const same = known !== undefined && known.until > clock.now().getTime()
      inARow.set(installationId, {
        times: same ? known.times : (known?.times ?? 0) + 1,
        until: Math.max(until.getTime(), known?.until ?? 0),
      })
    },
    passed: installationId => void inARow.delete(installationId),
  }
}
