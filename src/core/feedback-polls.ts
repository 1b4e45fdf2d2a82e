const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Reactions come soon or not at all: of a comment's first day most, then daily. */
const intervals = [5 * minute, 15 * minute, hour, 6 * hour, day] as const

/** Milliseconds to the next look, after `polls` looks. */
export function pollAfterMs(polls: number): number {
  return intervals[polls] ?? day
}

/** From then on a look asks for everything anew: a roll-up hides one person's taking back behind another's giving. */
export function looksAtAll(polls: number): boolean {
  return polls >= intervals.length - 1
}

/** Long after a pull request was closed nobody reacts any more. */
const afterCloseMs = 14 * day

export function isOver(closedAt: Date | null, now: Date): boolean {
  return closedAt !== null && now.getTime() - closedAt.getTime() > afterCloseMs
}
