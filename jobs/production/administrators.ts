import type { Administrators, Directory } from '../../src/ports/administrators.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Log } from './deps.ts'

/** Whoever left a team keeps no power for longer than this, also while the code host does not answer. */
const TEAM_VALID_MS = 3_600_000

/** `names`: logins and `organisation/team`. Nobody is an administrator before the first `refresh`. */
export function administrators(
  deps: { directory: Directory; clock: Pick<Clock, 'now'>; log: Pick<Log, 'warn'> },
  names: readonly string[],
): Administrators {
  /** A login is looked up once: another account that takes the name over later does not inherit the power. */
  const people = new Map<string, number>()
  const teams = new Map<string, { ids: Set<number>; at: number }>()
  const now = () => deps.clock.now().getTime()

  async function look(name: string): Promise<'known' | 'unknown'> {
    const [organisation = '', slug] = name.split('/')
    if (slug === undefined) {
      if (people.has(name)) return 'known'
      const id = await deps.directory.user(name)
      if (id !== null) people.set(name, id)
      return id === null ? 'unknown' : 'known'
    }
    const ids = await deps.directory.team(organisation, slug)
    if (ids === null) teams.delete(name)
    else teams.set(name, { ids: new Set(ids), at: now() })
    return ids === null ? 'unknown' : 'known'
  }

  return {
    has: userId =>
      [...people.values()].includes(userId) ||
      [...teams.values()].some(({ ids, at }) => ids.has(userId) && now() - at < TEAM_VALID_MS),
    async refresh() {
      for (const name of names) {
        try {
          if ((await look(name)) === 'unknown')
            deps.log.warn(
              { name },
              'CUPEL_ADMINS names nobody that GitHub knows; a team needs the App in its organisation, with members: read',
            )
        } catch (error) {
          deps.log.warn({ name, err: error }, 'an administrator could not be looked up; it is tried again')
        }
      }
    },
  }
}
