// Run as a process of its own: starts a database on a folder, prints its URL and stays.
import { startEmbeddedPostgres } from '../../sandbox/postgres.ts'

const { ownerUrl } = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', persistent: true })
process.stdout.write(`${ownerUrl}\n`)
setInterval(() => {}, 1000)
