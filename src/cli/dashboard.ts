import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import { readEnvironment } from '../adapters/system/environment.ts'
import { isLogin, sealTicket, signInMs } from '../core/ticket.ts'
import { reachedAt } from '../supervisor/processes.ts'
import { complain, say } from './acting.ts'
import { announced } from './operator-url.ts'
import { ownName } from './own-name.ts'

/** `cupel dashboard`: whoever holds the session secret may sign in as whom they say. */
export function dashboardCommand(): Command {
  return new Command('dashboard')
    .description('print a link that signs you in to the dashboard: once, within ten minutes')
    .option('--as <login>', 'who you are, for the audit log', login, ownName())
    .action(print)
}

async function print(options: { as: string }): Promise<void> {
  const { CUPEL_SESSION_SECRET, CUPEL_DASHBOARD_URL } = process.env
  const given = readEnvironment({ CUPEL_SESSION_SECRET, CUPEL_DASHBOARD_URL })
  const running = await announced()
  const sessionSecret = given.sessionSecret ?? running?.dashboard?.sessionSecret
  if (sessionSecret === undefined) {
    complain('no session secret: set CUPEL_SESSION_SECRET, or run `cupel start` with the embedded database')
    process.exitCode = 2
    return
  }
  const url = given.dashboardUrl ?? running?.dashboard?.url ?? reachedAt('dashboard', process.env)
  const link = signInLink({ ...(url !== undefined && { url }), sessionSecret }, options.as)
  if (link !== null) return say(link)
  complain('the dashboard listens at any free port: set CUPEL_DASHBOARD_URL to its address')
  process.exitCode = 2
}

/** Null: it is not known where the dashboard is. */
export function signInLink(
  { url, sessionSecret }: { url?: string; sessionSecret: string },
  as: string,
): string | null {
  if (url === undefined) return null
  const ticket = { login: as, id: randomUUID(), expiresAt: Date.now() + signInMs }
  return `${url}/sign-in?token=${sealTicket(sessionSecret, 'sign-in', ticket)}`
}

function login(text: string): string {
  if (isLogin(text)) return text
  throw new InvalidArgumentError('Write a login: 1 to 100 characters, no blanks.')
}
