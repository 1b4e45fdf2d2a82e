import { Command, InvalidArgumentError, Option } from 'commander'
import { migrate } from '../adapters/postgres/migrate.ts'
import { Fault } from '../core/fault.ts'
import { ownersDatabase } from './backup.ts'

const AGAIN_AFTER_MS = 2_000

interface Options {
  database?: string
  wait: number
}

/** `cupel migrate`: what `cupel start` does first, for installs where only this command may hold the owner's password. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this version')
    .addOption(ownersDatabase())
    .addOption(
      new Option('--wait <seconds>', 'for a database that cannot be reached yet')
        .default(0)
        .argParser(text => {
          if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('write a number from 0 to 9999')
          return Number(text)
        }),
    )
    .action(async ({ database, wait }: Options) => {
      if (!database) {
        process.stderr.write('no database: set DATABASE_URL or pass --database\n')
        process.exitCode = 2
        return
      }
      await whenReached(database, performance.now() + wait * 1_000)
      process.stdout.write('the database is up to date\n')
    })
}

async function whenReached(database: string, until: number): Promise<void> {
  const log = (line: string): void => void process.stderr.write(`${line}\n`)
  for (;;) {
    try {
      return await migrate(database, log)
    } catch (error) {
      const away = error instanceof Fault && error.code === 'database-unavailable'
      if (!away || performance.now() + AGAIN_AFTER_MS > until) throw error
      log(`${error.message}; trying again`)
    }
    await new Promise(done => setTimeout(done, AGAIN_AFTER_MS))
  }
}
