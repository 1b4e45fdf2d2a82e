import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { codeHostUrls } from '../../core/code-host-urls.ts'
import { Fault } from '../../core/fault.ts'
import { fewestSecretCharacters } from '../../core/ticket.ts'
import cheaperModels from './default-cheaper-models.json' with { type: 'json' }
import defaultModels from './default-models.json' with { type: 'json' }
import { metricsPorts, type Role } from './environment-role.ts'
import { readPrivateKey } from './private-key.ts'

export interface ModelAccess {
  apiKey: string
  /** Undefined: the provider's own. */
  baseUrl: string | undefined
  model: string
}

export interface Environment {
  /** Null: not configured, the embedded default uses a local GitHub. */
  app: { id: number; privateKey: string } | null
  /** The current secret first, then the one it replaces; empty where this process verifies no webhooks. */
  webhookSecrets: string[]
  /** Base of the REST API, without a slash at the end. */
  githubApiUrl: string
  /** Where people read it, without a slash at the end. */
  githubWebUrl: string
  /** Null: embedded PostgreSQL. */
  databaseUrl: string | null
  /** Null: the queue lives in PostgreSQL. */
  redisUrl: string | null
  models: { openai: ModelAccess | null; anthropic: ModelAccess | null }
  host: string
  port: number
  /** Where a process without a web page serves /metrics and /healthz; 0: any free port. */
  metricsPort: number
  logLevel: LogLevel
  /** What the dashboard signs with; null: not configured, the embedded default derives one. */
  sessionSecret: string | null
  /** Where people reach the dashboard, without a slash at the end; null: where it listens. */
  dashboardUrl: string | null
  /** A price table that replaces the one shipped. */
  pricesPath: string | null
  dataDir: string
  /** Logins and `organisation/team` names of Cupel's administrators. */
  administrators: string[]
  /** Share of pull requests copied to the experiments, 0 to 1. */
  sampleRate: number
  /** Days after which the texts of a sample are forgotten. */
  sampleDays: number
  /** Days for which models' answers are stored; 0: none is. */
  answerDays: number
  /** Where the experiments worker finds the archive, without a slash at the end; null: nowhere. */
  archiveUrl: string | null
  /** Judgements a day that people may be asked for, milliseconds between two turns of the gate, and what it deploys to. */
  gate: { judgingBudget: number; everyMs: number; deployer: 'local' | 'kubernetes' }
  /** US dollars a day and a month (UTC) for production's model calls: all together, and by whom they are for. */
  dailyUsd: { zoneUsd: number; installationUsd: number; repositoryUsd: number; authorUsd: number }
  monthlyUsd: { zoneUsd: number; installationUsd: number; repositoryUsd: number; authorUsd: number }
  /** Share of a limit from which on money is spared, above 0; 1: never before it is spent. */
  softShare: number
  /** What production asks then; null: analysers only. */
  cheaperModels: { openai: string | null; anthropic: string | null }
  /** US dollars a day and a month (UTC) of all experiments together and of each, and model calls a minute to each provider. */
  experiments: {
    dailyUsd: number
    monthlyUsd: number
    eachDailyUsd: number
    eachMonthlyUsd: number
    requestsPerMinute: number
  }
  /** After so long without a sign of life the work of a process that died is taken up by another. Milliseconds. */
  recoveryMs: number
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** How the messages of the schema read: what is wrong, then the cure. Values are never in them. */
const url = (cure: string, ...schemes: string[]) =>
  z.string().refine(value => schemes.includes(URL.parse(value)?.protocol ?? ''), `is not a URL; ${cure}`)
const webUrl = url('write one that begins with https:// or http://', 'https:', 'http:').optional()
const secret = z.string().regex(/^\S+$/, 'holds white space; copy it again without spaces or line ends')
const usd = (standard: number) =>
  z
    .string()
    .regex(/^\d{1,6}(\.\d{1,4})?$/, 'is not an amount; write US dollars such as 10 or 2.5')
    .transform(Number)
    .default(standard)
const modelName = (standard: string) =>
  z
    .string()
    .regex(/^[\w.:/@-]{1,200}$/, 'is not a model name; write it as the provider does')
    .default(standard)

const portNumber = z
  .string()
  .refine(value => /^\d{1,5}$/.test(value) && Number(value) <= 65_535, 'is not a port; write 0 to 65535')
  .transform(Number)

const schema = z.object({
  APP_ID: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "is not a number; copy the App ID from the App's settings page")
    .transform(Number)
    .optional(),
  PRIVATE_KEY: z.string().optional(),
  PRIVATE_KEY_PATH: z.string().optional(),
  WEBHOOK_SECRET: secret
    .refine(
      value => value !== 'development',
      'is the well-known word "development"; make one with `openssl rand -hex 32`',
    )
    .optional(),
  WEBHOOK_SECRET_PREVIOUS: secret.optional(),
  GHE_HOST: z
    .string()
    .regex(
      /^[\w.-]+(:\d{1,5})?$/,
      'is not a host name; write it without https:// and path, such as github.example.com',
    )
    .optional(),
  GHE_PROTOCOL: z.enum(['https', 'http'], 'is neither https nor http; leave it out for https').optional(),
  DATABASE_URL: url('write postgres://user:password@host:5432/name', 'postgres:', 'postgresql:').optional(),
  REDIS_URL: url('write redis://host:6379 or rediss://…', 'redis:', 'rediss:').optional(),
  ARCHIVE_URL: webUrl,
  OPENAI_API_KEY: secret.optional(),
  OPENAI_BASE_URL: webUrl,
  OPENAI_MODEL: modelName(defaultModels.openai),
  ANTHROPIC_API_KEY: secret.optional(),
  ANTHROPIC_BASE_URL: webUrl,
  ANTHROPIC_MODEL: modelName(defaultModels.anthropic),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'is not an address; write 127.0.0.1 or 0.0.0.0')
    .default('127.0.0.1'),
  PORT: portNumber.default(3000),
  METRICS_PORT: portNumber.optional(),
  LOG_LEVEL: z.enum(logLevels, `is not a level; write one of ${logLevels.join(', ')}`).default('info'),
  CUPEL_SESSION_SECRET: secret
    .min(
      fewestSecretCharacters,
      `is shorter than ${fewestSecretCharacters} characters; make one with \`openssl rand -hex 32\``,
    )
    .optional(),
  CUPEL_DASHBOARD_URL: webUrl,
  CUPEL_PRICES: z.string().optional(),
  CUPEL_DATA_DIR: z.string().default('.cupel'),
  CUPEL_DAILY_USD: usd(50),
  CUPEL_DAILY_USD_INSTALLATION: usd(20),
  CUPEL_DAILY_USD_REPOSITORY: usd(10),
  CUPEL_DAILY_USD_AUTHOR: usd(5),
  CUPEL_MONTHLY_USD: usd(500),
  CUPEL_MONTHLY_USD_INSTALLATION: usd(200),
  CUPEL_MONTHLY_USD_REPOSITORY: usd(100),
  CUPEL_MONTHLY_USD_AUTHOR: usd(50),
  CUPEL_SOFT_SHARE: z
    .string()
    .regex(/^(?:0\.\d{0,5}[1-9]|1(?:\.0{1,6})?)$/, 'is not a share; write 0.01 to 1, such as 0.8')
    .transform(Number)
    .default(0.8),
  OPENAI_CHEAPER_MODEL: modelName(cheaperModels.openai),
  ANTHROPIC_CHEAPER_MODEL: modelName(cheaperModels.anthropic),
  CUPEL_EXPERIMENTS_ANTHROPIC_MODEL: modelName(cheaperModels.anthropic),
  CUPEL_EXPERIMENTS_DAILY_USD: usd(20),
  CUPEL_EXPERIMENTS_MONTHLY_USD: usd(200),
  CUPEL_EXPERIMENT_DAILY_USD: usd(20),
  CUPEL_EXPERIMENT_MONTHLY_USD: usd(100),
  CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'is not a number of requests; write 1 to 99999, or leave it out for 60')
    .transform(Number)
    .default(60),
  CUPEL_JUDGING_BUDGET: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,2}|1000)$/, 'is not a number of judgements a day; write 0 to 1000')
    .transform(Number)
    .default(10),
  CUPEL_GATE_SECONDS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'is not a number of seconds; write 1 to 9999, or leave it out for 10')
    .transform(Number)
    .default(10),
  CUPEL_DEPLOYER: z
    .enum(['local', 'kubernetes'], 'is neither local nor kubernetes; leave it out for local')
    .default('local'),
  CUPEL_ADMINS: z
    .string()
    .regex(
      /^\s*(?:[\w-]{1,40}(?:\/[\w.-]{1,100})?(?:[\s,]+|$)){1,100}$/,
      'is not a list of names; write at most 100 logins and org/team names with commas between them',
    )
    .transform(list => [
      ...new Set(list.split(/[\s,]+/).flatMap(name => (name === '' ? [] : [name.toLowerCase()]))),
    ])
    .default([]),
  CUPEL_SAMPLE_RATE: z
    .string()
    .regex(/^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/, 'is not a share; write 0 to 1, such as 0.25')
    .transform(Number)
    .default(0.25),
  CUPEL_SAMPLE_DAYS: z
    .string()
    .regex(/^(?:[3-9]\d|[1-9]\d{2,3})$/, 'is not a number of days; write 30 to 9999, or leave it out for 180')
    .transform(Number)
    .default(180),
  CUPEL_ANSWER_DAYS: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,2})$/, 'is not a number of days; write 0 to 999, or leave it out for 7')
    .transform(Number)
    .default(7),
  CUPEL_RECOVERY_SECONDS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'is not a number of seconds; write 1 to 9999, or leave it out for 30')
    .transform(Number)
    .default(30),
})
type Parsed = z.output<typeof schema>

/** Every variable that Cupel reads. */
export const variables: readonly string[] = Object.keys(schema.shape)

/**
 * Reads and checks the environment of one process; 'supervisor' stands for the whole. An empty value counts as
 * not set. Throws one Fault configuration-invalid that lists every wrong variable with its cure and no value.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  role: Role | 'supervisor' = 'supervisor',
  readFile: (path: string) => string = path => readFileSync(path, 'utf8'),
): Environment {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
  const result = schema.safeParse(given)
  const problems: string[] = []
  if (!result.success) {
    for (const issue of result.error.issues) problems.push(`${issue.path.join('.')} ${issue.message}`)
  }
  problems.push(...missingParts(given, role))
  const key = readPrivateKey(given['PRIVATE_KEY'], given['PRIVATE_KEY_PATH'], readFile)
  if (key.kind === 'problem') problems.push(key.problem)
  if (!result.success || problems.length > 0) {
    const list = [...new Set(problems)].map(problem => `  - ${problem}`).join('\n')
    throw new Fault('configuration-invalid', `The environment is not usable:\n${list}`, { retry: 'never' })
  }
  return toEnvironment(result.data, key.kind === 'key' ? key.pem : null, role)
}

/** What is half set: a part that cannot work without another. */
function missingParts(given: Record<string, unknown>, role: Role | 'supervisor'): string[] {
  const has = (name: string) => given[name] !== undefined
  const hasKey = has('PRIVATE_KEY') || has('PRIVATE_KEY_PATH')
  const anyApp = has('APP_ID') || hasKey || has('WEBHOOK_SECRET')
  const problems: string[] = []
  const lacks = (name: string, because: string, cure: string) =>
    problems.push(`${name} is missing${because}; ${cure}`)
  const needsApp = role === 'production' || (role === 'supervisor' && anyApp)
  if (needsApp && !has('APP_ID')) {
    lacks(
      'APP_ID',
      role === 'supervisor' ? ' although the App is half set' : '',
      "copy it from the App's settings page",
    )
  }
  if (needsApp && !hasKey) {
    lacks(
      'PRIVATE_KEY',
      '',
      'set it, or PRIVATE_KEY_PATH, to the .pem file that the App settings let you download',
    )
  }
  if ((role === 'web' || (role === 'supervisor' && anyApp)) && !has('WEBHOOK_SECRET')) {
    lacks('WEBHOOK_SECRET', '', 'make one with `openssl rand -hex 32` and set the same in the App')
  }
  if (
    (role === 'dashboard' || (role === 'supervisor' && has('DATABASE_URL'))) &&
    !has('CUPEL_SESSION_SECRET')
  ) {
    lacks('CUPEL_SESSION_SECRET', '', 'make one with `openssl rand -hex 32`; the dashboard signs with it')
  }
  if (has('WEBHOOK_SECRET_PREVIOUS') && !has('WEBHOOK_SECRET')) {
    problems.push(
      'WEBHOOK_SECRET_PREVIOUS is set without WEBHOOK_SECRET; it only helps while a secret is being replaced',
    )
  }
  if (has('GHE_PROTOCOL') && !has('GHE_HOST')) {
    problems.push('GHE_PROTOCOL is set without GHE_HOST; set both for GitHub Enterprise, or neither')
  }
  for (const provider of ['OPENAI', 'ANTHROPIC']) {
    if (has(`${provider}_BASE_URL`) && !has(`${provider}_API_KEY`)) {
      lacks(
        `${provider}_API_KEY`,
        ` although ${provider}_BASE_URL is set`,
        'set it; any word where the server asks for none',
      )
    }
  }
  return problems
}

function toEnvironment(parsed: Parsed, privateKey: string | null, role: Role | 'supervisor'): Environment {
  const access = (
    apiKey: string | undefined,
    baseUrl: string | undefined,
    model: string,
  ): ModelAccess | null => (apiKey === undefined ? null : { apiKey, baseUrl, model })
  const { apiUrl, webUrl } = codeHostUrls(parsed.GHE_HOST, parsed.GHE_PROTOCOL)
  return {
    app: parsed.APP_ID === undefined || privateKey === null ? null : { id: parsed.APP_ID, privateKey },
    webhookSecrets: [parsed.WEBHOOK_SECRET, parsed.WEBHOOK_SECRET_PREVIOUS].filter(
      value => value !== undefined,
    ),
    githubApiUrl: apiUrl,
    githubWebUrl: webUrl,
    databaseUrl: parsed.DATABASE_URL ?? null,
    redisUrl: parsed.REDIS_URL ?? null,
    archiveUrl: parsed.ARCHIVE_URL?.replace(/\/+$/, '') ?? null,
    models: {
      openai: access(parsed.OPENAI_API_KEY, parsed.OPENAI_BASE_URL, parsed.OPENAI_MODEL),
      anthropic: access(parsed.ANTHROPIC_API_KEY, parsed.ANTHROPIC_BASE_URL, parsed.ANTHROPIC_MODEL),
    },
    host: parsed.HOST,
    port: parsed.PORT,
    metricsPort:
      parsed.METRICS_PORT ??
      (role in metricsPorts ? metricsPorts[role as keyof typeof metricsPorts] : metricsPorts.production),
    logLevel: parsed.LOG_LEVEL,
    sessionSecret: parsed.CUPEL_SESSION_SECRET ?? null,
    dashboardUrl: parsed.CUPEL_DASHBOARD_URL?.replace(/\/+$/, '') ?? null,
    pricesPath: parsed.CUPEL_PRICES ?? null,
    dataDir: parsed.CUPEL_DATA_DIR,
    administrators: parsed.CUPEL_ADMINS,
    sampleRate: parsed.CUPEL_SAMPLE_RATE,
    sampleDays: parsed.CUPEL_SAMPLE_DAYS,
    answerDays: parsed.CUPEL_ANSWER_DAYS,
    dailyUsd: {
      zoneUsd: parsed.CUPEL_DAILY_USD,
      installationUsd: parsed.CUPEL_DAILY_USD_INSTALLATION,
      repositoryUsd: parsed.CUPEL_DAILY_USD_REPOSITORY,
      authorUsd: parsed.CUPEL_DAILY_USD_AUTHOR,
    },
    monthlyUsd: {
      zoneUsd: parsed.CUPEL_MONTHLY_USD,
      installationUsd: parsed.CUPEL_MONTHLY_USD_INSTALLATION,
      repositoryUsd: parsed.CUPEL_MONTHLY_USD_REPOSITORY,
      authorUsd: parsed.CUPEL_MONTHLY_USD_AUTHOR,
    },
    softShare: parsed.CUPEL_SOFT_SHARE,
    cheaperModels: {
      openai: parsed.OPENAI_CHEAPER_MODEL === 'none' ? null : parsed.OPENAI_CHEAPER_MODEL,
      anthropic: parsed.ANTHROPIC_CHEAPER_MODEL === 'none' ? null : parsed.ANTHROPIC_CHEAPER_MODEL,
    },
    experiments: {
      dailyUsd: parsed.CUPEL_EXPERIMENTS_DAILY_USD,
      monthlyUsd: parsed.CUPEL_EXPERIMENTS_MONTHLY_USD,
      eachDailyUsd: parsed.CUPEL_EXPERIMENT_DAILY_USD,
      eachMonthlyUsd: parsed.CUPEL_EXPERIMENT_MONTHLY_USD,
      requestsPerMinute: parsed.CUPEL_EXPERIMENTS_REQUESTS_PER_MINUTE,
    },
    gate: {
      judgingBudget: parsed.CUPEL_JUDGING_BUDGET,
      everyMs: parsed.CUPEL_GATE_SECONDS * 1_000,
      deployer: parsed.CUPEL_DEPLOYER,
    },
    recoveryMs: parsed.CUPEL_RECOVERY_SECONDS * 1_000,
  }
}
