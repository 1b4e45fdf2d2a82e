import type pg from 'pg'
import type { Budgets, ReservationOutcome, Spender } from '../../ports/stores.ts'
import { inTransaction, storable, type Db } from './pool.ts'

type Limits = Parameters<Budgets['reserve']>[2]
const scopes = ['author', 'installation', 'repository', 'zone'] as const
type Scope = (typeof scopes)[number]
/** In which order limits are looked at: the first that is passed is named. */
const widestFirst = ['zone', 'installation', 'repository', 'author'] as const satisfies readonly Scope[]

/** What a killed worker reserved and never settled stays counted until the day ends: the error is on the safe side. */
export function budgets(pool: pg.Pool): Budgets {
  return {
    reserve: (who, usd, limits, now) => inTransaction(pool, db => reserve(db, who, usd, limits, now)),
    settle: (id, usd) => inTransaction(pool, db => settle(db, id, usd)),
    async used(who, limits, now) {
      const subjects = subjectsOf(who)
      const open = await reservedOn(pool, subjects, now)
      const shares = (await standing(pool, subjects, limits, now)).map(({ limit, usd, most }) =>
        most > 0 ? (usd - open[limit]) / most : 1,
      )
      return Math.max(0, ...shares)
    },
  }
}

function subjectsOf(who: Spender): Record<Scope, string> {
  return {
    // GitHub's logins are case-insensitive.
    author: `${who.installationId}/${storable(who.author).toLowerCase()}`,
    installation: String(who.installationId),
    repository: String(who.repositoryId),
    zone: 'production',
  }
}

interface Bound {
  limit: Scope
  period: 'day' | 'month'
  /** Spent and reserved so far, and the most that may be. */
  usd: number
  most: number
}

/** Every limit that there is, with what was used of it. */
async function standing(
  db: Db,
  subjects: Record<Scope, string>,
  { monthly, ...daily }: Limits,
  now: Date,
): Promise<Bound[]> {
  const { rows } = await db.query<{ scope: Scope; today: string; month: string }>(
    `select s.scope, coalesce(sum(b.usd) filter (where b.day = $1), 0) as today, coalesce(sum(b.usd), 0) as month
     from unnest($2::text[], $3::text[]) as s (scope, subject)
     left join production.budgets b on b.scope = s.scope and b.subject = s.subject
       and b.day between date_trunc('month', $1::date)::date and $1
     group by s.scope`,
    [dayOf(now), scopes, scopes.map(scope => subjects[scope])],
  )
  return widestFirst.flatMap(limit => {
    const row = rows.find(each => each.scope === limit)
    const bound = (period: Bound['period'], usd: unknown, most: number | undefined): Bound[] =>
      most === undefined ? [] : [{ limit, period, usd: Number(usd ?? 0), most }]
    return [
      ...bound('day', row?.today, daily[`${limit}Usd`]),
      ...bound('month', row?.month, monthly?.[`${limit}Usd`]),
    ]
  })
}

/** What reviews under way may still give back today: most of it, as a reservation is the most that one may cost. */
async function reservedOn(
  db: Db,
  subjects: Record<Scope, string>,
  now: Date,
): Promise<Record<Scope, number>> {
  const { rows } = await db.query<Record<Scope, string>>(
    `select coalesce(sum(reserved_usd), 0) as zone,
       coalesce(sum(reserved_usd) filter (where installation_subject = $2), 0) as installation,
       coalesce(sum(reserved_usd) filter (where repository_subject = $3), 0) as repository,
       coalesce(sum(reserved_usd) filter (where author_subject = $4), 0) as author
     from production.budget_reservations where day = $1 and settled_usd is null`,
    [dayOf(now), subjects.installation, subjects.repository, subjects.author],
  )
  const of = (scope: Scope): number => Number(rows[0]?.[scope] ?? 0)
  return {
    zone: of('zone'),
    installation: of('installation'),
    repository: of('repository'),
    author: of('author'),
  }
}

function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10)
}

async function reserve(
  db: Db,
  who: Spender,
  usd: number,
  limits: Limits,
  now: Date,
): Promise<ReservationOutcome> {
  const day = dayOf(now)
  const subjects = subjectsOf(who)
  // Locks the day's rows, always in the same order, until this transaction ends.
  await db.query(
    `insert into production.budgets as b (day, scope, subject)
     select $1, s.scope, s.subject from unnest($2::text[], $3::text[]) as s (scope, subject) order by s.scope
     on conflict (day, scope, subject) do update set usd = b.usd`,
    [day, scopes, scopes.map(scope => subjects[scope])],
  )
  for (const { limit, period, usd: spent, most } of await standing(db, subjects, limits, now))
    if (millionths(spent) + millionths(usd) > millionths(most)) return { granted: false, limit, period }
  await db.query(
    `update production.budgets b set usd = b.usd + $4::numeric
     from unnest($2::text[], $3::text[]) as s (scope, subject)
     where b.day = $1 and b.scope = s.scope and b.subject = s.subject`,
    [day, scopes, scopes.map(scope => subjects[scope]), usd.toFixed(6)],
  )
  const reservation = await db.query<{ id: string }>(
    `insert into production.budget_reservations
       (day, installation_subject, repository_subject, author_subject, number, reserved_usd)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [day, subjects.installation, subjects.repository, subjects.author, who.number ?? null, usd.toFixed(6)],
  )
  return { granted: true, id: reservation.rows[0]?.id ?? '' }
}

/** Stored to a millionth of a dollar; compared in the same unit, so that ten tenths make one. */
function millionths(usd: number): number {
  return Math.round(usd * 1e6)
}

/**
 * Twice is once: only the first settlement counts. One statement a row, in the order of `reserve`: in a single
 * statement over all three, rows that another transaction changes meanwhile are passed over.
 */
async function settle(db: Db, id: string, usd: number): Promise<void> {
  const { rows } = await db.query<Record<'day' | 'difference' | Scope, string>>(
    `update production.budget_reservations set settled_usd = $2::numeric, settled_at = now()
     where id = $1 and settled_usd is null
     returning day::text, author_subject as author, installation_subject as installation,
       repository_subject as repository, 'production' as zone, settled_usd - reserved_usd as difference`,
    [id, usd.toFixed(6)],
  )
  const settled = rows[0]
  if (!settled) return
  for (const scope of scopes) {
    await db.query(
      `update production.budgets set usd = greatest(0, usd + $4::numeric)
       where day = $1 and scope = $2 and subject = $3`,
      [settled.day, scope, settled[scope], settled.difference],
    )
  }
}
