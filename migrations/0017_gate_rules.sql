-- Up Migration
-- Three rules more, as in src/core/gate/: what nobody answered is wrong as far as proof goes; an experiment must be shown to
-- find its part of what is known (pool.ts), and to say something else than production; a broken sampler lets nothing be said.

-- src/core/gate/pool.ts.
create function gate.pool_evidence(p_shares float8[], p_floor float8) returns table (n bigint, mean float8, log_above float8)
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select cardinality(p_shares), (select avg(u.x) from unnest(p_shares) as u (x)),
    (select gate.log_mean(array_agg(b.capital)) from (
      select coalesce(sum(ln(1 + s.stake * (u.x - p_floor) / p_floor)), 0) as capital
      from unnest('{0.05,0.1,0.2,0.35,0.6,0.9}'::float8[]) as s (stake)
      left join unnest(p_shares) as u (x) on true group by s.stake
    ) b)
$$;
revoke all on function gate.pool_evidence from public;

-- Every figure that a promotion asks for, of an experiment's rows up to a cut (null: all there are), as of a time (null: now).
-- What cannot be computed is null and does not hold.
create or replace function doors.recomputed(
  p_experiment_id text, p_sequence bigint default null, p_runs_to timestamptz default null, p_at timestamptz default null
) returns table (figure text, n bigint, value float8, log_for float8, log_against float8, needed float8, holds boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_to bigint := coalesce(p_sequence, 9223372036854775807);
  v_at timestamptz := date_trunc('milliseconds', coalesce(p_at, clock_timestamp()));
  v_asked gate.thresholds%rowtype;
  v_runs record;
  v_seen record;
  v_authors record;
  v_breaches text[] := gate.breaches(p_experiment_id);
  v_audited float8[];
  v_least float8[];
  v_found float8[];
  v_volunteered float8[];
  v_inflated float8;
  v_prove float8;
  v_disprove float8;
begin
  select t.* into strict v_asked from gate.thresholds t;
  select r.* into v_runs from gate.run_tallies(p_experiment_id, v_asked.latency_ms - doors.overhead_ms(), p_runs_to) r;
  select count(*) as pull_requests, min(j.at) as first_at, max(j.at) as newest_at, coalesce(sum(j.due), 0) as due,
      coalesce(sum(j.unanswered), 0) as unanswered, coalesce(sum(j.found), 0) as found,
      count(*) filter (where j.has_issue) as with_issue,
      count(*) filter (where j.tp + j.fp + j.fn + j.tn > 0) as audited,
      count(*) filter (where j.tp + j.fp + j.fn + j.tn > 0 or j.volunteered_right + j.volunteered_wrong > 0) as labelled,
      (extract(epoch from max(j.at) filter (where j.tp + j.fp + j.fn + j.tn > 0)
        - min(j.at) filter (where j.tp + j.fp + j.fn + j.tn > 0)) / 86400)::float8 as days,
      count(*) filter (where least(j.tp, j.fp, j.fn, j.tn, j.their_tp, j.their_fp, j.their_fn, j.their_tn,
        j.volunteered_right, j.volunteered_wrong, j.unanswered, j.found) < 0) as unsound,
      count(*) filter (where (j.tp, j.fp, j.fn, j.tn) is distinct from (j.their_tp, j.their_fp, j.their_fn, j.their_tn))
        as differing
    into v_seen from gate.judged_outcomes j where j.experiment_id = p_experiment_id and j.sequence <= v_to;
  select count(*) as authors, coalesce(max(a.hunks) / nullif(sum(a.hunks), 0), 0)::float8 as largest into v_authors from (
    select k.key, sum(k.value::float8) as hunks from gate.judged_outcomes j, json_each_text(j.authors) k
    where j.experiment_id = p_experiment_id and j.sequence <= v_to group by k.key
  ) a;
  select coalesce(array_agg((j.tp + j.tn) / (j.tp + j.fp + j.fn + j.tn) order by j.sequence), '{}') into v_audited
    from gate.judged_outcomes j
    where j.experiment_id = p_experiment_id and j.sequence <= v_to and j.tp + j.fp + j.fn + j.tn > 0;
  select coalesce(array_agg((j.tp + j.tn) / (j.tp + j.fp + j.fn + j.tn + j.unanswered) order by j.sequence), '{}') into v_least
    from gate.judged_outcomes j
    where j.experiment_id = p_experiment_id and j.sequence <= v_to and j.tp + j.fp + j.fn + j.tn + j.unanswered > 0;
  select coalesce(array_agg(j.tp / m.issues order by j.sequence), '{}') into v_found
    from gate.judged_outcomes j
    cross join lateral (select greatest(j.tp + j.fn, j.their_tp + j.their_fn) as issues) m
    where j.experiment_id = p_experiment_id and j.sequence <= v_to and m.issues > 0;
  select coalesce(array_agg(j.volunteered_right / (j.volunteered_right + j.volunteered_wrong) order by j.sequence), '{}')
    into v_volunteered from gate.judged_outcomes j
    where j.experiment_id = p_experiment_id and j.sequence <= v_to and j.volunteered_right + j.volunteered_wrong > 0;
  v_inflated := v_asked.gamma * v_asked.accuracy / (1 - v_asked.accuracy + v_asked.gamma * v_asked.accuracy);
  -- src/core/gate/budget.ts; null without a position.
  select -ln(least(v_asked.level, v_asked.level * 6
      * ((select count(*) from production.releases r where r.kind = 'promoted') + 1) / (pi() * t.position) ^ 2))
    into v_prove from gate.trials t where t.experiment_id = p_experiment_id;
  v_disprove := -ln(v_asked.level / 5);

  return query
    with paired as materialized (
      select p.* from gate.paired_evidence(p_experiment_id, v_to, v_asked.margin) p
    ), groups as (
      select distinct g.in_group from gate.judged_outcomes j cross join lateral (
        select 'language:' || j.language as in_group union all select 'size:' || j.size
        union all select 'severity:' || json_object_keys(j.severities)
        union all select 'severity:' || json_object_keys(j.their_severities)
      ) g where j.experiment_id = p_experiment_id and j.sequence <= v_to
    ), criteria as (
      select 'accuracy' as figure, a.n, a.mean as value, gate.log_mean(array[l.log_above, v.log_above]) as log_for,
        a.log_below as log_against
      from gate.fraction_evidence(v_audited, v_asked.accuracy) a, gate.fraction_evidence(v_least, v_asked.accuracy) l,
        gate.fraction_evidence(v_volunteered, v_inflated) v
      union all
      select 'latency', v_runs.n, v_runs.in_time::float8 / nullif(v_runs.n, 0),
        gate.log_above(v_asked.latency_share, v_runs.n, v_runs.in_time),
        gate.log_below(v_asked.latency_share, v_runs.n, v_runs.in_time)
      union all
      select 'errors', v_runs.n, v_runs.healthy::float8 / nullif(v_runs.n, 0),
        gate.log_above(1 - v_asked.error_rate, v_runs.n, v_runs.healthy),
        gate.log_below(1 - v_asked.error_rate, v_runs.n, v_runs.healthy)
      union all
      select r.ratio, coalesce(p.n, 0), p.difference, coalesce(p.log_unharmed, 0), coalesce(p.log_harmed, 0)
      from (values ('recall'), ('precision')) as r (ratio) left join paired p on p.ratio = r.ratio and p.in_group = ''
    )
    select c.figure, c.n, c.value, c.log_for, c.log_against, v_prove,
      c.n > 0 and c.log_for >= v_prove and c.log_against < v_disprove
    from criteria c
    union all
    select 'no harm: ' || p.ratio || ' in ' || p.in_group, p.n, p.difference, null, p.log_harmed,
      ln(2 * (select count(*) from groups) / v_asked.level),
      p.log_harmed < ln(2 * (select count(*) from groups) / v_asked.level)
    from paired p where p.in_group <> ''
    union all
    select 'share of known issues found', f.n, f.mean, f.log_above, null, v_prove, f.n > 0 and f.log_above >= v_prove
    from gate.pool_evidence(v_found, 0.25) f
    union all
    select f.figure, null, f.value, null, null, f.needed, f.holds from (values
      ('sound counts', v_seen.unsound::float8, 0::float8, v_seen.unsound = 0),
      ('labelled pull requests', v_seen.audited, 60, v_seen.audited >= 60),
      ('days', coalesce(v_seen.days, 0), 14, v_seen.days >= 14),
      ('hunks in which it found a real issue', v_seen.found, 20, v_seen.found >= 20),
      ('pull requests with a real issue', v_seen.with_issue, 10, v_seen.with_issue >= 10),
      ('people whose word decided a label', v_authors.authors, 5, v_asked.few_people or v_authors.authors >= 5),
      ('largest share of one person', v_authors.largest, 0.2, v_asked.few_people or v_authors.largest <= 0.2),
      ('pull requests in which it says something else than production', v_seen.differing, 10, v_seen.differing >= 10),
      ('unanswered hunks', v_seen.unanswered, (1 - v_asked.measured) * v_seen.due,
        v_seen.unanswered <= (1 - v_asked.measured) * v_seen.due),
      ('unmeasured runs', v_runs.unmeasured, (1 - v_asked.measured) * (v_runs.n + v_runs.unmeasured),
        v_runs.unmeasured <= (1 - v_asked.measured) * (v_runs.n + v_runs.unmeasured)),
      ('sampler', v_runs.taken::float8 / nullif(v_runs.offered, 0), v_runs.rate, v_runs.rate is null or not
        -- Robbins' confidence sequence at one in a thousand, src/core/gate/confidence.ts.
        gate.log_gamma(1 + v_runs.taken) + gate.log_gamma(1 + v_runs.offered - v_runs.taken) - gate.log_gamma(2 + v_runs.offered)
          - v_runs.taken * ln(v_runs.rate) - (v_runs.offered - v_runs.taken) * ln(1 - v_runs.rate) >= ln(1000)),
      ('breaches', cardinality(v_breaches), 0, cardinality(v_breaches) = 0),
      ('horizon in pull requests', v_seen.labelled, v_asked.horizon_pull_requests,
        v_seen.labelled <= v_asked.horizon_pull_requests),
      ('horizon in days', coalesce(extract(epoch from v_at - least(v_seen.first_at, v_runs.first_at)) / 86400, 0)::float8,
        v_asked.horizon_days,
        v_at - least(v_seen.first_at, v_runs.first_at) <= v_asked.horizon_days * interval '24 hours'),
      ('clock', extract(epoch from v_at)::float8, extract(epoch from greatest(v_seen.newest_at, v_runs.newest_at))::float8,
        v_at >= greatest(v_seen.newest_at, v_runs.newest_at))
    ) as f (figure, value, needed, holds);
end
$$;

-- Whether a verdict's answer is what the stored rows come to at its cut, by the thresholds of now: everything proven; a
-- criterion disproven or a breach; a horizon reached, with neither. By samples that were chosen only a breach is told, and a clock
-- ahead of the database's expires nothing. Null: no such verdict.
create or replace function doors.verdict_holds(p_verdict_id text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case v.answer
    when 'promote' then f.proven
    when 'quarantine' then f.breached or f.disproven and f.drawn
    when 'expire' then f.over and f.drawn and not f.breached and not f.disproven and not f.proven
    else false end
  from gate.verdicts v
  cross join lateral (
    select bool_and(r.holds is true) as proven,
      bool_or(coalesce(r.figure in ('accuracy', 'latency', 'errors', 'recall', 'precision')
        and r.log_against >= -ln(t.level / 5), false)) as disproven,
      bool_or(coalesce(r.figure = 'breaches' and r.value > 0, false)) as breached,
      bool_and(r.figure <> 'sampler' or r.holds is true) as drawn,
      bool_or(coalesce(r.figure like 'horizon in %' and r.value >= r.needed, false)) as over
    from gate.thresholds t cross join doors.recomputed(v.experiment_id, (v.evidence #>> '{cut,sequence}')::bigint,
      (v.evidence #>> '{cut,runsTo}')::timestamptz,
      case v.answer when 'expire' then least(v.decided_at, clock_timestamp()) else v.decided_at end) r
  ) f
  where v.id = p_verdict_id
$$;
