import type pg from 'pg'
import { configurationSchema, type Configuration } from '../../core/configuration.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson, configurationId } from '../../core/ids.ts'
import type { Release, Releases } from '../../ports/stores.ts'
import type { Db } from './pool.ts'

export function releases(pool: pg.Pool): Releases {
  return {
    inForce: () => inForce(pool),
    installGenesisModels: configuration => installGenesisModels(pool, configuration),
  }
}

/** The newest release. Throws Fault configuration-invalid when this version of Cupel cannot read it. */
async function inForce(db: Db): Promise<Release> {
  const { rows } = await db.query<{
    id: string
    kind: Release['kind']
    configuration_id: string
    configuration: string
    created_at: Date
  }>(
    `select id, kind, configuration_id, configuration, created_at from production.releases
     order by sequence desc limit 1`,
  )
  const row = rows[0]
  const parsed = configurationSchema.safeParse(row ? JSON.parse(row.configuration) : null)
  if (!row || !parsed.success) {
    throw new Fault('configuration-invalid', `the release in force (${row?.id ?? 'none'}) cannot be read`, {
      retry: 'never',
      cause: parsed.error,
    })
  }
  return {
    id: row.id,
    kind: row.kind,
    configurationId: row.configuration_id,
    configuration: parsed.data,
    createdAt: row.created_at,
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
