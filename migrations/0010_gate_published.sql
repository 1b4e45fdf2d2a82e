-- Up Migration
-- What the operator may see of the gate: enough to recompute a verdict without trusting it.

create view gate.published_verdicts as
select v.id, v.experiment_id, v.answer, v.evidence, s.figures, s.release_id, v.decided_at, v.place
from gate.verdicts v join gate.scores s on s.id = v.score_id;

create view gate.published_trials as
select t.experiment_id, t.position, t.opened_at,
  (select count(*) from production.releases r where r.kind = 'promoted') as promotions
from gate.trials t;

create view gate.published_settings as
select t.accuracy, t.latency_ms, t.latency_share, t.error_rate, t.margin, t.level, t.gamma, t.measured, t.few_people,
  t.horizon_pull_requests, t.horizon_days, t.promotion, s.paused, s.actor, s.reason, s.at
from gate.thresholds t
left join lateral (select w.paused, w.actor, w.reason, w.at from gate.switches w order by w.id desc limit 1) s on true;

-- Counts only.
create view gate.published_outcomes as
select o.experiment_id, o.sample_id, o.sequence, s.taken_at, o.counts, o.baseline_counts, o.language, o.changed_lines
from gate.outcomes o join experiments_v1.samples s on s.id = o.sample_id
where o.kind = 'live' and o.split = 'evaluation' and o.final_at is not null;

create view gate.published_live_runs as
select a.experiment_id, a.sample_id, a.state, a.error_code, a.latency_ms, a.finished_at
from experiments_v1.code_analyses a where a.kind = 'live' and a.finished_at is not null;

create view gate.published_actions as
select a.id, a.kind, a.subject, a.reason, a.actor, a.source, a.requested_at, a.state, a.outcome, a.finished_at
from gate.actions a;

create view production.published_releases as
select s.id, s.kind, s.configuration_id, s.configuration, s.verdict_id, s.created_at, s.step, s.share, s.reason, s.at,
  s.step = 'full' and s.step_id = (select max(f.step_id) from production.release_states f where f.step = 'full') as in_force
from production.release_states s;
create view production.published_release_steps as
select t.id, t.release_id, t.step, t.share, t.reason, t.actor, t.at from production.release_steps t;
create view production.published_orders as
select o.id, o.kind, o.release_id, o.ordered_at, o.result, o.finished_at from production.orders o;

create view quarantine.published_records as
select r.id, r.experiment_id, r.release_id, r.configuration_id, r.configuration, r.outcome, r.failure_reasons,
  r.metrics_at_failure, r.impact_analysis, r.re_evaluation_eligible_from, r.quarantined_at,
  (select b.reason from quarantine.blacklist b where b.kind = 'configuration' and b.fingerprint = r.configuration_id) as blacklisted
from quarantine.quarantine_records r;

-- Of all finished live runs up to then: how they were measured, how the experiment's own draw went, and what is breached now.
create function doors.run_evidence(p_experiment_id text, p_latency_ms float8, p_to timestamptz)
returns table (n bigint, in_time bigint, healthy bigint, unmeasured bigint, first_at timestamptz, newest_at timestamptz,
  exact_newest_at timestamptz, offered bigint, taken bigint, rate float8, breaches text[])
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.n, r.in_time, r.healthy, r.unmeasured, r.first_at, r.newest_at, r.exact_newest_at, r.offered, r.taken, r.rate,
    gate.breaches(p_experiment_id)
  from gate.run_tallies(p_experiment_id, p_latency_ms, p_to) r
$$;

revoke all on function doors.run_evidence from public;
grant execute on function doors.run_evidence, doors.overhead_ms to cupel_operator;
grant usage on schema production, quarantine to cupel_operator;
grant select on gate.published_verdicts, gate.published_trials, gate.published_settings, gate.published_outcomes,
  gate.published_live_runs, gate.published_actions, production.published_releases, production.published_release_steps,
  production.published_orders, quarantine.published_records to cupel_operator;
