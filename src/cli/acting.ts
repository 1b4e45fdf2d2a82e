import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type pg from 'pg'
import { publishedAction, requestAction } from '../adapters/postgres/published-actions.ts'
import { doorRefusal } from '../adapters/postgres/published-experiments.ts'
import type { GateAction } from '../ports/gate.ts'
import { printable } from '../core/report/printable.ts'
import { ownName } from './own-name.ts'
import { withDatabase } from './with-database.ts'

export interface Looking {
  database?: string
  json?: boolean
}
export interface Acting extends Looking {
  as: string
}
export interface Asking extends Acting {
  wait: number
}

export function looking(command: Command): Command {
  // Not a default value: `--help` would print it, password and all.
  return command.addOption(new Option('--database <url>', 'owner’s or operator’s URL').env('DATABASE_URL'))
}

export function acting(command: Command): Command {
  return looking(command).option('--as <name>', 'who does it, for the audit log', ownName())
}

/** For what the gate carries out in its next turn. */
export function asking(command: Command): Command {
  return acting(command).option('--wait <seconds>', 'how long to wait for the gate’s answer', seconds, 30)
}

/** What a door refuses is told as it says it, with exit code 1; the database's own troubles have 2. */
export async function atDoor(
  options: Looking,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  await withDatabase(options.database, name, async client => {
    try {
      await work(client)
    } catch (error) {
      const refusal = doorRefusal(error)
      if (refusal === null) throw error
      complain(printable(refusal))
    }
  })
}

const POLL_MS = 300

/** Asks the gate, and tells its answer as soon as there is one. */
export async function askGate(
  client: pg.Client,
  { kind, subject, reason }: Pick<GateAction, 'kind' | 'subject' | 'reason'>,
  options: Asking,
): Promise<void> {
  const id = randomUUID()
  await requestAction(client, { id, kind, subject, reason, actor: options.as, source: 'cli' })
  const until = performance.now() + options.wait * 1_000
  for (;;) {
    const answer = await publishedAction(client, id)
    if (answer !== null && answer.state !== 'open') {
      const words = printable(answer.outcome ?? answer.state)
      return answer.state === 'done' ? say(words) : complain(words)
    }
    if (performance.now() >= until) return say(`asked for as ${id}: the gate answers in its next turn`)
    await sleep(POLL_MS)
  }
}

export function say(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

export function complain(...lines: string[]): void {
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exitCode = 1
}

/** The one of `found` that is meant; null, and a complaint, when there is none or more than one. */
export function theOne<T extends { id: string }>(found: readonly T[], id: string, what: string): T | null {
  const exact = found.find(each => each.id === id) ?? (found.length === 1 ? found[0] : undefined)
  if (exact) return exact
  complain(
    found.length === 0
      ? `no ${what} begins with ${printable(id)}`
      : `${found.length} ${what}s begin with ${printable(id)}: ${found.map(each => each.id).join(', ')}`,
  )
  return null
}

function seconds(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError('Write seconds, 0 to 9999.')
  return Number(value)
}
