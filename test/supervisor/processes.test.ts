import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, test } from 'vitest'
import { roleUrl, type Role } from '../../src/adapters/postgres/roles.ts'
import { variables } from '../../src/adapters/system/environment.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'
import { supervise, type Supervisor } from '../../src/supervisor/supervise.ts'

const ownerUrl = 'postgres://owner:the-owners-password@127.0.0.1:5432/cupel'
const everywhere = [
  'CUPEL_DATA_DIR',
  'DATABASE_URL',
  'HOME',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'LANG',
  'LOG_LEVEL',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'NO_PROXY',
  'PATH',
  'TMPDIR',
  'TZ',
]
/** Everything that each process may see of a machine on which everything is set. */
const expected: Record<string, { role: Role; sees: string[] }> = {
  web: {
    role: 'cupel_web',
    sees: [
      'CUPEL_RECOVERY_SECONDS',
      'HOST',
      'PORT',
      'REDIS_URL',
      'WEBHOOK_SECRET',
      'WEBHOOK_SECRET_PREVIOUS',
    ],
  },
  experiments: {
    role: 'cupel_experiments',
    sees: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_BASE_URL',
      'ANTHROPIC_MODEL',
      'ARCHIVE_URL',
      'CUPEL_ANSWER_DAYS',
      'CUPEL_EXPERIMENTS_DAILY_USD',
      'CUPEL_EXPERIMENTS_MONTHLY_USD',
      'CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE',
      'CUPEL_EXPERIMENT_DAILY_USD',
      'CUPEL_EXPERIMENT_MONTHLY_USD',
      'CUPEL_PRICES',
      'CUPEL_RECOVERY_SECONDS',
      'CUPEL_SOFT_SHARE',
      'HOST',
      'METRICS_PORT',
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
      'OPENAI_MODEL',
      'REDIS_URL',
    ],
  },
  gate: {
    role: 'cupel_gate',
    sees: ['CUPEL_DEPLOYER', 'CUPEL_GATE_SECONDS', 'CUPEL_JUDGING_BUDGET', 'HOST', 'METRICS_PORT'],
  },
  archive: { role: 'cupel_archive', sees: ['HOST', 'METRICS_PORT'] },
  dashboard: {
    role: 'cupel_operator',
    sees: ['CUPEL_DASHBOARD_URL', 'CUPEL_SESSION_SECRET', 'HOST', 'METRICS_PORT'],
  },
  production: {
    role: 'cupel_production',
    sees: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_BASE_URL',
      'ANTHROPIC_CHEAPER_MODEL',
      'ANTHROPIC_MODEL',
      'APP_ID',
      'CUPEL_ADMINS',
      'CUPEL_ANSWER_DAYS',
      'CUPEL_DAILY_USD',
      'CUPEL_DAILY_USD_AUTHOR',
      'CUPEL_DAILY_USD_INSTALLATION',
      'CUPEL_DAILY_USD_REPOSITORY',
      'CUPEL_MONTHLY_USD',
      'CUPEL_MONTHLY_USD_AUTHOR',
      'CUPEL_MONTHLY_USD_INSTALLATION',
      'CUPEL_MONTHLY_USD_REPOSITORY',
      'CUPEL_PRICES',
      'CUPEL_RECOVERY_SECONDS',
      'CUPEL_SAMPLE_DAYS',
      'CUPEL_SAMPLE_RATE',
      'CUPEL_SOFT_SHARE',
      'GHE_HOST',
      'GHE_PROTOCOL',
      'HOST',
      'METRICS_PORT',
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
      'OPENAI_CHEAPER_MODEL',
      'OPENAI_MODEL',
      'PRIVATE_KEY',
      'PRIVATE_KEY_PATH',
      'REDIS_URL',
    ],
  },
}

/** Read under another name by the process they are for. */
const renamed = [
  'CUPEL_EXPERIMENTS_OPENAI_API_KEY',
  'CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY',
  'CUPEL_EXPERIMENTS_METRICS_PORT',
  'CUPEL_GATE_METRICS_PORT',
  'CUPEL_ARCHIVE_PORT',
  'CUPEL_DASHBOARD_PORT',
]

let folder: string
let supervisor: Supervisor
const seen: Record<string, Record<string, string>> = {}
const env: Record<string, string> = {}
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cupel-processes-'))
  const strangers = [
    'GITHUB_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'PGPASSWORD',
    'ssh_auth_sock',
  ]
  for (const name of [...variables, ...renamed, ...everywhere, ...strangers]) env[name] = `value of ${name}`
  // Node.js 24 crashes when both of these name nothing.
  Object.assign(env, { TZ: 'UTC', LANG: 'C' })
  Object.assign(env, { TMPDIR: folder, DATABASE_URL: ownerUrl })
  // A PORT of the starter's own, as the embedded default picks one.
  const specs = processSpecs(env, ownerUrl, { PORT: '4321' })
  const log = { info: () => {}, error: () => {} }
  supervisor = supervise(
    specs.map(spec => ({ ...spec, module: 'test/supervisor/child.ts' })),
    log,
  )
  await supervisor.ready
  for (const [name, pid] of Object.entries(supervisor.pids())) {
    const text = readFileSync(join(folder, `${pid}.json`), 'utf8')
    const {
      NODE_CHANNEL_FD: _,
      NODE_CHANNEL_SERIALIZATION_MODE: __,
      ...own
    } = JSON.parse(text) as Record<string, string>
    seen[name] = own
  }
})
afterAll(async () => {
  await supervisor.stop(1_000)
  rmSync(folder, { recursive: true })
})

test('every process is in the table', () => {
  expect(Object.keys(seen).sort()).toEqual(Object.keys(expected).sort())
})

it.each(Object.entries(expected))('%s sees its allow-list and nothing else', (name, { role, sees }) => {
  expect(Object.keys(seen[name] ?? {}).sort()).toEqual([...everywhere, ...sees].sort())
  expect(seen[name]?.['DATABASE_URL']).toBe(roleUrl(ownerUrl, role))
})

it('what the starter sets wins over the machine', () => {
  expect(seen['web']?.['PORT']).toBe('4321')
})

it.each([
  [{}, 'http://127.0.0.1:9467'],
  [{ HOST: '0.0.0.0', CUPEL_ARCHIVE_PORT: '81' }, 'http://127.0.0.1:81'],
  [{ HOST: '::1' }, 'http://[::1]:9467'],
  [{ METRICS_PORT: '0' }, undefined],
  [{ METRICS_PORT: '0', CUPEL_ARCHIVE_PORT: '82' }, 'http://127.0.0.1:82'],
  [{ ARCHIVE_URL: 'https://archive.example' }, 'https://archive.example'],
])('with %j the experiments worker looks for the archive at %s', (own, url) => {
  const spec = processSpecs(own, ownerUrl).find(each => each.name === 'experiments')
  expect(spec?.env['ARCHIVE_URL']).toBe(url)
})

it.each([
  ['web', ['APP_ID', 'PRIVATE_KEY', 'PRIVATE_KEY_PATH', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY']],
  ['production', ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS', ...renamed]],
  [
    'experiments',
    [
      'APP_ID',
      'PRIVATE_KEY',
      'PRIVATE_KEY_PATH',
      'WEBHOOK_SECRET',
      'GHE_HOST',
      'GITHUB_TOKEN',
      'OPENAI_API_KEY',
    ],
  ],
  [
    'gate',
    [
      'APP_ID',
      'PRIVATE_KEY',
      'PRIVATE_KEY_PATH',
      'WEBHOOK_SECRET',
      'GHE_HOST',
      'GITHUB_TOKEN',
      'OPENAI_API_KEY',
      'ANTHROPIC_API_KEY',
      'CUPEL_EXPERIMENTS_OPENAI_API_KEY',
      'CUPEL_EXPERIMENTS_ANTHROPIC_API_KEY',
      'REDIS_URL',
    ],
  ],
  [
    'dashboard',
    ['APP_ID', 'PRIVATE_KEY', 'WEBHOOK_SECRET', 'GITHUB_TOKEN', 'OPENAI_API_KEY', 'REDIS_URL', 'ARCHIVE_URL'],
  ],
])('%s holds no value of %j, under whatever name', (name, secrets) => {
  const values = Object.values(seen[name] ?? {}).join('\n')
  for (const secret of secrets) expect(values).not.toContain(env[secret])
  expect(values).not.toContain('the-owners-password')
})
