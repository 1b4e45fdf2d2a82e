import { readFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { environmentFor, type Role, roles } from '../../../src/adapters/system/environment-role.ts'
import { readEnvironment, variables } from '../../../src/adapters/system/environment.ts'
import { asFault, type Fault } from '../../../src/core/fault.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const pem = rsa.export({ type: 'pkcs1', format: 'pem' }).toString().trim()
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const app = { APP_ID: '12', PRIVATE_KEY: pem, WEBHOOK_SECRET: 'a-secret-of-length' }

function fault(env: Record<string, string>, role?: Role): Fault {
  try {
    readEnvironment(env, role, () => {
      throw new Error('ENOENT')
    })
  } catch (error) {
    return asFault(error)
  }
  throw new Error('nothing was thrown')
}

describe('readEnvironment', () => {
  it('an empty environment is the embedded default', () => {
    expect(readEnvironment({ APP_ID: '', PRIVATE_KEY: ' ', REDIS_URL: undefined })).toEqual({
      administrators: [],
      app: null,
      archiveUrl: null,
      webhookSecrets: [],
      githubApiUrl: 'https://api.github.com',
      githubWebUrl: 'https://github.com',
      databaseUrl: null,
      redisUrl: null,
      models: { openai: null, anthropic: null },
      host: '127.0.0.1',
      port: 3000,
      metricsPort: 9464,
      logLevel: 'info',
      pricesPath: null,
      sessionSecret: null,
      dashboardUrl: null,
      dataDir: '.cupel',
      sampleRate: 0.25,
      sampleDays: 180,
      answerDays: 7,
      dailyUsd: { zoneUsd: 50, installationUsd: 20, repositoryUsd: 10, authorUsd: 5 },
      monthlyUsd: { zoneUsd: 500, installationUsd: 200, repositoryUsd: 100, authorUsd: 50 },
      softShare: 0.8,
      cheaperModels: { openai: 'gpt-6-luna', anthropic: 'claude-haiku-5-5' },
      experiments: {
        dailyUsd: 20,
        monthlyUsd: 200,
        eachDailyUsd: 20,
        eachMonthlyUsd: 100,
        requestsPerMinute: 60,
      },
      gate: { judgingBudget: 10, everyMs: 10_000, deployer: 'local' },
      recoveryMs: 30_000,
    })
  })

  it.each([
    ['as it is', pem],
    ['with \\n written out', pem.replaceAll('\n', String.raw`\n`)],
    ['with CRLF', pem.replaceAll('\n', '\r\n')],
    ['in base64', Buffer.from(pem).toString('base64')],
    ['as PKCS #8', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('takes a private key %s', (_, PRIVATE_KEY) => {
    const key = readEnvironment({ ...app, PRIVATE_KEY }).app?.privateKey
    expect(key).toMatch(/^-----BEGIN (RSA )?PRIVATE KEY-----\n[^\\\r]+-----$/)
  })

  it('takes a private key from a file', () => {
    const { PRIVATE_KEY: _, ...rest } = app
    const environment = readEnvironment({ ...rest, PRIVATE_KEY_PATH: '/key.pem' }, 'supervisor', path => {
      expect(path).toBe('/key.pem')
      return `${pem}\n`
    })
    expect(environment.app).toEqual({ id: 12, privateKey: pem })
  })

  it('both secrets hold while one replaces the other, the new one first', () => {
    expect(readEnvironment({ ...app, WEBHOOK_SECRET_PREVIOUS: 'old' }).webhookSecrets).toEqual([
      app.WEBHOOK_SECRET,
      'old',
    ])
  })

  it.each([
    [{ GHE_HOST: 'github.example.com' }, 'https://github.example.com/api/v3'],
    [{ GHE_HOST: '127.0.0.1:4000', GHE_PROTOCOL: 'http' }, 'http://127.0.0.1:4000/api/v3'],
  ])('%j is at %s', (env, expected) => expect(readEnvironment(env).githubApiUrl).toBe(expected))

  it('models, queue, database and limits', () => {
    const environment = readEnvironment({
      OPENAI_API_KEY: 'sk-x',
      OPENAI_BASE_URL: 'http://localhost:11434/v1',
      OPENAI_MODEL: 'llama3:8b',
      ANTHROPIC_API_KEY: 'y',
      DATABASE_URL: 'postgresql://u:p@h/d',
      CUPEL_SESSION_SECRET: 's'.repeat(32),
      REDIS_URL: 'rediss://h:1',
      CUPEL_DAILY_USD_AUTHOR: '0.5',
      PORT: '0',
    })
    expect(environment.models.openai).toEqual({
      apiKey: 'sk-x',
      baseUrl: 'http://localhost:11434/v1',
      model: 'llama3:8b',
    })
    expect(environment.models.anthropic).toMatchObject({
      apiKey: 'y',
      model: expect.stringMatching(/^claude-/),
    })
    expect(environment).toMatchObject({
      databaseUrl: 'postgresql://u:p@h/d',
      redisUrl: 'rediss://h:1',
      port: 0,
    })
    expect(environment.dailyUsd.authorUsd).toBe(0.5)
  })

  const { APP_ID: _a, ...noId } = app
  const { PRIVATE_KEY: _k, ...noKey } = app
  const { WEBHOOK_SECRET: _s, ...noSecret } = app
  it.each<[string, Record<string, string>, string]>([
    ['APP_ID', noId, 'settings page'],
    ['PRIVATE_KEY', noKey, '.pem'],
    ['WEBHOOK_SECRET', noSecret, 'openssl rand'],
    ['WEBHOOK_SECRET', { ...app, WEBHOOK_SECRET: 'development' }, 'well-known'],
    ['WEBHOOK_SECRET', { ...app, WEBHOOK_SECRET: 'SECRETVALUE x' }, 'white space'],
    ['WEBHOOK_SECRET_PREVIOUS', { WEBHOOK_SECRET_PREVIOUS: 'SECRETVALUE' }, 'WEBHOOK_SECRET'],
    ['APP_ID', { ...app, APP_ID: 'my-app' }, 'number'],
    ['PRIVATE_KEY', { ...app, PRIVATE_KEY: 'SECRETVALUE' }, 'RSA'],
    ['PRIVATE_KEY', { ...app, PRIVATE_KEY: pem.slice(0, 400) }, 'RSA'],
    [
      'PRIVATE_KEY',
      { ...app, PRIVATE_KEY: elliptic.export({ type: 'pkcs8', format: 'pem' }).toString() },
      'RSA',
    ],
    ['PRIVATE_KEY', { ...app, PRIVATE_KEY_PATH: '/x' }, 'keep one'],
    ['PRIVATE_KEY_PATH', { ...noKey, PRIVATE_KEY_PATH: '/x' }, 'permissions'],
    ['GHE_HOST', { GHE_HOST: 'https://x/' }, 'without https'],
    ['GHE_PROTOCOL', { GHE_PROTOCOL: 'https' }, 'GHE_HOST'],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://u:SECRETVALUE@h/d' }, 'postgres://'],
    ['REDIS_URL', { REDIS_URL: 'localhost:6379' }, 'redis://'],
    ['CUPEL_SESSION_SECRET', { CUPEL_SESSION_SECRET: 'SECRETVALUE'.repeat(2) }, 'shorter than 32'],
    ['CUPEL_SESSION_SECRET', { DATABASE_URL: 'postgres://u:p@h/d' }, 'openssl rand'],
    ['CUPEL_DASHBOARD_URL', { CUPEL_DASHBOARD_URL: 'cupel.example' }, 'https://'],
    ['OPENAI_API_KEY', { OPENAI_BASE_URL: 'http://x' }, 'any word'],
    ['ANTHROPIC_API_KEY', { ANTHROPIC_BASE_URL: 'http://x' }, 'any word'],
    ['OPENAI_BASE_URL', { OPENAI_API_KEY: 'x', OPENAI_BASE_URL: 'x' }, 'https://'],
    ['OPENAI_API_KEY', { OPENAI_API_KEY: 'sk-SECRETVALUE\n' }, 'white space'],
    ['OPENAI_MODEL', { OPENAI_MODEL: 'a b' }, 'provider'],
    ['PORT', { PORT: '65536' }, '65535'],
    ['LOG_LEVEL', { LOG_LEVEL: 'loud' }, 'debug'],
    ['CUPEL_DAILY_USD_AUTHOR', { CUPEL_DAILY_USD_AUTHOR: '-1' }, 'US dollars'],
    ['CUPEL_EXPERIMENTS_DAILY_USD', { CUPEL_EXPERIMENTS_DAILY_USD: 'much' }, 'US dollars'],
    [
      'CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE',
      { CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE: '0' },
      'leave it out for 60',
    ],
    ['CUPEL_ADMINS', { CUPEL_ADMINS: 'ada, https://github.com/bob' }, 'logins and org/team'],
    ['CUPEL_ADMINS', { CUPEL_ADMINS: 'a/b/c' }, 'logins and org/team'],
    ['CUPEL_SAMPLE_RATE', { CUPEL_SAMPLE_RATE: '1.5' }, 'write 0 to 1'],
    ['CUPEL_SAMPLE_RATE', { CUPEL_SAMPLE_RATE: '25%' }, 'write 0 to 1'],
    ['CUPEL_ANSWER_DAYS', { CUPEL_ANSWER_DAYS: '-1' }, 'leave it out for 7'],
    ['CUPEL_JUDGING_BUDGET', { CUPEL_JUDGING_BUDGET: '1001' }, 'write 0 to 1000'],
    ['CUPEL_DEPLOYER', { CUPEL_DEPLOYER: 'nomad' }, 'leave it out for local'],
    ['CUPEL_GATE_SECONDS', { CUPEL_GATE_SECONDS: '0' }, 'write 1 to 9999'],
    ['CUPEL_RECOVERY_SECONDS', { CUPEL_RECOVERY_SECONDS: '0' }, 'leave it out for 30'],
  ])('%s of %j: the message names it and the cure', (name, env, cure) => {
    const error = fault(env)
    expect(error).toMatchObject({ code: 'configuration-invalid', retry: 'never' })
    const line = error.message.split('\n').find(one => one.startsWith(`  - ${name} `))
    expect(line).toContain(cure)
    expect(error.message).not.toContain('SECRETVALUE')
    expect(error.message).not.toContain(pem.slice(40, 80))
  })

  it('every problem is in the one message', () => {
    const { message } = fault({ APP_ID: 'x', PORT: 'y', OPENAI_BASE_URL: 'z' })
    for (const name of [
      'APP_ID',
      'PRIVATE_KEY',
      'WEBHOOK_SECRET',
      'PORT',
      'OPENAI_BASE_URL',
      'OPENAI_API_KEY',
    ]) {
      expect(message).toContain(`  - ${name} `)
    }
  })

  it.each<[Role, Record<string, string>, string]>([
    ['web', {}, 'WEBHOOK_SECRET'],
    ['production', {}, 'PRIVATE_KEY'],
    ['production', { PRIVATE_KEY: pem }, 'APP_ID'],
    ['dashboard', {}, 'CUPEL_SESSION_SECRET'],
  ])('the %s process does not start with %j', (role, env, name) => {
    expect(fault(env, role).message).toContain(`  - ${name} `)
  })
})

describe('environmentFor', () => {
  const everything: Record<string, string> = {
    ...Object.fromEntries(variables.map(name => [name, `value of ${name}`])),
    ...Object.fromEntries(
      ['OPENAI', 'ANTHROPIC'].map(name => [`CUPEL_EXPERIMENTS_${name}_API_KEY`, `trial ${name}`]),
    ),
    PATH: '/bin',
    AWS_SECRET_ACCESS_KEY: 'x',
    NODE_OPTIONS: '--require x',
  }
  const secrets = [
    'PRIVATE_KEY',
    'PRIVATE_KEY_PATH',
    'WEBHOOK_SECRET',
    'WEBHOOK_SECRET_PREVIOUS',
    'OPENAI_API_KEY',
    'ANTHROPIC_API_KEY',
    'CUPEL_SESSION_SECRET',
  ]

  it.each<[Role, string[]]>([
    ['web', ['WEBHOOK_SECRET', 'WEBHOOK_SECRET_PREVIOUS']],
    ['production', ['PRIVATE_KEY', 'PRIVATE_KEY_PATH', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY']],
    ['experiments', ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY']],
    ['gate', []],
    ['archive', []],
    ['dashboard', ['CUPEL_SESSION_SECRET']],
  ])('%s holds these secrets and no others: %j', (role, names) => {
    const env = environmentFor(role, everything)
    expect(secrets.filter(name => name in env)).toEqual(names)
    expect(env['PATH']).toBe('/bin')
  })

  it.each(roles)('%s gets neither the owner of the database nor a variable nobody listed', role => {
    const env = environmentFor(role, everything)
    expect(env).not.toHaveProperty('DATABASE_URL')
    expect(env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY')
    expect(env).not.toHaveProperty('NODE_OPTIONS')
    expect(environmentFor(role, everything, { DATABASE_URL: 'own' })['DATABASE_URL']).toBe('own')
  })

  it('experiments pay with their own keys, never with those of production', () => {
    expect(environmentFor('experiments', everything)['OPENAI_API_KEY']).toBe('trial OPENAI')
    const { CUPEL_EXPERIMENTS_OPENAI_API_KEY: _, ...rest } = everything
    const env = environmentFor('experiments', rest)
    expect(env).not.toHaveProperty('OPENAI_API_KEY')
    expect(env).not.toHaveProperty('OPENAI_BASE_URL')
  })

  it.each(roles)('%s can be started with what the whole is given', role => {
    const env = environmentFor(role, {
      ...app,
      OPENAI_API_KEY: 'x',
      OPENAI_BASE_URL: 'http://x',
      REDIS_URL: 'redis://h',
      CUPEL_SESSION_SECRET: 's'.repeat(32),
    })
    expect(() => readEnvironment(env, role)).not.toThrow()
  })
})

it('every variable stands in docs/environment.md', () => {
  const page = readFileSync(new URL('../../../docs/environment.md', import.meta.url), 'utf8')
  expect(variables.filter(name => !page.includes(`\`${name}\``))).toEqual([])
})
