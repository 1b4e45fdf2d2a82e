import process from 'node:process'
import { Command, InvalidArgumentError } from 'commander'
import { restore } from '../adapters/postgres/restore.ts'
import { readBackupKey } from '../backup/envelope.ts'
import { openBackup, readInventory } from '../backup/file.ts'
import { backedUpSchemas, type BackedUpSchema } from '../core/backup.ts'
import { ownersDatabase, withOwner } from './backup.ts'
import { ownName } from './own-name.ts'

interface Options {
  schema: BackedUpSchema[]
  all?: true
  database?: string
}

/**
 * `cupel restore FILE --schema production`: puts schemas back as a backup has them, dropped tables included, while the
 * others serve on. All of the file is checked before the database is touched. Exit code 1 when nothing was changed.
 */
export function restoreCommand(): Command {
  return new Command('restore')
    .description(
      'put schemas back as a backup has them (key: CUPEL_BACKUP_KEY); what they hold now is replaced',
    )
    .argument('<file>', 'a file of `cupel backup`')
    .option(`--schema <name>`, `one of ${backedUpSchemas.join(', ')}; may be repeated`, collect, [])
    .option('--all', 'every schema')
    .addOption(ownersDatabase())
    .action(run)
}

function collect(name: string, known: BackedUpSchema[]): BackedUpSchema[] {
  const schema = backedUpSchemas.find(each => each === name)
  if (schema === undefined) throw new InvalidArgumentError(`write one of ${backedUpSchemas.join(', ')}`)
  return [...new Set([...known, schema])]
}

async function run(file: string, options: Options): Promise<void> {
  const schemas = options.all ? backedUpSchemas : options.schema
  if (schemas.length === 0) {
    process.stderr.write('say what is to be replaced: --schema NAME, or --all\n')
    process.exitCode = 2
    return
  }
  const key = readBackupKey(process.env['CUPEL_BACKUP_KEY'])
  const began = Date.now()
  const { header } = await readInventory(file, key)
  await withOwner(options.database, 'cupel restore', async client => {
    const { entries } = await openBackup(file, key)
    const { takenAt, migrations } = header
    const restored = await restore(client, entries, { schemas, takenAt, migrations, actor: ownName() })
    const rows = [...restored.values()].reduce((all, count) => all + count, 0)
    const seconds = ((Date.now() - began) / 1_000).toFixed(1)
    process.stdout.write(
      `${schemas.join(', ')}: ${rows} rows in ${restored.size} tables as of ${takenAt}, checked and restored in ${seconds} s\n`,
    )
  })
}
