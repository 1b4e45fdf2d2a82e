import { Command } from 'commander'
import { publishedRecords } from '../adapters/postgres/published-records.ts'
import { table } from '../core/experiment-text.ts'
import { eligibility } from '../core/gate/failure.ts'
import { printable } from '../core/report/printable.ts'
import { asking, askGate, atDoor, looking, say, theOne, type Asking, type Looking } from './acting.ts'

const name = 'cupel quarantine'

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

async function list(options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const all = await publishedRecords(client, '')
    if (options.json) return say(JSON.stringify(all, null, 2))
    if (all.length === 0) return say('nothing has failed yet')
    say(
      ...table(
        ['RECORD', 'OF', 'OUTCOME', 'SINCE', 'AGAIN'],
        all.map(each => [
          each.id.slice(0, 8),
          each.releaseId ?? each.experimentId ?? '',
          each.outcome,
          each.quarantinedAt.toISOString().slice(0, 16),
          eligibility(each),
        ]),
      ),
    )
  })
}

async function show(id: string, options: Looking): Promise<void> {
  await atDoor(options, name, async client => {
    const record = theOne(await publishedRecords(client, id), id, 'record')
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
      `${record.id}  ${record.outcome}  ${record.quarantinedAt.toISOString()}`,
      `of ${record.releaseId === null ? `experiment ${record.experimentId}` : `release ${record.releaseId}`}, configuration ${record.configurationId}`,
      `may be tried again: ${eligibility(record)}${record.blacklisted === null ? '' : `, blacklisted: ${printable(record.blacklisted)}`}`,
      ...part('why', record.failureReasons),
      ...part('figures at that time', record.metricsAtFailure),
      ...part('what else shares its parts', record.impactAnalysis),
    )
  })
}
