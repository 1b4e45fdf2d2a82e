// How long a backup and a restore take, and what is lost between them: `node scripts/measure-recovery.ts [pull requests]`, on an embedded PostgreSQL of its own.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import pg from 'pg'
import { migrate } from '../src/adapters/postgres/migrate.ts'
import { cupel } from '../src/cli/cupel.ts'
import { startEmbeddedPostgres } from '../sandbox/postgres.ts'
import { zoneRows } from '../test/support/zone-rows.ts'

const count = Number(process.argv[2] ?? 10_000)
const folder = await mkdtemp(join(tmpdir(), 'cupel-recovery-'))
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), persistent: true })
try {
  await migrate(postgres.ownerUrl)
  const client = new pg.Pool({ connectionString: postgres.ownerUrl })
  await client.query(zoneRows(count))
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_database_size(current_database()) as bytes',
  )
  // A row every 50 ms, as users go on while a backup is made; what comes after its moment is lost by the restore.
  const arriving = setInterval(() => {
    void client.query(
      `insert into production.deliveries (id, event, state) values (gen_random_uuid()::text, 'arriving', 'received')`,
    )
  }, 50)
  const arrived = async (): Promise<{ count: number; newest: Date }> => {
    const { rows } = await client.query<{ count: string; newest: Date }>(
      `select count(*), max(received_at) as newest from production.deliveries where event = 'arriving'`,
    )
    return { count: Number(rows[0]?.count), newest: rows[0]?.newest ?? new Date(Number.NaN) }
  }
  process.env['CUPEL_BACKUP_KEY'] = Buffer.alloc(32, 1).toString('base64')
  process.env['DATABASE_URL'] = postgres.ownerUrl
  const backups = join(folder, 'backups')
  await cupel(['backup', '--to', backups])
  const file = join(backups, (await readdir(backups))[0] ?? '')
  clearInterval(arriving)
  const failed = await arrived()
  await cupel(['restore', file, '--schema', 'production'])
  const kept = await arrived()
  await cupel(['restore', file, '--all'])
  const size = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`
  const memory = process.resourceUsage().maxRSS * 1_024
  const lostSeconds = (failed.newest.getTime() - kept.newest.getTime()) / 1_000
  process.stdout.write(
    `lost at a failure right after the backup: ${failed.count - kept.count} of ${failed.count} rows, the oldest ${lostSeconds.toFixed(1)} s old\n`,
  )
  process.stdout.write(
    `${count} pull requests: database ${size(Number(rows[0]?.bytes))}, backup ${size((await stat(file)).size)}, ` +
      `highest memory of the process ${size(memory)}\n`,
  )
  await client.end()
} finally {
  await postgres.stop()
  await rm(folder, { recursive: true })
}
