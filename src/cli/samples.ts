import process from 'node:process'
import { Command } from 'commander'
import { databaseOption, repositoryId, withDatabase } from './with-database.ts'

/** `cupel samples purge`: forgets the texts of samples; counts and figures, which hold none, stay. */
export function samplesCommand(): Command {
  const command = new Command('samples').description('pull requests that were copied to the experiments')
  command
    .command('purge')
    .description('forget the texts of samples: snapshots, findings, words of labels')
    .option('--older-than <days>', 'only samples taken longer ago than that')
    .option('--repository <owner/repo>', 'only samples of that repository')
    .addOption(databaseOption())
    .action(purge)
  return command
}

async function purge(options: { olderThan?: string; repository?: string; database?: string }): Promise<void> {
  const { olderThan, repository } = options
  if (olderThan !== undefined && !/^\d{1,5}$/.test(olderThan)) {
    process.stderr.write(`--older-than ${olderThan} is not a number of days\n`)
    process.exitCode = 2
    return
  }
  await withDatabase(options.database, 'cupel samples', async client => {
    const id = repository === undefined ? null : await repositoryId(client, repository)
    if (repository !== undefined && id === null) {
      process.stderr.write(`no pull request of ${repository} is known\n`)
      process.exitCode = 1
      return
    }
    const before = olderThan === undefined ? null : new Date(Date.now() - Number(olderThan) * 86_400_000)
    const { rows } = await client.query<{ samples: number }>(
      'select doors.forget_samples($1, $2) as samples',
      [id === null ? null : [id], before],
    )
    process.stdout.write(`forgot the texts of ${rows[0]?.samples ?? 0} samples\n`)
  })
}
