import type { Runs } from '../../ports/experiments.ts'
import type { Db } from './pool.ts'

/** Until the transaction ends nobody else reserves or settles: limits over several experiments hold together. */
export async function lockSpending(db: Db): Promise<void> {
  await db.query("select pg_advisory_xact_lock(hashtext('cupel spending of experiments'))")
}

/** Adds to what an experiment spent on a day (UTC); answers the day. `usd` may be negative. */
export async function addSpending(
  db: Db,
  experimentId: string,
  usd: number,
  on: Date | string,
): Promise<string> {
  const day = typeof on === 'string' ? on : on.toISOString().slice(0, 10)
  await db.query(
    `insert into experiments_v1.spending as s (experiment_id, day, usd)
     values ($1, $2, greatest(0, $3::numeric))
     on conflict (experiment_id, day) do update set usd = greatest(0, s.usd + $3::numeric)`,
    [experimentId, day, usd.toFixed(6)],
  )
  return day
}

/** Spent over an experiment's whole life, reservations of runs under way included, and those reservations. */
export async function moneyOf(
  db: Db,
  experimentId: string,
): Promise<{ spentUsd: number; reservedUsd: number }> {
  const { rows } = await db.query<{ spent: string; reserved: string }>(
    `select (select coalesce(sum(usd), 0) from experiments_v1.spending where experiment_id = $1) as spent,
       (select coalesce(sum(reserved_usd), 0) from experiments_v1.code_analyses
         where experiment_id = $1 and state = 'started') as reserved`,
    [experimentId],
  )
  return { spentUsd: Number(rows[0]?.spent ?? 0), reservedUsd: Number(rows[0]?.reserved ?? 0) }
}

/** What an experiment, or with null all of them, has spent and reserved on that UTC day and in its month until then. */
export async function spentBy(
  db: Db,
  experimentId: string | null,
  now: Date,
): Promise<{ todayUsd: number; monthUsd: number }> {
  const { rows } = await db.query<{ today: string; month: string }>(
    `select coalesce(sum(usd) filter (where day = $1), 0) as today, coalesce(sum(usd), 0) as month
     from experiments_v1.spending
     where day between date_trunc('month', $1::date)::date and $1 and ($2::text is null or experiment_id = $2)`,
    [now.toISOString().slice(0, 10), experimentId],
  )
  return { todayUsd: Number(rows[0]?.today ?? 0), monthUsd: Number(rows[0]?.month ?? 0) }
}

export async function mostSpent(db: Db, now: Date): ReturnType<Runs['mostSpent']> {
  const { rows } = await db.query<{ day: string; most_day: string; month: string; most_month: string }>(
    `select coalesce(sum(e.day), 0) as day, coalesce(max(e.day), 0) as most_day,
       coalesce(sum(e.month), 0) as month, coalesce(max(e.month), 0) as most_month
     from (
       select sum(s.usd) filter (where s.day = $1) as day, sum(s.usd) as month
       from experiments_v1.spending s
       where s.day between date_trunc('month', $1::date)::date and $1
       group by s.experiment_id
     ) e`,
    [now.toISOString().slice(0, 10)],
  )
  const [row] = rows
  return {
    day: { zone: Number(row?.day), experiment: Number(row?.most_day) },
    month: { zone: Number(row?.month), experiment: Number(row?.most_month) },
  }
}
