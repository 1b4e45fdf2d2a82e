import { maintainers } from './maintainers.ts'
import type { OpenedPull } from './people.ts'
import { plannedPull, repositories } from './pull-requests.ts'
import type { CycleWorld } from './world.ts'

/** A life under way. */
export interface Life {
  world: CycleWorld
  /** Pull requests opened so far. */
  opened: number
  /** The newest of them. */
  newest: OpenedPull | null
  tell(line: string, evidence?: readonly string[]): void
  /** Said often; throws when the life is to end early. */
  progress(line: string): void
}

/** Reactions are looked at every few days: no webhook tells of them, and they change nothing before labels are final. */
const REACTIONS_EVERY_DAYS = 4
/** Labels are final fourteen days after a sample was taken: what is said later than that tells nobody anything. */
const MOST_LOOKS = 12

/**
 * A day: so many pull requests are opened, reviewed, run by V1's experiments, talked about, judged and closed; then the gate
 * looks. `atOnce` are opened together; `standing` is said beside their number.
 */
export async function workday(
  life: Life,
  pullRequests: number,
  { atOnce = repositories.length, judged = true, standing = async () => '' } = {},
): Promise<void> {
  const { world } = life
  // The day's draw is set before its samples are known.
  await world.gate.look()
  const since = new Date(Date.now() - 1_000)
  const pulls: OpenedPull[] = []
  while (pulls.length < pullRequests) {
    for (let i = 0; i < atOnce && pulls.length < pullRequests; i++) pulls.push(await openNext(life))
    await world.production.settled()
    life.progress(`${life.opened} pull requests${await standing()}`)
  }
  await world.experiments.work()
  for (const pull of pulls) {
    await world.people.react(pull)
    await world.people.close(pull)
  }
  if (judged) await world.people.judge(since)
  await world.production.settled()
  await world.production.recordSlo()
  await world.gate.look()
}

export async function nightfall({ world }: Life, days = 1): Promise<void> {
  await world.calendar.pass(days)
  if (world.calendar.day() % REACTIONS_EVERY_DAYS !== 0) return
  for (let looks = 0; looks < MOST_LOOKS; looks++)
    if ((await world.production.lookAtReactions()) === 0) return
}

async function openNext(life: Life): Promise<OpenedPull> {
  const { world } = life
  const plan = plannedPull(world.seed, life.opened++, maintainers)
  for (const place of plan.places) world.places.set(place.word, place)
  return (life.newest = await world.people.open(plan))
}
