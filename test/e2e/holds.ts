import pg from 'pg'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Where a worker can be held: each is a statement that has been sent and is not committed. */
export const points = {
  /** A delivery row is committed, its review request is not. */
  request: ['production.review_requests', 'insert', 'true'],
  /** The request is committed, the review's row is not. */
  row: ['production.code_reviews', 'insert', 'true'],
  /** The check run was started, its id is not saved. */
  check: ['production.code_reviews', 'update', 'old.check_id is null and new.check_id is not null'],
  /** The models have answered, the examination is not saved. */
  examination: ['production.code_reviews', 'update', 'old.base_sha is null and new.base_sha is not null'],
  /** The review was posted, its id is not saved. */
  post: ['production.code_reviews', 'update', 'old.review_id is null and new.review_id is not null'],
  /** Summary and check run are complete, the row is not done. */
  finish: ['production.code_reviews', 'update', "new.state = 'done'"],
} as const
export type Point = keyof typeof points

const KEY = 77

export interface Holds {
  /** From now on the worker stops at this point of this repository's reviews. */
  at(point: Point, repositoryId: number): Promise<void>
  /** Resolves when the worker is stopped at all of them. */
  reached(): Promise<void>
  /** Ends the statements that are held, as the end of their connections would, and holds nothing from now on. */
  abandon(): Promise<void>
  close(): Promise<void>
}

/** Triggers in the database hold the worker exactly between an effect and its record; nothing is timed. */
export async function installHolds(world: World): Promise<Holds> {
  const client = new pg.Client({ connectionString: world.database.ownerUrl })
  client.on('error', () => {})
  await client.connect()
  await client.query(`create table public.holds (point text, repository_id bigint)`)
  await client.query(`select pg_advisory_lock(${KEY})`)
  for (const [point, [table, operation, condition]] of Object.entries(points)) {
    await client.query(`
      create function public.hold_${point}() returns trigger language plpgsql security definer as $$
        begin
          if exists (select from public.holds where point = '${point}' and repository_id = new.repository_id) then
            perform pg_advisory_xact_lock_shared(${KEY});
          end if;
          return new;
        end $$;
      grant usage on schema public to cupel_production;
      grant execute on function public.hold_${point}() to cupel_production;
      create trigger hold_${point} before ${operation} on ${table} for each row when (${condition})
        execute function public.hold_${point}()`)
  }
  let expected = 0
  const held = async (): Promise<number[]> => {
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objid = ${KEY} and not granted
         and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows.map(row => row.pid)
  }
  return {
    async at(point, repositoryId) {
      await client.query('insert into public.holds values ($1, $2)', [point, repositoryId])
      expected++
    },
    reached: async () => {
      await until('the worker is held at every point', async () => (await held()).length === expected, {
        context: world.log,
      })
    },
    async abandon() {
      await client.query('delete from public.holds')
      for (const pid of await held()) await client.query('select pg_terminate_backend($1)', [pid])
      await until('the held statements have ended', async () => (await held()).length === 0)
      expected = 0
    },
    close: () => client.end(),
  }
}
