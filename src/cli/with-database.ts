import process from 'node:process'
import { Option } from 'commander'
import pg from 'pg'
import { operatorUrl } from './operator-url.ts'

/** Not a default value: `--help` would print it, password and all. */
export function databaseOption(): Option {
  return new Option('--database <url>', 'owner’s or operator’s URL').env('DATABASE_URL')
}

/**
 * Runs `work` as the operator on one connection: of the URL given, or of the embedded database of a running
 * `cupel start`. Exit code 2 and a sentence when there is none or it fails.
 */
export async function withDatabase(
  given: string | undefined,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const fail = (why: string): void => {
    process.stderr.write(`${why}\n`)
    process.exitCode = 2
  }
  let url: string | null
  try {
    url = await operatorUrl(given)
  } catch (error) {
    return fail(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (url === null)
    return fail('no database: set DATABASE_URL, pass --database, or run `cupel start` with the embedded one')
  const client = new pg.Client({ connectionString: url, application_name: name })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } catch (error) {
    fail(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The code host's id of a repository that Cupel knows by that name; null when it knows none. */
export async function repositoryId(db: Pick<pg.Client, 'query'>, fullName: string): Promise<number | null> {
  const [owner, repo] = fullName.split('/')
  const { rows } = await db.query<{ repository_id: string }>(
    `select repository_id from production.published_repositories
     where lower(owner) = lower($1) and lower(repo) = lower($2)`,
    [owner, repo],
  )
  return rows[0] ? Number(rows[0].repository_id) : null
}
