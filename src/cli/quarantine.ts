import { Command } from 'commander'
import type pg from 'pg'
import { table } from '../core/experiment-text.ts'
import { printable } from '../core/report/printable.ts'
import { asking, askGate, atDoor, looking, say, theOne, type Asking, type Looking } from './acting.ts'

const name = 'cupel quarantine'

interface Row {
  id: string
  experiment_id: string | null
  release_id: string | null
  configuration_id: string
  configuration: string
  outcome: string
  failure_reasons: unknown
  metrics_at_failure: unknown
  impact_analysis: unknown
  re_evaluation_eligible_from: Date | null
  quarantined_at: Date
  blacklisted: string | null
}

/** `cupel quarantine`: what failed, and what may become of it. */
export function quarantineCommand(): Command {
  const command = new Command('quarantine').description('what failed, with why and its figures')
  looking(command.command('list'))
    .description('every record, newest first')
    .option('--json', 'as JSON')
    .action(list)
  looking(command.command('show <record>')).description('one record').option('--json', 'as JSON').action(show)
  asking(command.command('reevaluate <record> <reason>'))
    .description('ask for another trial, with its history')
    .option('--evidence <text>', 'what is new since it failed; kept with the new trial')
    .action((id: string, reason: string, options: Asking & { evidence?: string }) =>
      atDoor(options, name, client =>
        askGate(client, { kind: 'reevaluate', said: id, reason, evidence: options.evidence }, options),
      ),
    )
  asking(command.command('blacklist <id> <reason>'))
    .description(
      'never again: the configuration of an experiment, record or release, or with --part a part of it',
    )
    .option('--part <name>', 'model, prompt, technique, routing, or an analyser such as analyser/ruff')
    .action((id: string, reason: string, options: Asking & { part?: string }) =>
      atDoor(options, name, client => {
        const said = options.part === undefined ? id : `${id}/${options.part}`
        return askGate(client, { kind: 'blacklist', said, reason }, options)
      }),
    )
  return command
}

async function records(client: pg.Client, prefix: string): Promise<Row[]> {
  const { rows } = await client.query<Row>(
    `select id, experiment_id, release_id, configuration_id, configuration, outcome, failure_reasons, metrics_at_failure,
       impact_analysis, re_evaluation_eligible_from, quarantined_at, blacklisted
     from quarantine.published_records where starts_with(id, $1) order by quarantined_at desc, id`,
    [prefix],
  )
  return rows
}

function eligible({ blacklisted, re_evaluation_eligible_from: from }: Row): string {
  return blacklisted !== null || from === null ? 'never' : `from ${from.toISOString().slice(0, 10)}`
}

async function list(options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const all = await records(client, '')
    if (options.json) return say(JSON.stringify(all, null, 2))
    if (all.length === 0) return say('nothing has failed yet')
    say(
      ...table(
        ['RECORD', 'OF', 'OUTCOME', 'SINCE', 'AGAIN'],
        all.map(each => [
          each.id.slice(0, 8),
          each.release_id ?? each.experiment_id ?? '',
          each.outcome,
          each.quarantined_at.toISOString().slice(0, 16),
          eligible(each),
        ]),
      ),
    )
  })
}

async function show(id: string, options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const record = theOne(await records(client, id), id, 'record')
    if (record === null) return
    if (options.json) return say(JSON.stringify(record, null, 2))
    const part = (title: string, value: unknown): string[] => [
      '',
      title,
      ...JSON.stringify(value, null, 2)
        .split('\n')
        .map(line => `  ${printable(line)}`),
    ]
    say(
      `${record.id}  ${record.outcome}  ${record.quarantined_at.toISOString()}`,
      `of ${record.release_id === null ? `experiment ${record.experiment_id}` : `release ${record.release_id}`}, configuration ${record.configuration_id}`,
      `may be tried again: ${eligible(record)}${record.blacklisted === null ? '' : `, blacklisted: ${printable(record.blacklisted)}`}`,
      ...part('why', record.failure_reasons),
      ...part('figures at that time', record.metrics_at_failure),
      ...part('what else shares its parts', record.impact_analysis),
    )
  })
}
