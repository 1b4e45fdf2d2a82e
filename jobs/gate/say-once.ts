import type { ReconcileDeps } from './deps.ts'

/** What a door refuses is asked for again in every turn; the log hears of it when its reason is another. */
export function sayOnce(
  { refusals, log }: Pick<ReconcileDeps, 'refusals' | 'log'>,
  about: string,
  why: string,
  fields: object,
): void {
  if (refusals.get(about) === why) return
  refusals.set(about, why)
  log.warn({ ...fields, why }, 'the database refused what the gate asked for')
}
