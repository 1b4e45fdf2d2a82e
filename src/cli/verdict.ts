import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { rowsOfVerdict } from '../adapters/postgres/published-standing.ts'
import { canonicalJson, sha256 } from '../core/ids.ts'
import { disagreement, readBundle } from '../core/gate/bundle.ts'
import { printable } from '../core/report/printable.ts'
import { atDoor, complain, looking, say, type Looking } from './acting.ts'
import { verdictMeant } from './gate-explain.ts'

/** `cupel verdict`: verdicts that can be computed again elsewhere. */
export function verdictCommand(): Command {
  const command = new Command('verdict').description(
    'verdicts as files, to be computed again on another machine',
  )
  looking(command.command('export <id>'))
    .description('a verdict with every row that it rests on, as JSON')
    .action(exportVerdict)
  command
    .command('verify <file>')
    .description('compute an exported verdict again, without any database')
    .action(verify)
  return command
}

async function exportVerdict(id: string, options: Looking): Promise<void> {
  await atDoor(options, 'cupel verdict', async client => {
    const verdict = await verdictMeant(client, id)
    if (verdict === null) return
    const bundle = JSON.parse(JSON.stringify(await rowsOfVerdict(client, verdict))) as object
    say(JSON.stringify({ ...bundle, sha256: sha256(canonicalJson(bundle)) }, null, 1))
  })
}

/** Exit code 1 with the first JSON path that does not agree, 2 for what is no bundle. */
async function verify(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error)
  const read = typeof text === 'string' ? readBundle(text) : { wrong: `it cannot be read (${text.code})` }
  if ('wrong' in read) {
    complain(`${printable(file)} is no exported verdict: ${printable(read.wrong)}`)
    process.exitCode = 2
    return
  }
  const { sha256: told, ...bundle } = read.bundle as typeof read.bundle & { sha256?: unknown }
  const path = disagreement(bundle) ?? (told === sha256(canonicalJson(bundle)) ? null : 'sha256')
  if (path !== null) return complain(`does not agree: ${printable(path)}`)
  const { stored, experiment, outcomes, runs } = bundle
  say(
    `agrees: ${stored?.verdict.answer} for experiment ${printable(experiment.id)}, from ${outcomes.length} pull requests and ${runs.length} runs`,
  )
}
