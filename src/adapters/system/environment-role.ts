/**
 * Which variables each process may see. A child's environment is built from this list, never inherited, so a
 * process cannot leak what it was not given. Where processes are started one by one (Kubernetes), the same
 * lists say what goes into each one's Secret.
 */
export const roles = ['web', 'production', 'experiments', 'gate', 'archive', 'dashboard'] as const
export type Role = (typeof roles)[number]

/** Where processes that nobody told otherwise listen: those of one machine each have their own. */
export const metricsPorts = {
  production: 9464,
  experiments: 9465,
  gate: 9466,
  archive: 9467,
  dashboard: 9468,
} as const

/** What any Node.js process needs to run behind a proxy or a private certificate authority; none is a secret of Cupel. */
const everywhere = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'LOG_LEVEL',
  'CUPEL_DATA_DIR',
] as const

const modelSettings = [
  'OPENAI_BASE_URL',
  'ANTHROPIC_BASE_URL',
  'OPENAI_MODEL',
  'ANTHROPIC_MODEL',
  'CUPEL_PRICES',
  'CUPEL_ANSWER_DAYS',
] as const

/** DATABASE_URL is in no list: the one in the supervisor's environment is the owner's. */
const allowed: Record<Role, readonly string[]> = {
  web: ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS', 'REDIS_URL', 'HOST', 'PORT', 'CUPEL_RECOVERY_SECONDS'],
  production: [
    'HOST',
    'METRICS_PORT',
    'APP_ID',
    'PRIVATE_KEY',
    'PRIVATE_KEY_PATH',
    'GHE_HOST',
    'GHE_PROTOCOL',
    'REDIS_URL',
    'OPENAI_API_KEY',
    'ANTHROPIC_API_KEY',
    ...modelSettings,
    'CUPEL_ADMINS',
    'OPENAI_CHEAPER_MODEL',
    'ANTHROPIC_CHEAPER_MODEL',
    'CUPEL_DAILY_USD',
    'CUPEL_DAILY_USD_INSTALLATION',
    'CUPEL_DAILY_USD_REPOSITORY',
    'CUPEL_DAILY_USD_AUTHOR',
    'CUPEL_MONTHLY_USD',
    'CUPEL_MONTHLY_USD_INSTALLATION',
    'CUPEL_MONTHLY_USD_REPOSITORY',
    'CUPEL_MONTHLY_USD_AUTHOR',
    'CUPEL_SOFT_SHARE',
    'CUPEL_SAMPLE_RATE',
    'CUPEL_SAMPLE_DAYS',
    'CUPEL_RECOVERY_SECONDS',
  ],
  experiments: [
    'HOST',
    'REDIS_URL',
    'ARCHIVE_URL',
    ...modelSettings,
    'CUPEL_EXPERIMENTS_DAILY_USD',
    'CUPEL_EXPERIMENTS_MONTHLY_USD',
    'CUPEL_EXPERIMENT_DAILY_USD',
    'CUPEL_EXPERIMENT_MONTHLY_USD',
    'CUPEL_SOFT_SHARE',
    'CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE',
    'CUPEL_RECOVERY_SECONDS',
  ],
  gate: ['HOST', 'CUPEL_JUDGING_BUDGET', 'CUPEL_GATE_SECONDS', 'CUPEL_DEPLOYER'],
  archive: ['HOST'],
  dashboard: ['HOST', 'CUPEL_SESSION_SECRET', 'CUPEL_DASHBOARD_URL'],
}

/** Experiments pay with keys of their own; a production key never stands in for one that is missing. */
const renamed: Partial<Record<Role, Record<string, string>>> = {
  experiments: {
    CUPEL_EXPERIMENTS_OPENAI_API_KEY: 'OPENAI_API_KEY',
    CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY: 'ANTHROPIC_API_KEY',
    CUPEL_EXPERIMENTS_METRICS_PORT: 'METRICS_PORT',
  },
  gate: { CUPEL_GATE_METRICS_PORT: 'METRICS_PORT' },
  archive: { CUPEL_ARCHIVE_PORT: 'METRICS_PORT' },
  dashboard: { CUPEL_DASHBOARD_PORT: 'METRICS_PORT' },
}

/**
 * The environment of one process. `own` is what its starter gives it beyond the list: the DATABASE_URL of its
 * own role, a port, generated secrets of the embedded default; it wins.
 */
export function environmentFor(
  role: Role,
  env: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const result: Record<string, string> = {}
  for (const name of [...everywhere, ...allowed[role]]) {
    const value = env[name]
    if (value !== undefined) result[name] = value
  }
  for (const [from, to] of Object.entries(renamed[role] ?? {})) {
    const value = env[from]
    if (value !== undefined) result[to] = value
  }
  // A base URL without the key it belongs to would stop the child's start.
  if (role === 'experiments') {
    if (!result['OPENAI_API_KEY']) delete result['OPENAI_BASE_URL']
    if (!result['ANTHROPIC_API_KEY']) delete result['ANTHROPIC_BASE_URL']
  }
  // Any free port is meant for every process; a port of production's would be taken.
  if (role !== 'web' && role !== 'production' && env['METRICS_PORT'] === '0') result['METRICS_PORT'] ??= '0'
  return { ...result, ...own }
}
