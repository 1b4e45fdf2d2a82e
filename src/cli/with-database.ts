import process from 'node:process'
import pg from 'pg'

/** Runs `work` on one connection; exit code 2 and a sentence when there is none or it fails. */
export async function withDatabase(
  url: string | undefined,
  name: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const fail = (why: string): void => {
    process.stderr.write(`${why}\n`)
    process.exitCode = 2
  }
  if (!url) return fail('no database: set DATABASE_URL or pass --database')
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
