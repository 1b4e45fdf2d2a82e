import type { Db } from './pool.ts'

/**
 * Share of the minutes of each window, to the last whole one, in which no worker of production left a heartbeat, 0 to 1; with
 * the gate's rights. Minutes before the first heartbeat there is do not count; no window before that.
 */
export async function downtime(db: Db): Promise<{ window: string; share: number }[]> {
  const { rows } = await db.query<{ window: string; share: number }>(
    `select w.name as window, (1 - count(distinct h.window_start) * 60.0 / extract(epoch from n.minute - f.first))::float8 as share
     from (select date_trunc('minute', now()) as minute) n
     cross join (select min(k.window_start) as first from production.slo_metrics k where k.metric = 'heartbeat') e
     cross join (values ('5m', interval '5 minutes'), ('30m', interval '30 minutes'), ('1h', interval '1 hour'),
       ('6h', interval '6 hours'), ('3d', interval '3 days'), ('30d', interval '30 days')) w (name, length)
     cross join lateral (select greatest(e.first, n.minute - w.length) as first) f
     left join production.slo_metrics h
       on h.metric = 'heartbeat' and h.window_start >= f.first and h.window_start < n.minute
     where e.first < n.minute
     group by w.name, n.minute, f.first`,
  )
  return rows
}
