import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createServer, type AddressInfo } from 'node:net'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import pg from 'pg'
import { startLocalGitHub, type LocalGitHub } from '../sandbox/github/server.ts'
import { startModelStub, type ModelStub, type ModelStubOptions } from '../sandbox/models/stub.ts'
import { startEmbeddedPostgres } from '../sandbox/postgres.ts'
import { migrate } from '../src/adapters/postgres/migrate.ts'
import { derivedSessionSecret } from '../src/adapters/postgres/roles.ts'
import { createLog } from '../src/adapters/system/log.ts'
import type { Configuration } from '../src/core/configuration.ts'
import { canonicalJson, configurationId } from '../src/core/ids.ts'
import { processSpecs } from '../src/supervisor/processes.ts'
import { supervise } from '../src/supervisor/supervise.ts'

const STOP_GRACE_MS = 5_000

/** Everything a review passes through: real processes and a durable database; only GitHub and the models are stand-ins. */
export interface Platform {
  github: LocalGitHub
  models: ModelStub
  /** Latency may be changed between requests. */
  modelOptions: ModelStubOptions
  /** As the database's owner. */
  db: pg.Pool
  pids: { web: number; production: number }
  /** Puts a configuration in force as only the owner of the database could, past the gate. */
  release(id: string, configuration: Configuration): Promise<void>
  close(): Promise<void>
}

export async function startPlatform(answer: ModelStubOptions['answer']): Promise<Platform> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    return await start(answer, closers, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function start(
  answer: ModelStubOptions['answer'],
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Platform> {
  const folder = await mkdtemp(join(tmpdir(), 'cupel-bench-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  const database = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true })
  closers.push(() => database.stop())
  await migrate(database.ownerUrl, () => {})
  const db = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
  closers.push(() => db.end())

  const port = await freePort()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const webhookSecret = randomBytes(24).toString('hex')
  const dataDir = join(folder, 'github')
  await mkdir(dataDir)
  const github = await startLocalGitHub({
    dataDir,
    validate: 'requests',
    app: {
      id: 1,
      slug: 'cupel',
      privateKey: pem,
      webhookSecret,
      webhookUrl: `http://127.0.0.1:${port}/api/github/webhooks`,
    },
  })
  closers.push(() => github.close())
  const modelOptions: ModelStubOptions = { answer }
  const models = await startModelStub(modelOptions)
  closers.push(() => models.close())

  const own = {
    PORT: String(port),
    METRICS_PORT: '0',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'fatal',
    APP_ID: '1',
    PRIVATE_KEY: pem,
    WEBHOOK_SECRET: webhookSecret,
    CUPEL_SESSION_SECRET: derivedSessionSecret(database.ownerUrl),
    GHE_HOST: new URL(github.url).host,
    GHE_PROTOCOL: 'http',
    OPENAI_API_KEY: 'stub-key',
    OPENAI_BASE_URL: models.openAiUrl,
    ANTHROPIC_API_KEY: 'stub-key',
    ANTHROPIC_BASE_URL: models.url,
    CUPEL_DAILY_USD_INSTALLATION: '100000',
    CUPEL_DAILY_USD_REPOSITORY: '100000',
    CUPEL_DAILY_USD_AUTHOR: '100000',
  }
  const { PATH, HOME, TMPDIR } = process.env
  const specs = processSpecs({ PATH, HOME, TMPDIR }, database.ownerUrl, own)
  const supervisor = supervise(specs, createLog({ level: 'error', name: 'bench' }))
  closers.push(() => supervisor.stop(STOP_GRACE_MS))
  await supervisor.ready
  const { web, production } = supervisor.pids()
  if (web === undefined || production === undefined) throw new Error('a process is not running')

  return {
    github,
    models,
    modelOptions,
    db,
    pids: { web, production },
    async release(id, configuration) {
      await db.query(
        `with made as (
           insert into production.releases (id, kind, configuration_id, configuration)
           values ($1, 'genesis-models', $2, $3) returning id
         )
         insert into production.release_steps (release_id, step, share, reason, actor)
         select id, 'full', 1, 'a benchmark', 'bench' from made`,
        [id, configurationId(configuration), canonicalJson(configuration)],
      )
    },
    close,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}
