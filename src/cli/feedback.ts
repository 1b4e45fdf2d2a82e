import process from 'node:process'
import { Command } from 'commander'
import { publishedSignals } from '../adapters/postgres/feedback.ts'
import { publishedLabels } from '../adapters/postgres/labels.ts'
import { judgeSignals } from '../core/feedback-judge.ts'
import { hearingLine, labelLine } from '../core/feedback-text.ts'
import { databaseOption, repositoryId, withDatabase } from './with-database.ts'

/** `cupel feedback show OWNER/REPO#N`: what was understood of people's signals, and the labels that came of it. */
export function feedbackCommand(): Command {
  const command = new Command('feedback').description('what people said of findings, and what came of it')
  command
    .command('show <pull-request>')
    .description('every signal on OWNER/REPO#N: by whom, counted or not and why, and its labels')
    .addOption(databaseOption())
    .option('--json', 'as one JSON object')
    .action(show)
  return command
}

async function show(name: string, options: { database?: string; json?: boolean }): Promise<void> {
  const [, repository, number] = /^([\w.-]+\/[\w.-]+)#(\d{1,9})$/.exec(name) ?? []
  if (repository === undefined || number === undefined) {
    process.stderr.write(`${name} is not a pull request; write OWNER/REPO#N\n`)
    process.exitCode = 2
    return
  }
  await withDatabase(options.database, 'cupel feedback', async client => {
    const id = await repositoryId(client, repository)
    if (id === null) {
      process.stderr.write(`no pull request of ${repository} is known\n`)
      process.exitCode = 1
      return
    }
    const signals = await publishedSignals(client, id, Number(number))
    const labels = await publishedLabels(client, id, Number(number))
    const { hearings } = judgeSignals(signals)
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ signals: hearings, labels }, null, 2)}\n`)
      return
    }
    const lines = [
      `${signals.length} signals on ${name}`,
      ...hearings.map(hearingLine),
      '',
      labels.length > 0
        ? `${labels.length} versions of labels`
        : 'no labels: they are made of signals that count, on pull requests that were sampled',
      ...labels.map(labelLine),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  })
}
