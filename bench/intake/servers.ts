import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../sandbox/postgres.ts'
import { migrate } from '../../src/adapters/postgres/migrate.ts'
import { processSpecs } from '../../src/supervisor/processes.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Running {
  url: string
  secret: string
  close(): Promise<void>
}

export interface RunningCupel extends Running {
  /** As the database's owner. */
  db: pg.Pool
}

/** The real web process on a durable PostgreSQL, its queue there too. No worker takes the jobs. */
export async function startCupel(): Promise<RunningCupel> {
  const folder = await mkdtemp(join(tmpdir(), 'cupel-bench-'))
  const database = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true })
  await migrate(database.ownerUrl)
  const db = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
  // Its end and the database's may cross.
  db.on('error', () => {})
  const port = await freePort()
  const secret = randomBytes(24).toString('hex')
  const own = { PORT: String(port), WEBHOOK_SECRET: secret, LOG_LEVEL: 'error' }
  const spec = processSpecs({ PATH: process.env['PATH'] }, database.ownerUrl, own).find(
    one => one.name === 'web',
  )
  const stop = await startChild(spec?.module ?? '', spec?.env ?? {})
  return {
    url: `http://127.0.0.1:${port}`,
    secret,
    db,
    async close() {
      await stop()
      await db.end()
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function startBareProbot(): Promise<Running> {
  const port = await freePort()
  const secret = randomBytes(24).toString('hex')
  const env = {
    PATH: process.env['PATH'] ?? '',
    PORT: String(port),
    WEBHOOK_SECRET: secret,
    NODE_ENV: 'production',
  }
  return {
    url: `http://127.0.0.1:${port}`,
    secret,
    close: await startChild('bench/intake/bare-probot.ts', env),
  }
}

async function startChild(module: string, env: Record<string, string>): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [module], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const first = await Promise.race([once(child, 'message'), ended])
  if (first[0] !== 'ready') throw new Error(`${module} ended before it was ready`)
  return async () => {
    child.kill('SIGTERM')
    await ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}
