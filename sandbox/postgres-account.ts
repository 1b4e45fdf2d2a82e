import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Undefined: run as we are. PostgreSQL refuses to run as root, so root lends it another account. */
export type Account = { uid: number; gid: number } | undefined

export async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined
  const existing = await account('postgres')
  if (existing) return existing
  await execute('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch(() => {})
  const made = (await account('postgres')) ?? (await account('nobody'))
  if (!made)
    throw new Error('running as root, and there is no account "postgres" or "nobody" to run the database as')
  return made
}

async function account(name: string): Promise<Account> {
  const ids = await Promise.all([execute('id', ['-u', name]), execute('id', ['-g', name])]).catch(() => null)
  return ids ? { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) } : undefined
}

/** The binaries themselves, or a copy in /var/tmp when the clone lies where the account may not go (/root). */
export async function reachableBinaries(
  binaries: { initdb: string; postgres: string },
  account: Account,
): Promise<{ initdb: string; postgres: string }> {
  const native = dirname(dirname(binaries.postgres))
  if (await mayEnter(dirname(binaries.postgres), account)) return binaries
  const { mtimeMs } = await stat(binaries.postgres)
  const copy = join('/var/tmp', `cupel-postgres-${digest(`${native} ${mtimeMs}`)}`)
  if (!existsSync(copy)) {
    const half = `${copy}.${process.pid}`
    await cp(native, half, { recursive: true, verbatimSymlinks: true })
    await rename(half, copy).catch(() => rm(half, { recursive: true, force: true }))
  }
  return { initdb: join(copy, 'bin/initdb'), postgres: join(copy, 'bin/postgres') }
}

/** The folder itself, or one in /var/tmp named after it when the account may not go there. */
export async function reachableFolder(folder: string, account: Account): Promise<string> {
  await mkdir(dirname(folder), { recursive: true })
  if (await mayEnter(dirname(folder), account)) return folder
  return join('/var/tmp', `cupel-${basename(folder)}-${digest(folder)}`)
}

async function mayEnter(folder: string, account: Account): Promise<boolean> {
  if (!account) return true
  const { mode, uid, gid } = await stat(folder)
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  return folder === dirname(folder) || mayEnter(dirname(folder), account)
}

/** No such process. A process of another user counts as living. */
export function isFree(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
