import { environmentFor, metricsPorts } from '../adapters/system/environment-role.ts'
import { roleUrl, type Role as DatabaseRole } from '../adapters/postgres/roles.ts'
import type { ProcessSpec } from './supervise.ts'

/** Every process that runs today: its module, and the database role that fences it. */
const processes = {
  web: { module: 'src/web/main.ts', role: 'cupel_web' },
  production: { module: 'jobs/production/main.ts', role: 'cupel_production' },
  experiments: { module: 'jobs/experiments/main.ts', role: 'cupel_experiments' },
  gate: { module: 'jobs/gate/main.ts', role: 'cupel_gate' },
  archive: { module: 'src/archive/main.ts', role: 'cupel_archive' },
  dashboard: { module: 'src/dashboard/main.ts', role: 'cupel_operator' },
} as const satisfies Record<string, { module: string; role: DatabaseRole }>

/**
 * V8 lets a heap grow to several times what lives in it before it cleans up, and keeps the room: a third of a
 * worker's memory for a few per cent of its time. bench/memory.ts holds the figures.
 */
const flags = ['--max-semi-space-size=4', '--heap-growing-percent=30']

/**
 * What to start. `env` is the supervisor's own environment, of which each process gets only its allow-list;
 * `ownerUrl` never reaches a child, only the URL of its role does.
 */
export function processSpecs(
  env: Readonly<Record<string, string | undefined>>,
  ownerUrl: string,
  own: Readonly<Record<string, string>> = {},
): ProcessSpec[] {
  const whole = { ...env, ...own }
  const given = { ...whole, ARCHIVE_URL: whole.ARCHIVE_URL || reachedAt('archive', whole) }
  return Object.entries(processes).map(([name, { module, role }]) => ({
    name,
    module,
    flags,
    env: environmentFor(name as keyof typeof processes, given, { DATABASE_URL: roleUrl(ownerUrl, role) }),
  }))
}

const ports = { archive: 'CUPEL_ARCHIVE_PORT', dashboard: 'CUPEL_DASHBOARD_PORT' } as const

/** Where the archive or dashboard that is started beside the others is reached from here; undefined where that is any free port. */
export function reachedAt(
  name: keyof typeof ports,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const port = env[ports[name]] || (env['METRICS_PORT'] === '0' ? '0' : String(metricsPorts[name]))
  const host = env['HOST'] || '127.0.0.1'
  const reached = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  return port === '0' ? undefined : `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
