import type { Command } from 'commander'
import {
  acting,
  asking,
  askGate,
  atDoor,
  isReason,
  looking,
  say,
  type Acting,
  type Asking,
} from './acting.ts'
import { explain } from './gate-explain.ts'
import { show } from './gate-show.ts'

const name = 'cupel gate'

/** What an administrator asks of the gate, through the operator's role. */
export function addGateOperations(command: Command): Command {
  looking(command.command('show <id>'))
    .description('one experiment: what is missing, its bounds, its place in the error budget')
    .option('--json', 'as JSON')
    .action(show)
  looking(command.command('explain <verdict>'))
    .description('a verdict beside what the stored labels and rows come to, computed twice')
    .option('--labels', 'with each label that it was counted by')
    .option('--json', 'as JSON')
    .action(explain)
  acting(command.command('pause <reason>'))
    .description('decide and promote nothing; releases are watched all the same')
    .action((reason: string, options: Acting) => pause(true, reason, options))
  acting(command.command('resume <reason>'))
    .description('go on')
    .action((reason: string, options: Acting) => pause(false, reason, options))
  acting(command.command('set <name> <value> <reason>'))
    .description('change one threshold; docs/gate-operations.md names them')
    .action(set)
  asking(command.command('promote <id>'))
    .description('decide on an experiment now; never more than the gate would do by itself')
    .option('--reason <words>', 'why, for the audit log', 'asked at the command line')
    .action(promote)
  return command
}

async function pause(paused: boolean, reason: string, options: Acting): Promise<void> {
  if (!isReason(reason)) return
  await atDoor(options, name, async client => {
    const { rows } = await client.query<{ changed: boolean }>(
      'select doors.switch_gate($1, $2, $3) as changed',
      [paused, options.as, reason],
    )
    const state = paused ? 'paused' : 'at work'
    say(rows[0]?.changed ? `the gate is ${state}` : `the gate was ${state} already`)
  })
}

async function set(threshold: string, value: string, reason: string, options: Acting): Promise<void> {
  await atDoor(options, name, async client => {
    const { rows } = await client.query<{ changed: boolean }>(
      'select doors.set_threshold($1, $2, $3, $4) as changed',
      [threshold, value, options.as, reason],
    )
    say(
      rows[0]?.changed
        ? `${threshold} is ${value} from the next verdict on`
        : `${threshold} was ${value} already`,
    )
  })
}

async function promote(id: string, options: Asking & { reason: string }): Promise<void> {
  await atDoor(options, name, client =>
    askGate(client, { kind: 'promote', said: id, reason: options.reason }, options),
  )
}
