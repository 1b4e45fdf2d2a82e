import type pg from 'pg'
import { Fault } from '../../core/fault.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Pacer } from '../../ports/pacer.ts'
import type { Db } from './pool.ts'

/**
 * Bucket sizes: a burst, and a rate such that burst + rate x window stays within GitHub's limit in any window.
 * 20 + 60 a minute = 80 content; 200 + 300 an hour = 500 content; 300 + 600 a minute = 900 points.
 */
const points = { burst: 300, everyMs: 60_000 / 600 }
const minute = { burst: 20, everyMs: 60_000 / 60 }
const hour = { burst: 200, everyMs: 3_600_000 / 300 }
const pointsOf = { read: 1, write: 5, content: 5 } as const

/**
 * One row per installation is the clock of every worker: a call books the next free moment (first come, first
 * served) and sleeps until then. Time is the database's, so that workers with wrong clocks agree; tests pass `now`.
 */
export function pacer(pool: pg.Pool, clock: Pick<Clock, 'sleep'>, now?: () => Date): Pacer {
  return {
    async acquire(installationId, kind, maxWaitMs, signal) {
      let left = maxWaitMs
      for (;;) {
        signal?.throwIfAborted()
        const booked = await book(pool, installationId, kind, left, now?.() ?? null)
        if (!booked.granted) throw tooLong(booked.waitMs, now?.() ?? new Date())
        if (booked.waitMs <= 0) return
        await clock.sleep(booked.waitMs, signal)
        left -= booked.waitMs
        // A pause that began while we slept holds for us too.
        if ((await pausedMs(pool, installationId, now?.() ?? null)) <= 0) return
      }
    },
    async pause(installationId, until) {
      await pool.query(
        `insert into production.pacer as p (installation_id, paused_until) values ($1, $2)
         on conflict (installation_id) do update set paused_until = greatest(p.paused_until, excluded.paused_until)`,
        [installationId, until],
      )
    },
  }
}

function tooLong(waitMs: number, now: Date): Fault {
  return new Fault('github-rate-limited', 'the installation’s GitHub limit is used up for now', {
    retry: 'later',
    retryAt: new Date(now.getTime() + waitMs),
  })
}

/** Books the moment unless it is further away than `maxWaitMs`; answers how far away it is. */
async function book(
  db: Db,
  installationId: number,
  kind: keyof typeof pointsOf,
  maxWaitMs: number,
  now: Date | null,
): Promise<{ granted: boolean; waitMs: number }> {
  const pointsMs = pointsOf[kind] * points.everyMs
  const content = kind === 'content' ? 1 : 0
  const { rows } = await db.query<{ granted: boolean; wait_ms: number }>(
    `with time as (
       select coalesce($2::timestamptz, clock_timestamp()) as now,
         -- What a crash of the server forgets is a moment's bookings; waiting for the disk costs every call.
         set_config('synchronous_commit', 'off', true)
     ), row as (
       select p.points_full_until, p.minute_full_until, p.hour_full_until, p.paused_until
       from production.pacer p where p.installation_id = $1 for update
     ), slot as (
       select greatest(
         time.now,
         row.paused_until,
         row.points_full_until + $3 * interval '1 ms' - $4 * interval '1 ms',
         case when $5 > 0 then row.minute_full_until + $6 * interval '1 ms' - $7 * interval '1 ms' end,
         case when $5 > 0 then row.hour_full_until + $8 * interval '1 ms' - $9 * interval '1 ms' end
       ) as at, time.now from row, time
     ), booked as (
       update production.pacer p set
         points_full_until = greatest(p.points_full_until, slot.at) + $3 * interval '1 ms',
         minute_full_until = case when $5 > 0 then greatest(p.minute_full_until, slot.at) + $6 * interval '1 ms'
           else p.minute_full_until end,
         hour_full_until = case when $5 > 0 then greatest(p.hour_full_until, slot.at) + $8 * interval '1 ms'
           else p.hour_full_until end
       from slot where p.installation_id = $1 and slot.at - slot.now <= $10 * interval '1 ms'
       returning p.installation_id
     )
     select exists (select from booked) as granted,
       (extract(epoch from slot.at - slot.now) * 1000)::float8 as wait_ms from slot`,
    [
      installationId,
      now,
      pointsMs,
      points.burst * points.everyMs,
      content,
      minute.everyMs,
      minute.burst * minute.everyMs,
      hour.everyMs,
      hour.burst * hour.everyMs,
      maxWaitMs,
    ],
  )
  const row = rows[0]
  if (row) return { granted: row.granted, waitMs: Math.ceil(row.wait_ms) }
  await db.query(
    'insert into production.pacer (installation_id) values ($1) on conflict (installation_id) do nothing',
    [installationId],
  )
  return book(db, installationId, kind, maxWaitMs, now)
}

async function pausedMs(db: Db, installationId: number, now: Date | null): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(
    `select (extract(epoch from greatest(paused_until, 'epoch') - coalesce($2::timestamptz, clock_timestamp())) * 1000)::float8 as ms
     from production.pacer where installation_id = $1`,
    [installationId, now],
  )
  return rows[0]?.ms ?? 0
}
