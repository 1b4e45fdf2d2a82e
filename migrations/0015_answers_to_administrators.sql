-- Up Migration
-- What administrators asked the gate for by comment, until its answer stands where they asked.
create table production.answers (
  -- Key of the request in gate.actions.
  action_id text primary key,
  installation_id bigint not null,
  repository_id bigint not null,
  owner text not null,
  repo text not null,
  number integer not null,
  -- First comment of the review thread in which it was asked; null in the conversation.
  thread_id bigint,
  form text not null,
  subject text,
  -- Cupel's own comment, which acknowledged the request and becomes the answer.
  comment_id bigint,
  next_at timestamptz not null,
  -- 'posted', or why it was given up.
  outcome text,
  finished_at timestamptz,
  check ((finished_at is null) = (outcome is null))
);
create index answers_due on production.answers (next_at) where finished_at is null;

-- All that production learns of the gate: what became of those requests, made by comment, whose answer it still waits for.
create view production.gate_answers as
select w.action_id, a.state, a.outcome, a.finished_at as answered_at
from production.answers w join gate.actions a on a.id = w.action_id
where w.finished_at is null and a.source = 'comment' and a.state <> 'open';

grant select, insert, update, delete on production.answers to cupel_production;
grant select on production.gate_answers to cupel_production;

-- Ids of what administrators may ask about, so that a shortened one can be completed.
create function doors.list_subjects() returns table (kind text, id text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select 'experiment', e.id from experiments_v1.experiments e
  union all select 'record', r.id from quarantine.quarantine_records r
  union all select 'release', r.id from production.releases r
$$;
revoke all on function doors.list_subjects from public;
grant execute on function doors.list_subjects to cupel_production, cupel_operator;

-- Since when, and until when, an experiment's spending is beyond its budget by more than a tenth: spending itself knows days
-- only, and a budget may be raised.
create table experiments_v1.overspent (
  experiment_id text not null references experiments_v1.experiments (id),
  since timestamptz not null default clock_timestamp(),
  until timestamptz,
  primary key (experiment_id, since)
);
create unique index overspent_now on experiments_v1.overspent (experiment_id) where until is null;

-- Not a door itself.
create function doors.note_overspent(p_experiment_id text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  with now_over as (
    select (select sum(s.usd) from experiments_v1.spending s where s.experiment_id = e.id) > 1.1 * e.budget_usd as is_over
    from experiments_v1.experiments e where e.id = p_experiment_id
  ), ended as (
    update experiments_v1.overspent o set until = clock_timestamp()
    from now_over n where o.experiment_id = p_experiment_id and o.until is null and n.is_over is not true
  )
  insert into experiments_v1.overspent (experiment_id) select p_experiment_id from now_over n where n.is_over
  on conflict do nothing
$$;
create function doors.spending_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform doors.note_overspent(new.experiment_id);
  return null;
end
$$;
create function doors.budget_changed() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform doors.note_overspent(new.id);
  return null;
end
$$;
create trigger spending_overspent after insert or update of usd on experiments_v1.spending
  for each row execute function doors.spending_changed();
create trigger experiments_overspent after update of budget_usd on experiments_v1.experiments
  for each row when (new.budget_usd is distinct from old.budget_usd) execute function doors.budget_changed();
select doors.note_overspent(e.id) from experiments_v1.experiments e;
revoke all on function doors.note_overspent, doors.spending_changed, doors.budget_changed from public;

-- What was breached at a time, with the runs up to a cut: gate.breaches(text) says what is now.
create function gate.breaches(p_experiment_id text, p_runs_to timestamptz, p_at timestamptz) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(
    select 'budget' from experiments_v1.overspent o
      where o.experiment_id = p_experiment_id and o.since <= p_at and coalesce(o.until, 'infinity') > p_at
    union all
    select 'schema' from experiments_v1.code_analyses a
      where a.experiment_id = p_experiment_id and a.kind = 'live' and a.finished_at <= p_runs_to
      having count(*) filter (where a.error_code = 'model-invalid') >= greatest(3, 0.1 * count(*))
    union all
    select 'blacklist' from experiments_v1.experiments e
      where e.id = p_experiment_id and exists (
        select 1 from quarantine.blacklist b
        where b.listed_at <= p_at and (b.kind = 'configuration' and b.fingerprint = e.configuration_id
          or b.kind = 'part' and b.fingerprint = any (e.parts)))
  )
$$;
revoke all on function gate.breaches(text, timestamptz, timestamptz) from public;

-- Figures as a verdict's own time knew them, for explaining it later. What may still be done on it is another question, which
-- doors.recomputed answers with what is breached now.
create function doors.recomputed_then(p_experiment_id text, p_sequence bigint, p_runs_to timestamptz, p_at timestamptz)
returns table (figure text, n bigint, value float8, log_for float8, log_against float8, needed float8, holds boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.figure, r.n, case when r.figure = 'breaches' then b.breached else r.value end, r.log_for, r.log_against, r.needed,
    case when r.figure = 'breaches' then b.breached = 0 else r.holds end
  from doors.recomputed(p_experiment_id, p_sequence, p_runs_to, p_at) r,
    (select cardinality(gate.breaches(p_experiment_id, p_runs_to, p_at))::float8 as breached) b
$$;
revoke all on function doors.recomputed_then from public;
grant execute on function doors.recomputed_then to cupel_gate, cupel_operator;
