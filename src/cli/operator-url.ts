import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { roleUrl } from '../adapters/postgres/roles.ts'

const databaseFile = 'database.json'
const running = z.object({
  operatorUrl: z.url(),
  pid: z.int(),
  /** How to sign in to its dashboard; the URL is missing where that is any free port. Earlier versions had none. */
  dashboard: z.object({ url: z.url().optional(), sessionSecret: z.string() }).optional(),
})
type Running = z.output<typeof running>

/** Tells the other commands of this machine how to reach the embedded database of a `cupel start`; answers how to end that. */
export async function announceDatabase(
  dataDir: string,
  ownerUrl: string,
  dashboard: NonNullable<Running['dashboard']>,
): Promise<() => Promise<void>> {
  const file = join(dataDir, databaseFile)
  const operator = roleUrl(ownerUrl, 'cupel_operator')
  const text = JSON.stringify({ operatorUrl: operator, pid: process.pid, dashboard } satisfies Running)
  // It holds a password, the operator's, never the owner's, and the secret of sessions.
  await rm(file, { force: true })
  await writeFile(file, text, { mode: 0o600 })
  return () => rm(file, { force: true })
}

/**
 * The operator's URL of the database that is meant: of the URL given, the owner's or the operator's own, else of the
 * embedded one of a running `cupel start`. Null when there is none.
 */
export async function operatorUrl(given: string | undefined): Promise<string | null> {
  if (given) return new URL(given).username === 'cupel_operator' ? given : roleUrl(given, 'cupel_operator')
  return (await announced())?.operatorUrl ?? null
}

/** What a running `cupel start` with an embedded database tells the other commands; null when there is none. */
export async function announced(): Promise<Running | null> {
  const file = join(resolve(process.env['CUPEL_DATA_DIR'] || '.cupel'), databaseFile)
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const told = running.parse(JSON.parse(text))
  return isAlive(told.pid) ? told : null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
