import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import type pg from 'pg'
import { subjects } from '../adapters/postgres/action-requests.ts'
import { publishedAction, requestAction } from '../adapters/postgres/published-actions.ts'
import { doorRefusal } from '../adapters/postgres/published-experiments.ts'
import { meantBy, subjectMeant, subjectWords, whyNone, type NotMeant } from '../core/meant.ts'
import type { GateAction } from '../ports/gate.ts'
import { printable } from '../core/report/printable.ts'
import { ownName } from './own-name.ts'
import { databaseOption, withDatabase } from './with-database.ts'

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
  return command.addOption(databaseOption())
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

/** Asks the gate, and tells its answer as soon as there is one. `said` is an id or its beginning. */
export async function askGate(
  client: pg.Client,
  {
    kind,
    said,
    reason,
    evidence,
  }: Pick<GateAction, 'kind' | 'reason'> & { said: string | null; evidence?: string },
  options: Asking,
): Promise<void> {
  if (!isReason(reason) || (evidence !== undefined && !isReason(evidence))) return
  let subject: string | null = null
  if (said !== null) {
    const meant = subjectMeant(await subjects(client), kind, said)
    if (meant.kind !== 'one') return complain(whyNot(meant, subjectWords(kind)))
    subject = meant.it.id
  }
  const id = randomUUID()
  await requestAction(client, { id, kind, subject, reason, evidence, actor: options.as, source: 'cli' })
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
export function theOne<T extends { id: string }>(found: readonly T[], said: string, what: string): T | null {
  const meant = meantBy(found, said)
  if (meant.kind === 'one') return meant.it
  complain(whyNot(meant, what))
  return null
}

const shownBy = {
  experiment: 'cupel experiment list',
  record: 'cupel quarantine list',
  release: 'cupel release list',
  verdict: 'cupel gate show',
}

function whyNot(meant: NotMeant, what: string): string {
  const shown = Object.entries(shownBy).flatMap(([kind, by]) => (what.includes(kind) ? [by] : []))
  const why = whyNone(meant, what, printable)
  return meant.kind === 'none' ? `${why}: see ${shown.join(', ')}` : why
}

/** Says so when a reason is none, or longer than the database takes. */
export function isReason(reason: string): boolean {
  const given = reason.trim() !== '' && reason.length <= 2_000
  if (!given) complain('give a reason, in at most 2000 characters: it stands in the audit log')
  return given
}

function seconds(value: string): number {
  if (!/^\d{1,4}$/.test(value)) throw new InvalidArgumentError('Write seconds, 0 to 9999.')
  return Number(value)
}
