import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { Command } from 'commander'
import { migrate } from '../adapters/postgres/migrate.ts'
import { openPool } from '../adapters/postgres/pool.ts'
import { derivedSessionSecret, roleUrl } from '../adapters/postgres/roles.ts'
import { checkRedis } from '../adapters/queue/check-redis.ts'
import { readEnvironment, type Environment } from '../adapters/system/environment.ts'
import { createLog } from '../adapters/system/log.ts'
import { Fault } from '../core/fault.ts'
import { announceDatabase } from './operator-url.ts'
import { addShippedExperiments } from './shipped-experiments.ts'
import { nameSlowModels } from './slow-models.ts'
import { processSpecs, reachedAt } from '../supervisor/processes.ts'
import { supervise } from '../supervisor/supervise.ts'

const STOP_GRACE_MS = 30_000

type Closer = () => Promise<void>

/**
 * `cupel start`: the supervisor. Whatever the environment leaves open is embedded: without the App's variables a
 * local GitHub with sample pull requests, without DATABASE_URL a PostgreSQL server of its own.
 */
export function startCommand(): Command {
  return new Command('start')
    .description('run Cupel: one process per role, and what is not configured embedded')
    .option('--once', 'with the local GitHub: review the sample pull requests, judge the result, and end')
    .option(
      '--cycle',
      'with --once: live through the whole life of experiments instead, on a virtual calendar',
    )
    .option('--seed <text>', 'with --cycle: what is planted and drawn')
    .option('--swap', 'with --cycle: the good and the bad configuration change places')
    .action(async (options: { once?: boolean; cycle?: boolean; seed?: string; swap?: boolean }) => {
      const environment = readEnvironment(process.env)
      if (options.cycle) {
        if (!options.once)
          throw new Fault('configuration-invalid', '--cycle ends by itself: add --once', { retry: 'never' })
        const { startCycle } = await import('./start-cycle.ts')
        process.exitCode = await startCycle({ ...options, dataDir: resolve(environment.dataDir) })
        return
      }
      if (options.seed !== undefined || options.swap)
        throw new Fault('configuration-invalid', '--seed and --swap go with --cycle', { retry: 'never' })
      if (environment.app !== null && options.once)
        throw new Fault('configuration-invalid', '--once is for the local GitHub; unset APP_ID to use it', {
          retry: 'never',
        })
      const closers: Closer[] = []
      try {
        process.exitCode = await start(environment, options.once ?? false, closers)
      } finally {
        for (const close of closers.reverse()) await close()
      }
    })
}

async function start(environment: Environment, once: boolean, closers: Closer[]): Promise<number> {
  const interrupted = new Promise<'interrupted'>(done => {
    process.once('SIGINT', () => done('interrupted'))
    process.once('SIGTERM', () => done('interrupted'))
  })
  const sandboxed = environment.app === null
  const dataDir = resolve(environment.dataDir)
  if (environment.redisUrl !== null) {
    const warning = await checkRedis(environment.redisUrl)
    if (warning !== null) say(warning)
  }
  const ownerUrl = environment.databaseUrl ?? (await embeddedDatabase(dataDir, sandboxed, closers))
  say('bringing the database to this version')
  await migrate(ownerUrl, say)
  const operator = openPool(roleUrl(ownerUrl, 'cupel_operator'), { max: 1, applicationName: 'cupel start' })
  try {
    await addShippedExperiments(operator, say)
    await nameSlowModels(operator, say)
  } finally {
    await operator.end()
  }

  // The local GitHub must know where to send webhooks before anybody listens there.
  const port = process.env['PORT'] || !sandboxed ? environment.port : await freePort()
  const webhookUrl = `http://127.0.0.1:${port}/api/github/webhooks`
  const sandbox = sandboxed ? await localGitHub(dataDir, webhookUrl, closers) : null
  const sessionSecret = environment.sessionSecret ?? derivedSessionSecret(ownerUrl)
  const own = {
    PORT: String(port),
    CUPEL_SESSION_SECRET: sessionSecret,
    ...sandbox?.environment,
    // A demonstration shows reviews, not logs.
    ...(sandboxed && {
      METRICS_PORT: '0',
      // V1 must know where.
      CUPEL_ARCHIVE_PORT: process.env['CUPEL_ARCHIVE_PORT'] || String(await freePort()),
      CUPEL_DASHBOARD_PORT: process.env['CUPEL_DASHBOARD_PORT'] || String(await freePort()),
      LOG_LEVEL: process.env['LOG_LEVEL'] || 'error',
    }),
  }
  const url = environment.dashboardUrl ?? reachedAt('dashboard', { ...process.env, ...own })
  const dashboard = { ...(url !== undefined && { url }), sessionSecret }
  if (environment.databaseUrl === null) closers.push(await announceDatabase(dataDir, ownerUrl, dashboard))
  const log = createLog({ level: environment.logLevel, name: 'supervisor' })
  say('starting the processes')
  const supervisor = supervise(processSpecs(process.env, ownerUrl, own), log)
  closers.push(() => supervisor.stop(STOP_GRACE_MS))
  const begun = await Promise.race([supervisor.ready.then(() => 'ready' as const), interrupted])
  if (begun === 'interrupted') return 130

  if (sandbox === null) {
    say(`ready: webhooks at http://${environment.host}:${port}/api/github/webhooks`)
    // A link would outlive its reader in the log.
    if (url !== undefined) say(`dashboard at ${url}: \`npx cupel dashboard\` prints a link that signs you in`)
  } else {
    const { demonstrate } = await import('./start-demo.ts')
    const outcome = await Promise.race([
      demonstrate(sandbox.github, { once, dataDir, dashboard }),
      interrupted,
    ])
    if (outcome === 'interrupted') return 130
    if (once) return outcome.length === 0 ? 0 : 1
  }
  const end = await Promise.race([interrupted, supervisor.failed])
  if (end === 'interrupted') return 0
  say(end)
  return 1
}

async function embeddedDatabase(dataDir: string, sandboxed: boolean, closers: Closer[]): Promise<string> {
  say('starting the embedded PostgreSQL')
  const { startEmbeddedPostgres } = await import('../../sandbox/postgres.ts')
  // What the local GitHub's pull requests leave behind means nothing after its end.
  const folder = sandboxed ? `sandbox-${process.pid}` : 'postgres'
  const database = await startEmbeddedPostgres({
    dataDir: join(dataDir, folder),
    persistent: !sandboxed,
    log: say,
  })
  closers.push(() => database.stop())
  return database.ownerUrl
}

async function localGitHub(dataDir: string, webhookUrl: string, closers: Closer[]) {
  say('starting the local GitHub')
  const { startSandbox } = await import('../../sandbox/local-github.ts')
  const sandbox = await startSandbox({ dataDir, webhookUrl })
  closers.push(() => sandbox.close())
  return sandbox
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}

function say(line: string): void {
  process.stderr.write(`cupel: ${line}\n`)
}
