import { rename, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { Command, InvalidArgumentError, Option } from 'commander'
import pg from 'pg'
import { databaseFault } from '../adapters/postgres/pool.ts'
import { recordBackup } from '../adapters/postgres/backups.ts'
import { dump, readMigrations } from '../adapters/postgres/dump.ts'
import { readBackupKey } from '../backup/envelope.ts'
import { prune, readInventory, writeBackup, type Inventory } from '../backup/file.ts'
import type { Retention } from '../core/backup.ts'

interface Options {
  to?: string
  database?: string
  textfile?: string
  keepHours: number
  keepDays: number
  keepMonths: number
}

/** `cupel backup` and `cupel backup verify`: everything the zones remember, encrypted. Exit code 1 when it failed. */
export function backupCommand(version: string): Command {
  const command = new Command('backup')
    .description('write everything the database remembers to an encrypted file (key: CUPEL_BACKUP_KEY)')
    .option('--to <folder>', 'where backups lie')
    .addOption(ownersDatabase())
    .addOption(kept('--keep-hours <n>', 'keep the newest backup of so many hours', 24))
    .addOption(kept('--keep-days <n>', 'of so many days', 14))
    .addOption(kept('--keep-months <n>', 'of so many months', 6))
    .option('--textfile <file>', 'also write the time of success there, for Prometheus’ node exporter')
    .action((options: Options) => backUp(options, version))
  command
    .command('verify <file>')
    .description('read a backup to its end and say what it holds; needs no database')
    .action(async (file: string) => {
      const inventory = await readInventory(file, readBackupKey(process.env['CUPEL_BACKUP_KEY']))
      process.stdout.write(inventoryLines(file, inventory))
    })
  return command
}

/** Not a default value: `--help` would print it, password and all. */
export function ownersDatabase(): Option {
  return new Option('--database <url>', 'owner’s URL').env('DATABASE_URL')
}

function kept(flags: string, what: string, standard: number): Option {
  return new Option(flags, what).default(standard).argParser(text => {
    if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('write a number from 0 to 9999')
    return Number(text)
  })
}

async function backUp(options: Options, release: string): Promise<void> {
  const { to: folder } = options
  if (folder === undefined) {
    process.stderr.write('say where backups lie: --to FOLDER\n')
    process.exitCode = 2
    return
  }
  const key = readBackupKey(process.env['CUPEL_BACKUP_KEY'])
  await withOwner(options.database, 'cupel backup', async client => {
    const takenAt = new Date()
    const migrations = await readMigrations(client)
    const written = await writeBackup(folder, { takenAt, release, migrations }, dump(client), key)
    const rows = sum(written)
    await recordBackup(client, { takenAt, bytes: written.bytes, rows })
    if (options.textfile !== undefined) await writeTextfile(options.textfile, takenAt)
    const keep: Retention = { hours: options.keepHours, days: options.keepDays, months: options.keepMonths }
    const gone = await prune(folder, keep)
    const seconds = ((Date.now() - takenAt.getTime()) / 1_000).toFixed(1)
    process.stdout.write(
      `${written.file}: ${rows} rows, ${written.bytes} bytes, written and read back in ${seconds} s; ${gone.length} old ones deleted\n`,
    )
  })
}

export function sum({ rows }: Pick<Inventory, 'rows'>): number {
  return [...rows.values()].reduce((all, count) => all + count, 0)
}

function inventoryLines(file: string, inventory: Inventory): string {
  const { header, head, bytes } = inventory
  const lines = [
    `${file}: whole, ${sum(inventory)} rows, ${bytes} bytes`,
    `taken ${header.takenAt} by Cupel ${header.release} at ${header.migrations.at(-1)}`,
    `audit head ${head.sequence} ${head.hash}`,
    ...[...inventory.rows].map(([table, rows]) => `  ${table} ${rows}`),
  ]
  return `${lines.join('\n')}\n`
}

/** Whole or not at all: it is read at any moment. The time is the one that the backup shows. */
async function writeTextfile(file: string, takenAt: Date): Promise<void> {
  const name = 'cupel_backup_last_success_timestamp_seconds'
  const help = 'The moment that the newest backup shows, which was read back whole.'
  await writeFile(
    `${file}.partial`,
    `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${Math.floor(takenAt.getTime() / 1_000)}\n`,
  )
  await rename(`${file}.partial`, file)
}

/** Runs `work` as the owner on one connection; exit code 2 and a sentence when none is given. */
export async function withOwner(
  url: string | undefined,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  if (!url) {
    process.stderr.write('no database: set DATABASE_URL or pass --database\n')
    process.exitCode = 2
    return
  }
  const client = new pg.Client({ connectionString: url, application_name: name, keepAlive: true })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } catch (error) {
    throw databaseFault(error)
  } finally {
    await client.end().catch(() => {})
  }
}
