import { Command, Option } from 'commander'
import { migrate } from '../adapters/postgres/migrate.ts'

/** `cupel migrate`: what `cupel start` does first, for installs where only this command may hold the owner's password. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this version')
    .addOption(new Option('--database <url>', 'owner’s URL').env('DATABASE_URL'))
    .action(async (options: { database?: string }) => {
      if (!options.database) {
        process.stderr.write('no database: set DATABASE_URL or pass --database\n')
        process.exitCode = 2
        return
      }
      await migrate(options.database, line => process.stderr.write(`${line}\n`))
      process.stdout.write('the database is up to date\n')
    })
}
