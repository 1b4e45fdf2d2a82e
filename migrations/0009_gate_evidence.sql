-- Up Migration
-- What a verdict rests on, recomputed from stored rows: formulas and their sources are in src/core/gate/, and a test holds
-- both to each other. Set-based, with other numerics than there: a mistake would have to be made twice.

-- The live outcomes that count, one row a pull request; the mapping is that of src/core/gate/outcome.ts.
create view gate.judged_outcomes as
select o.experiment_id, o.sample_id, o.sequence, date_trunc('milliseconds', s.taken_at) as at,
  (a.own ->> 'tp')::float8 as tp, (a.own ->> 'fp')::float8 as fp, (a.own ->> 'fn')::float8 as fn,
  (a.own ->> 'tn')::float8 as tn, (a.theirs ->> 'tp')::float8 as their_tp, (a.theirs ->> 'fp')::float8 as their_fp,
  (a.theirs ->> 'fn')::float8 as their_fn, (a.theirs ->> 'tn')::float8 as their_tn,
  (a.own ->> 'due')::float8 as due, (a.own ->> 'unanswered')::float8 as unanswered,
  (o.counts #>> '{volunteered,right}')::float8 as volunteered_right,
  (o.counts #>> '{volunteered,wrong}')::float8 as volunteered_wrong,
  (o.counts ->> 'tp')::float8 as found, (o.counts ->> 'issues')::float8 > 0 as has_issue, o.counts -> 'authors' as authors,
  o.language, case when o.changed_lines <= 50 then 'small' when o.changed_lines <= 400 then 'medium' else 'large' end as size,
  o.counts -> 'auditedSeverity' as severities, o.baseline_counts -> 'auditedSeverity' as their_severities
from gate.outcomes o
join experiments_v1.samples s on s.id = o.sample_id
cross join lateral (select o.counts -> 'audited' as own, o.baseline_counts -> 'audited' as theirs) a
where o.kind = 'live' and o.split = 'evaluation' and o.final_at is not null;

-- ln of the mean of capitals that are given as logarithms; exp() of less than -700 is an error, and nothing beside 1.
create function gate.log_mean(p_capitals float8[]) returns float8
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select h.highest + ln(avg(exp(greatest(c.capital - h.highest, -700))))
  from unnest(p_capitals) as c (capital), (select max(u.x) as highest from unnest(p_capitals) as u (x)) h
  group by h.highest
$$;

-- ln Γ(x), x > 0, shifted to where Stirling's series is exact to the last digit.
create function gate.log_gamma(p_x float8) returns float8
language sql immutable as $$
  select (p_x + 9.5) * ln(p_x + 10) - (p_x + 10) + 0.91893853320467274178
    + (1.0::float8 / 12 - (1.0::float8 / 360 - (1.0::float8 / 1260 - (1.0::float8 / 1680 - (1.0::float8 / 1188) / (p_x + 10) ^ 2)
      / (p_x + 10) ^ 2) / (p_x + 10) ^ 2) / (p_x + 10) ^ 2) / (p_x + 10)
    - ln(p_x * (p_x + 1) * (p_x + 2) * (p_x + 3) * (p_x + 4) * (p_x + 5) * (p_x + 6) * (p_x + 7) * (p_x + 8) * (p_x + 9))
$$;

-- ln of the chance that of p_n trials at p_chance between p_low and p_high succeed.
create function gate.log_binomial(p_n bigint, p_chance float8, p_low bigint, p_high bigint) returns float8
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select t.highest + ln(sum(exp(greatest(t.term - t.highest, -700)))) from (
    select e.term, max(e.term) over () as highest from (
      select gate.log_gamma(p_n + 1) - gate.log_gamma(k + 1) - gate.log_gamma(p_n - k + 1)
        + k * ln(p_chance) + (p_n - k) * ln(1 - p_chance) as term
      from generate_series(p_low, p_high) as k
    ) e
  ) t group by t.highest
$$;

-- logAbove and logBelow of src/core/gate/mixture.ts: with whole numbers the tail of a beta is one of a binomial.
create function gate.log_above(p_bound float8, p_n bigint, p_successes bigint) returns float8
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select gate.log_gamma(1 + p_successes) + gate.log_gamma(1 + p_n - p_successes) - gate.log_gamma(2 + p_n)
    + gate.log_binomial(p_n + 1, p_bound, 0, p_successes)
    - ln(1 - p_bound) - p_successes * ln(p_bound) - (p_n - p_successes) * ln(1 - p_bound)
$$;
create function gate.log_below(p_bound float8, p_n bigint, p_successes bigint) returns float8
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select gate.log_gamma(18 + p_successes) + gate.log_gamma(2 + p_n - p_successes) - gate.log_gamma(20 + p_n)
    + gate.log_binomial(p_n + 19, p_bound, 18 + p_successes, p_n + 19)
    - (gate.log_gamma(18) + gate.log_gamma(2) - gate.log_gamma(20)) - gate.log_binomial(19, p_bound, 18, 19)
    - p_successes * ln(p_bound) - (p_n - p_successes) * ln(1 - p_bound)
$$;

-- src/core/gate/fraction.ts over fractions of right hunks (audited) or of right words (volunteered).
create function gate.fraction_evidence(p_fractions float8[], p_bound float8)
returns table (n bigint, mean float8, log_above float8, log_below float8)
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select cardinality(p_fractions), (select avg(u.x) from unnest(p_fractions) as u (x)),
    (select gate.log_mean(array_agg(b.capital)) from (
      select coalesce(sum(ln(1 + s.stake * (u.x - p_bound) / p_bound)), 0) as capital
      from unnest('{0.3,0.5,0.7,0.8,0.9,0.95,0.98}'::float8[]) as s (stake)
      left join unnest(p_fractions) as u (x) on true group by s.stake
    ) b),
    (select gate.log_mean(array_agg(b.capital)) from (
      select coalesce(sum(ln(1 + s.stake * (p_bound - u.x) / (1 - p_bound))), 0) as capital
      from unnest('{0.01,0.02,0.04,0.07,0.11,0.16,0.25,0.45}'::float8[]) as s (stake)
      left join unnest(p_fractions) as u (x) on true group by s.stake
    ) b)
$$;

-- src/core/gate/paired.ts: recall and precision against production's, over all audited hunks ('') and in each group. What is
-- bet on a pull request depends on those before it: the sums of a window.
create function gate.paired_evidence(p_experiment_id text, p_sequence bigint, p_margin float8)
returns table (ratio text, in_group text, n bigint, difference float8, log_unharmed float8, log_harmed float8)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with hits as (
    select j.sequence, g.in_group, g.tp, g.fp, g.fn, g.their_tp, g.their_fp, g.their_fn
    from gate.judged_outcomes j
    cross join lateral (
      select o.in_group, j.tp, j.fp, j.fn, j.their_tp, j.their_fp, j.their_fn
      from (values (''), ('language:' || j.language), ('size:' || j.size)) as o (in_group)
      union all
      select 'severity:' || k.name, coalesce((j.severities #>> array[k.name, 'tp'])::float8, 0),
        coalesce((j.severities #>> array[k.name, 'fp'])::float8, 0),
        coalesce((j.severities #>> array[k.name, 'fn'])::float8, 0),
        coalesce((j.their_severities #>> array[k.name, 'tp'])::float8, 0),
        coalesce((j.their_severities #>> array[k.name, 'fp'])::float8, 0),
        coalesce((j.their_severities #>> array[k.name, 'fn'])::float8, 0)
      from (select json_object_keys(j.severities) union select json_object_keys(j.their_severities)) as k (name)
    ) g
    where j.experiment_id = p_experiment_id and j.sequence <= p_sequence
  ), attempts as (
    select h.sequence, h.in_group, 'recall' as ratio, 1::float8 as own_tried, h.tp / m.most as own_right,
      1::float8 as their_tried, h.their_tp / m.most as their_right
    from hits h cross join lateral (select greatest(h.tp + h.fn, h.their_tp + h.their_fn) as most) m where m.most > 0
    union all
    select h.sequence, h.in_group, 'precision', (h.tp + h.fp) / m.most, h.tp / m.most, (h.their_tp + h.their_fp) / m.most,
      h.their_tp / m.most
    from hits h cross join lateral (select greatest(h.tp + h.fp, h.their_tp + h.their_fp) as most) m where m.most > 0
  ), weighted as (
    select t.*, (0.5 + coalesce(sum(t.own_tried) over before, 0)) / (0.5 + coalesce(sum(t.their_tried) over before, 0)) as more
    from attempts t
    window before as (
      partition by t.ratio, t.in_group order by t.sequence rows between unbounded preceding and 1 preceding
    )
  ), stakes as (
    select v.*, least(1, 1 / v.more) as a, least(1, v.more) as b,
      -- Production's true ratio is not known. Only over all hunks does precision need more than its ends: see docs/gate.md.
      case when v.ratio = 'precision' and v.in_group = '' then '{0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1}'::float8[]
        else '{0,1}' end as points
    from weighted v
  ), bets as (
    select w.ratio, w.in_group, p.point, s.share,
      -- The groups only veto.
      sum(ln(1 + s.share / (1 - p_margin) * (w.a * (w.own_right - (greatest(p.at, p_margin) - p_margin) * w.own_tried)
        - w.b * (w.their_right - greatest(p.at, p_margin) * w.their_tried)))) filter (where w.in_group = '') as unharmed,
      sum(ln(1 - s.share / (1 + p_margin) * (w.a * (w.own_right - (p.at - p_margin) * w.own_tried)
        - w.b * (w.their_right - p.at * w.their_tried)))) as harmed
    from stakes w cross join unnest(w.points) with ordinality as p (at, point)
    cross join unnest('{0.05,0.1,0.2,0.35,0.6,0.9}'::float8[]) as s (share)
    group by w.ratio, w.in_group, p.point, s.share
  ), apart as (
    -- Bets that production's ratio is another one than the point's.
    select p.point, s.share, sum(ln(1 + s.share * (w.their_right - p.at * w.their_tried))) as capital
    from stakes w cross join unnest(w.points) with ordinality as p (at, point)
    cross join unnest('{0.1,0.3,0.7,-0.1,-0.3,-0.7}'::float8[]) as s (share)
    where w.ratio = 'precision' and w.in_group = '' group by p.point, s.share
  ), apart_cells as (
    select e.point, ln(0.1) + gate.log_mean(array_agg(e.capital)) as capital from (
      select h.point, least(h.capital, lead(h.capital) over (partition by h.share order by h.point)) as capital,
        lead(h.point) over (partition by h.share order by h.point) as next
      from apart h
    ) e where e.next is not null group by e.point
  ), cells as (
    -- Between two points a bet is worth at least what it is at the worse of them.
    select e.ratio, e.in_group, e.point, gate.log_mean(array_agg(e.unharmed)) as unharmed,
      gate.log_mean(array_agg(e.harmed)) as harmed
    from (
      select h.ratio, h.in_group, h.point, least(h.unharmed, lead(h.unharmed) over after) as unharmed,
        least(h.harmed, lead(h.harmed) over after) as harmed, lead(h.point) over after as next
      from bets h window after as (partition by h.ratio, h.in_group, h.share order by h.point)
    ) e where e.next is not null group by e.ratio, e.in_group, e.point
  ), certain as (
    select c.ratio, c.in_group,
      min(case when o.point is null then c.unharmed
        else gate.log_mean(array[ln(0.9) + c.unharmed, o.capital]) + ln(2) end) as unharmed,
      min(case when o.point is null then c.harmed
        else gate.log_mean(array[ln(0.9) + c.harmed, o.capital]) + ln(2) end) as harmed
    from cells c left join apart_cells o on o.point = c.point and c.ratio = 'precision' and c.in_group = ''
    group by c.ratio, c.in_group
  ), sums as (
    select w.ratio, w.in_group, count(*) as n,
      sum(w.own_right) / nullif(sum(w.own_tried), 0) - sum(w.their_right) / nullif(sum(w.their_tried), 0) as difference
    from weighted w group by w.ratio, w.in_group
  )
  select u.ratio, u.in_group, u.n, u.difference, c.unharmed, c.harmed
  from sums u join certain c on c.ratio = u.ratio and c.in_group = u.in_group
$$;

-- What ends a trial at once: money spent beyond its budget, answers that are none (at least three, and one run in ten), and
-- what was blacklisted since it began. Secrets cannot leak from here: samples hold none.
create function gate.breaches(p_experiment_id text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(
    select 'budget' from experiments_v1.experiments e where e.id = p_experiment_id
      and (select sum(s.usd) from experiments_v1.spending s where s.experiment_id = e.id) > 1.1 * e.budget_usd
    union all
    select 'schema' from experiments_v1.code_analyses a
      where a.experiment_id = p_experiment_id and a.kind = 'live' and a.finished_at is not null
      having count(*) filter (where a.error_code = 'model-invalid') >= greatest(3, 0.1 * count(*))
    union all
    select 'blacklist' from experiments_v1.experiments e
      where e.id = p_experiment_id and doors.blacklisted(e.configuration_id, e.parts) is not null
  )
$$;

-- Finished live runs: how many came within the limit, how many were whole, and how many measured nothing because a provider or
-- a part of this system was down. A failed run is late. Beside it how the experiment's own draw went: samples up to the
-- newest that it ran on, against its rate; a rate of 1 draws nothing.
create function gate.run_tallies(p_experiment_id text, p_latency_ms float8, p_to timestamptz)
returns table (n bigint, in_time bigint, healthy bigint, unmeasured bigint, first_at timestamptz, newest_at timestamptz,
  exact_newest_at timestamptz, offered bigint, taken bigint, rate float8)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with runs as (
    select a.sample_id, a.state, a.latency_ms, a.finished_at, a.state = 'failed' and coalesce(a.error_code, '') in (
      'model-unavailable', 'model-unauthorized', 'model-rate-limited', 'database-unavailable', 'queue-unavailable') as unmeasured
    from experiments_v1.code_analyses a
    where a.experiment_id = p_experiment_id and a.kind = 'live' and a.finished_at <= coalesce(p_to, 'infinity')
  ), drawn as (
    select count(*) as offered, count(r.sample_id) as taken, e.rate
    from experiments_v1.experiments e
    join experiments_v1.samples s on s.taken_at >= e.created_at
      and s.taken_at <= (select max(x.taken_at) from experiments_v1.samples x join runs on runs.sample_id = x.id)
    left join runs r on r.sample_id = s.id
    where e.id = p_experiment_id and e.rate < 1 group by e.rate
  )
  select count(*) filter (where not r.unmeasured),
    count(*) filter (where not r.unmeasured and r.state <> 'failed' and r.latency_ms <= p_latency_ms),
    count(*) filter (where not r.unmeasured and r.state = 'done'), count(*) filter (where r.unmeasured),
    date_trunc('milliseconds', min(r.finished_at)), date_trunc('milliseconds', max(r.finished_at)), max(r.finished_at),
    (select d.offered from drawn d), (select d.taken from drawn d), (select d.rate from drawn d)
  from runs r
$$;

-- Every figure that a promotion asks for, of an experiment's rows up to a cut (null: all there are), as of a time (null: now).
-- What cannot be computed is null and does not hold.
create function doors.recomputed(
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
        j.volunteered_right, j.volunteered_wrong) < 0) as unsound
    into v_seen from gate.judged_outcomes j where j.experiment_id = p_experiment_id and j.sequence <= v_to;
  select count(*) as authors, coalesce(max(a.hunks) / nullif(sum(a.hunks), 0), 0)::float8 as largest into v_authors from (
    select k.key, sum(k.value::float8) as hunks from gate.judged_outcomes j, json_each_text(j.authors) k
    where j.experiment_id = p_experiment_id and j.sequence <= v_to group by k.key
  ) a;
  select coalesce(array_agg((j.tp + j.tn) / (j.tp + j.fp + j.fn + j.tn) order by j.sequence), '{}') into v_audited
    from gate.judged_outcomes j
    where j.experiment_id = p_experiment_id and j.sequence <= v_to and j.tp + j.fp + j.fn + j.tn > 0;
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
      select 'accuracy' as figure, a.n, a.mean as value, gate.log_mean(array[a.log_above, v.log_above]) as log_for,
        a.log_below as log_against
      from gate.fraction_evidence(v_audited, v_asked.accuracy) a, gate.fraction_evidence(v_volunteered, v_inflated) v
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
    select f.figure, null, f.value, null, null, f.needed, f.holds from (values
      ('sound counts', v_seen.unsound::float8, 0::float8, v_seen.unsound = 0),
      ('labelled pull requests', v_seen.audited, 60, v_seen.audited >= 60),
      ('days', coalesce(v_seen.days, 0), 14, v_seen.days >= 14),
      ('hunks in which it found a real issue', v_seen.found, 20, v_seen.found >= 20),
      ('pull requests with a real issue', v_seen.with_issue, 10, v_seen.with_issue >= 10),
      ('people whose word decided a label', v_authors.authors, 5, v_asked.few_people or v_authors.authors >= 5),
      ('largest share of one person', v_authors.largest, 0.2, v_asked.few_people or v_authors.largest <= 0.2),
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
-- criterion disproven or a breach; a horizon reached, with neither. A clock ahead of the database's expires nothing. Null: no
-- such verdict.
create function doors.verdict_holds(p_verdict_id text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case v.answer
    when 'promote' then f.proven
    when 'quarantine' then f.disproven
    when 'expire' then f.over and not f.disproven and not f.proven
    else false end
  from gate.verdicts v
  cross join lateral (
    select bool_and(r.holds is true) as proven,
      bool_or(coalesce(r.figure in ('accuracy', 'latency', 'errors', 'recall', 'precision')
        and r.log_against >= -ln(t.level / 5) or r.figure = 'breaches' and r.value > 0, false)) as disproven,
      bool_or(coalesce(r.figure like 'horizon in %' and r.value >= r.needed, false)) as over
    from gate.thresholds t cross join doors.recomputed(v.experiment_id, (v.evidence #>> '{cut,sequence}')::bigint,
      (v.evidence #>> '{cut,runsTo}')::timestamptz,
      case v.answer when 'expire' then least(v.decided_at, clock_timestamp()) else v.decided_at end) r
  ) f
  where v.id = p_verdict_id
$$;
create function gate.newest_verdict(p_experiment_id text, p_answer text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select v.id from gate.verdicts v where v.experiment_id = p_experiment_id and v.answer = p_answer order by v.place desc limit 1
$$;

-- What a review of production takes beside the examination that an experiment repeats: the 95th percentile, ms, of the
-- sampled reviews of the newest 30 days; 0 before there are twenty.
create function doors.overhead_ms() returns float8
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case when count(*) < 20 then 0
    else greatest(0, percentile_cont(0.95) within group (order by o.response_ms - b.latency_ms)) end
  from production.published_outcomes o
  join production.code_reviews r on r.id = o.review_id
  join production.sampled s on s.repository_id = r.repository_id and s.number = r.number and s.head_sha = r.head_sha
  join gate.sample_baselines b on b.sample_id = s.sample_id and b.release_id = r.release_id
  where o.response_ms is not null and o.finished_at > now() - interval '30 days'
$$;

grant select on gate.judged_outcomes to cupel_gate;
grant execute on function gate.breaches, gate.run_tallies, doors.recomputed, doors.verdict_holds, doors.overhead_ms to cupel_gate;
grant execute on function doors.recomputed to cupel_operator;
