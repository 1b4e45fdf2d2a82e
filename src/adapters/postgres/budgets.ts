import type pg from 'pg'
import type { Budgets, ReservationOutcome } from '../../ports/stores.ts'
import { inTransaction, storable, type Db } from './pool.ts'

type Who = Parameters<Budgets['reserve']>[0]
type Limits = Parameters<Budgets['reserve']>[2]
const scopes = ['author', 'installation', 'repository'] as const

/** What a killed worker reserved and never settled stays counted until the day ends: the error is on the safe side. */
export function budgets(pool: pg.Pool): Budgets {
  return {
    reserve: (who, usd, limits, now) => inTransaction(pool, db => reserve(db, who, usd, limits, now)),
    settle: (id, usd) => inTransaction(pool, db => settle(db, id, usd)),
  }
}

async function reserve(
  db: Db,
  who: Who,
  usd: number,
  limits: Limits,
  now: Date,
): Promise<ReservationOutcome> {
  const day = now.toISOString().slice(0, 10)
  const subjects = {
    // GitHub's logins are case-insensitive.
    author: `${who.installationId}/${storable(who.author).toLowerCase()}`,
    installation: String(who.installationId),
    repository: String(who.repositoryId),
  }
  // Locks the three rows, always in the same order, until this transaction ends.
  const { rows } = await db.query<{ scope: (typeof scopes)[number]; usd: string }>(
    `insert into production.budgets as b (day, scope, subject)
     select $1, s.scope, s.subject from unnest($2::text[], $3::text[]) as s (scope, subject) order by s.scope
     on conflict (day, scope, subject) do update set usd = b.usd
     returning scope, usd`,
    [day, scopes, scopes.map(scope => subjects[scope])],
  )
  const most = {
    installation: limits.installationUsd,
    repository: limits.repositoryUsd,
    author: limits.authorUsd,
  }
  for (const limit of ['installation', 'repository', 'author'] as const) {
    const spent = Number(rows.find(row => row.scope === limit)?.usd ?? 0)
    if (millionths(spent) + millionths(usd) > millionths(most[limit])) return { granted: false, limit }
  }
  await db.query(
    `update production.budgets b set usd = b.usd + $4::numeric
     from unnest($2::text[], $3::text[]) as s (scope, subject)
     where b.day = $1 and b.scope = s.scope and b.subject = s.subject`,
    [day, scopes, scopes.map(scope => subjects[scope]), usd.toFixed(6)],
  )
  const reservation = await db.query<{ id: string }>(
    `insert into production.budget_reservations
       (day, installation_subject, repository_subject, author_subject, reserved_usd)
     values ($1, $2, $3, $4, $5) returning id`,
    [day, subjects.installation, subjects.repository, subjects.author, usd.toFixed(6)],
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
  const { rows } = await db.query<Record<'day' | 'difference' | (typeof scopes)[number], string>>(
    `update production.budget_reservations set settled_usd = $2::numeric, settled_at = now()
     where id = $1 and settled_usd is null
     returning day::text, author_subject as author, installation_subject as installation,
       repository_subject as repository, settled_usd - reserved_usd as difference`,
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
