import type pg from 'pg'
import { configurationSchema, type Configuration } from '../../core/configuration.ts'
import { canonicalJson, configurationId } from '../../core/ids.ts'
import { chooseRelease, type ReleaseKind, type StandingRelease } from '../../core/release.ts'
import type { Releases } from '../../ports/stores.ts'
import type { Db } from './pool.ts'

export interface ReleaseOptions {
  /** Decides which pull requests go to a canary: production's own, so that nobody outside can choose. */
  secret: string
  /** Whether this version has the prompt that a configuration names. */
  hasPrompt(name: string): boolean
  log: { error(fields: object, message: string): void }
}

export function releases(pool: pg.Pool, options: ReleaseOptions): Releases {
  return {
    async inForce(pull) {
      const { release, unreadable } = chooseRelease(options.secret, pull, await standing(pool, options))
      if (unreadable.length > 0)
        options.log.error(
          { releases: unreadable, instead: release.id },
          'a release cannot be read by this version of Cupel; an earlier one reviews in its place',
        )
      const { id, kind, configuration, createdAt } = release
      return { id, kind, configurationId: release.configurationId, configuration, createdAt }
    },
    installGenesisModels: configuration => installGenesisModels(pool, configuration),
  }
}

/** The canary, if there is one, then the full releases, the one that became so last first. */
async function standing(
  db: Db,
  { hasPrompt }: Pick<ReleaseOptions, 'hasPrompt'>,
): Promise<StandingRelease[]> {
  const { rows } = await db.query<{
    id: string
    kind: ReleaseKind
    step: 'canary' | 'full'
    share: number
    configuration_id: string
    configuration: string
    created_at: Date
  }>(
    `select id, kind, step, share, configuration_id, configuration, created_at from production.release_states
     where step in ('canary', 'full') order by step, step_id desc`,
  )
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    step: row.step,
    share: row.share,
    configurationId: row.configuration_id,
    configuration: readConfiguration(row.configuration, hasPrompt),
    createdAt: row.created_at,
  }))
}

/** Null when this version cannot read it. The table's own check says that it is JSON with the right digest, no more. */
export function readConfiguration(
  text: string,
  hasPrompt: ReleaseOptions['hasPrompt'],
): Configuration | null {
  try {
    const parsed = configurationSchema.safeParse(JSON.parse(text))
    return parsed.success && hasPrompt(parsed.data.prompt) ? parsed.data : null
  } catch {
    return null
  }
}

async function installGenesisModels(
  db: Db,
  configuration: Configuration,
): Promise<'installed' | 'not-needed'> {
  const { rows } = await db.query<{ outcome: 'installed' | 'not-needed' }>(
    'select doors.install_genesis_models($1, $2) as outcome',
    [canonicalJson(configuration), configurationId(configuration)],
  )
  return rows[0]?.outcome ?? 'not-needed'
}
