import type pg from 'pg'
import type { ReviewMinute, Slo } from '../../ports/slo.ts'
import { deleteInBatches } from './delete-in-batches.ts'
import type { Db } from './pool.ts'

export function slo(pool: pg.Pool): Slo {
  return {
    heartbeat: () => heartbeat(pool),
    closeMinutes: () => closeMinutes(pool),
    purge: days => purge(pool, days),
  }
}

async function heartbeat(db: Db): Promise<void> {
  await db.query(
    `insert into production.slo_metrics (release_id, window_start, window_seconds, metric, value, observations)
     select s.id, date_trunc('minute', now()), 60, 'heartbeat', 1, 1 from production.release_states s
     where s.step = 'full' and not exists (
       select 1 from production.slo_metrics m where m.metric = 'heartbeat' and m.window_start = date_trunc('minute', now()))
     order by s.step_id desc limit 1
     on conflict do nothing`,
  )
}

/** A review belongs to the minute it ended in. Looks back a day at most; 5 s let statements under way commit. */
async function closeMinutes(db: Db): Promise<ReviewMinute[]> {
  const { rows } = await db.query<{
    release_id: string
    metric: ReviewMinute['metric']
    value: number
    observations: string
  }>(
    `insert into production.slo_metrics (release_id, window_start, window_seconds, metric, value, observations)
     select r.release_id, r.minute, 60, m.metric, m.value, m.observations from (
       select o.release_id, date_trunc('minute', o.finished_at) as minute,
         avg((o.response_ms <= 3000)::integer) as within,
         percentile_cont(0.95) within group (order by o.response_ms) as p95,
         count(o.response_ms) as answered, avg((not o.healthy)::integer) as errors, count(*) as ended
       from production.published_outcomes o
       where o.finished_at < date_trunc('minute', now() - interval '5 seconds') and o.finished_at >= greatest(
         now() - interval '1 day',
         (select max(k.window_start) + interval '1 minute' from production.slo_metrics k where k.metric = 'error_rate'))
       group by 1, 2
     ) r
     cross join lateral (values ('error_rate', r.errors::float8, r.ended),
       ('response_within_3s', r.within::float8, r.answered), ('response_p95_ms', r.p95, r.answered)) m (metric, value, observations)
     where m.observations > 0
     on conflict do nothing returning release_id, metric, value, observations`,
  )
  return rows.map(({ release_id, metric, value, observations }) => ({
    releaseId: release_id,
    metric,
    value,
    observations: Number(observations),
  }))
}

function purge(db: Db, days: number): Promise<number> {
  const key = ['release_id', 'metric', 'window_seconds', 'window_start']
  const old = { where: 'window_start < now() - make_interval(days => $1)', oldest: 'window_start' }
  return deleteInBatches(db, 'production.slo_metrics', key, old, [days])
}
