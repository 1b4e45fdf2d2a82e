/** A webhook delivery that failed: no answer, or none that says it was taken. */
export interface FailedDelivery {
  /** Of this attempt. */
  id: number
  /** X-GitHub-Delivery: the same for every attempt. */
  guid: string
  at: Date
}

/** GitHub lists deliveries, and sends them again, for this long. */
export const redeliverableMs = 3 * 86_400_000

const firstWaitMs = 10 * 60_000
const longestWaitMs = 60 * 60_000

/**
 * The newest attempt of each delivery that is to be asked for again: at once after the first failure, then 10, 20
 * and 40 minutes after the last one, then hourly, so that a delivery nobody ever takes costs about 75 requests
 * before GitHub forgets it. Those with the fewest attempts come first, so that it keeps no other waiting; the
 * older before the newer.
 */
export function dueForRedelivery(failed: readonly FailedDelivery[], now: Date): FailedDelivery[] {
  const byGuid = Map.groupBy(failed, attempt => attempt.guid)
  return [...byGuid.values()]
    .map(attempts => ({
      newest: attempts.reduce((newest, attempt) => (attempt.at > newest.at ? attempt : newest)),
      tries: attempts.length,
    }))
    .filter(({ newest, tries }) => now.getTime() - newest.at.getTime() >= waitMs(tries))
    .toSorted((a, b) => a.tries - b.tries || a.newest.at.getTime() - b.newest.at.getTime())
    .map(({ newest }) => newest)
}

function waitMs(tries: number): number {
  return tries <= 1 ? 0 : Math.min(firstWaitMs * 2 ** (tries - 2), longestWaitMs)
}
