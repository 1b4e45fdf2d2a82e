import { readFile, stat } from 'node:fs/promises'
import process from 'node:process'
import { Command } from 'commander'
import { rowsOfVerdict } from '../adapters/postgres/published-standing.ts'
import { bundleText, verifyText, type Verified } from '../core/gate/bundle-file.ts'
import { asStoredLine } from '../core/gate/label-text.ts'
import { printable } from '../core/report/printable.ts'
import { atDoor, complain, looking, say, type Looking } from './acting.ts'
import { verdictMeant } from './gate-explain.ts'

/** 2,000 pull requests, the usual horizon, with four findings each have 13 MB, with words 23; in memory some ten times that. */
const MOST_BYTES = 100_000_000

/** `cupel verdict`: verdicts that can be computed again elsewhere. */
export function verdictCommand(): Command {
  const command = new Command('verdict').description(
    'verdicts as files, to be computed again on another machine',
  )
  looking(command.command('export <id>'))
    .description('a verdict with every row that it rests on, as JSON')
    .option('--with-findings', 'with what findings and labels say, so that their match is computed again too')
    .action(exportVerdict)
  command
    .command('verify <file>')
    .description('compute an exported verdict again, without any database')
    .action(verify)
  return command
}

async function exportVerdict(id: string, options: Looking & { withFindings?: true }): Promise<void> {
  await atDoor(options, 'cupel verdict', async client => {
    const verdict = await verdictMeant(client, id)
    if (verdict === null) return
    say(bundleText(await rowsOfVerdict(client, verdict, options.withFindings === true)))
  })
}

/** Exit code 1 with the first JSON path that does not agree, 2 for what is no bundle, 3 when counts are as they are stored. */
async function verify(file: string): Promise<void> {
  const verified = await read(file)
  if ('wrong' in verified) {
    complain(`${printable(file)} is no exported verdict: ${printable(verified.wrong)}`)
    process.exitCode = 2
    return
  }
  if ('differs' in verified) return complain(`does not agree: ${printable(verified.differs)}`)
  const { stored, experiment, outcomes, runs } = verified.agrees
  const asStored = asStoredLine(verified.agrees)
  say(
    `${asStored === null ? 'agrees' : 'agrees but for what cannot be computed again'}: ${stored.verdict.answer} for experiment ${printable(experiment.id)}, from ${outcomes.length} pull requests and ${runs.length} runs`,
    ...(asStored === null ? [] : [asStored]),
  )
  if (asStored !== null) process.exitCode = 3
}

async function read(file: string): Promise<Verified> {
  try {
    const { size } = await stat(file)
    if (size > MOST_BYTES)
      return { wrong: `it has ${Math.ceil(size / 1e6)} MB, and at most ${MOST_BYTES / 1e6} are read` }
    return verifyText(await readFile(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { wrong: `it cannot be read (${String(error.code)})` }
    throw error
  }
}
