-- Up Migration
-- The only file in which two zones meet. A door runs as the owner, with a pinned search_path, and does one thing;
-- who may pass is the grant under it.

-- What a role says of its own doings. What a door does is recorded by that door, and nobody else may claim it.
create function doors.append_audit(p_actor text, p_action text, p_subject text, p_data text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_action ~ '^(release|gate|quarantine|blacklist)\.' then
    raise exception 'the action % is recorded by its own door', p_action using errcode = 'insufficient_privilege';
  end if;
  return audit.append(p_actor, p_action, p_subject, p_data);
end
$$;

-- The first time models are configured and nothing was ever promoted: once, audited, analysers' genesis kept beneath.
create function doors.install_genesis_models(p_configuration text, p_configuration_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  lock table production.releases in share row exclusive mode;
  if exists (select 1 from production.releases where kind <> 'genesis') then
    return 'not-needed';
  end if;
  if coalesce(p_configuration::json #>> '{routing,strategy}', 'none') = 'none' then
    raise exception 'a genesis-models configuration must route to a model' using errcode = 'check_violation';
  end if;
  if exists (
    select 1 from quarantine.blacklist b where b.kind = 'configuration' and b.fingerprint = p_configuration_id
  ) then
    raise exception 'configuration % is blacklisted', p_configuration_id using errcode = 'check_violation';
  end if;
  insert into production.releases (id, kind, configuration_id, configuration)
    values ('genesis-models', 'genesis-models', p_configuration_id, p_configuration);
  insert into production.release_steps (release_id, step, share, reason, actor)
    values ('genesis-models', 'full', 1, 'models were configured', 'cupel');
  perform audit.append('cupel', 'release.genesis-models', 'release:genesis-models',
    json_build_object('configurationId', p_configuration_id)::text);
  return 'installed';
end
$$;

-- Production hands a sample to the experiments and its own run on it to the gate. The split and the audit draw are
-- decided here, before anything is known of it. False when it was known.
create function doors.submit_sample(
  p_id text, p_repository_id bigint, p_number integer, p_head_sha text, p_snapshot text, p_seed text, p_hunks integer,
  p_changed_lines integer, p_language text, p_release_id text, p_findings text, p_latency_ms integer,
  p_degraded boolean, p_usd numeric
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_day gate.audit_days%rowtype;
  v_drawn boolean := false;
begin
  insert into experiments_v1.samples
      (id, repository_id, number, head_sha, snapshot, seed, split, hunks, changed_lines, language)
    values (p_id, p_repository_id, p_number, p_head_sha, p_snapshot::json, p_seed,
      -- One in five trains: proposals learn from these, verdicts rest on the others.
      case when get_byte(sha256(convert_to('split/' || p_seed, 'UTF8')), 0) < 51 then 'training' else 'evaluation' end,
      p_hunks, p_changed_lines, p_language)
    on conflict (id) do nothing;
  if not found then
    return false;
  end if;
  insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd)
    values (p_id, p_release_id, p_findings::json, p_latency_ms, p_degraded, p_usd);
  select d.* into v_day from gate.audit_days d where d.day = (clock_timestamp() at time zone 'UTC')::date;
  if v_day.day is not null then
    v_drawn := doors.uniform(v_day.seed || '/' || p_id) < v_day.probability;
    insert into gate.audit_draws (sample_id, day, drawn, hunks)
      select p_id, v_day.day, v_drawn, coalesce(array_agg(h.hunk order by h.hunk), '{}') from (
        select g.hunk from generate_series(0, p_hunks - 1) as g (hunk)
        where v_drawn order by sha256(convert_to(v_day.seed || '/' || p_id || '/' || g.hunk, 'UTF8')) limit 8
      ) as h;
  end if;
  return true;
end
$$;

-- 0 <= x < 1, uniform over texts that were not chosen by whoever knows the seed: 48 bits of SHA-256.
create function doors.uniform(p_text text) returns double precision
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select (get_byte(d, 0) * 1099511627776.0 + get_byte(d, 1) * 4294967296.0 + get_byte(d, 2) * 16777216.0
    + get_byte(d, 3) * 65536.0 + get_byte(d, 4) * 256.0 + get_byte(d, 5))::float8 / 281474976710656.0
  from (select sha256(convert_to(p_text, 'UTF8')) as d) as digest
$$;

-- One signal's word on a place of a sample. Answers its version; 0 when it said the same before, or the sample is
-- not known (any more).
create function doors.submit_label(
  p_origin text, p_sample_id text, p_path text, p_side text, p_start_line integer, p_line integer, p_meaning text,
  p_category text, p_severity text, p_label text, p_tier text, p_weight double precision, p_author_id bigint,
  p_reason text, p_provenance text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return doors.write_label(p_origin, p_sample_id, p_path, p_side, p_start_line, p_line, p_meaning, p_category,
    p_severity, p_label, p_tier, 'volunteered', p_weight, p_author_id, p_reason, p_provenance);
end
$$;

-- Not a door itself: nobody may execute it but the doors.
create function doors.write_label(
  p_origin text, p_sample_id text, p_path text, p_side text, p_start_line integer, p_line integer, p_meaning text,
  p_category text, p_severity text, p_label text, p_tier text, p_kind text, p_weight double precision,
  p_author_id bigint, p_reason text, p_provenance text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_known gate.labels%rowtype;
  v_version integer;
begin
  -- Two writers of one origin take turns, and a sample cannot be forgotten in between.
  perform 1 from experiments_v1.samples s where s.id = p_sample_id and s.snapshot is not null for update;
  if not found then
    return 0;
  end if;
  select l.* into v_known from gate.labels l where l.origin = p_origin order by l.version desc limit 1;
  -- Nothing to take back; but that a judge was unsure is worth knowing, or they would be asked again.
  if v_known.id is null and p_label = 'withdrawn' and p_kind = 'volunteered' then
    return 0;
  end if;
  if v_known.id is not null and v_known.label = p_label and v_known.tier = p_tier and v_known.weight = p_weight
    and v_known.reason is not distinct from p_reason and v_known.path = p_path and v_known.line = p_line then
    return 0;
  end if;
  v_version := coalesce(v_known.version, 0) + 1;
  insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, category, severity, label,
      tier, kind, weight, author_id, reason, provenance)
    values (p_origin, v_version, p_sample_id, p_path, p_side, p_start_line, p_line, p_meaning, p_category, p_severity,
      p_label, p_tier, p_kind, p_weight, p_author_id, p_reason, p_provenance::json);
  perform doors.mark_stale(p_sample_id);
  return v_version;
end
$$;

-- Not a door itself. Raising the mark waits for whoever is taking the row away: none is lost between the two.
create function doors.mark_stale(p_sample_id text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into gate.stale_samples as s (sample_id) values (p_sample_id)
    on conflict (sample_id) do update set mark = s.mark + 1
$$;

-- A run of an experiment ended: its sample is to be scored. The experiments' role sees nothing of it.
create function doors.run_finished() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform doors.mark_stale(new.sample_id);
  return null;
end
$$;
create trigger code_analyses_scorable after insert or update of finished_at on experiments_v1.code_analyses
  for each row when (new.finished_at is not null) execute function doors.run_finished();

-- The pull request of a sample was merged or closed. The first end counts.
create function doors.end_sample(p_sample_id text, p_ended_at timestamptz, p_merged boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select 1 from experiments_v1.samples s where s.id = p_sample_id) then
    return false;
  end if;
  insert into gate.sample_ends (sample_id, merged, ended_at) values (p_sample_id, p_merged, p_ended_at)
    on conflict (sample_id) do nothing;
  if not found then
    return false;
  end if;
  perform doors.mark_stale(p_sample_id);
  return true;
end
$$;

-- Forgets the texts of samples: snapshot, findings, receipts, labels' words. Counts and figures stay, as they hold
-- no text. Answers how many samples. Null for p_repository_ids: every repository; for p_before: whatever their age.
create function doors.forget_samples(p_repository_ids bigint[], p_before timestamptz) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_ids text[];
begin
  with gone as (
    update experiments_v1.samples s set snapshot = null
    where s.snapshot is not null and (p_repository_ids is null or s.repository_id = any (p_repository_ids))
      and (p_before is null or s.taken_at < p_before)
    returning s.id
  ) select coalesce(array_agg(g.id), '{}') into v_ids from gone g;
  update experiments_v1.code_analyses a set findings = null, receipt = null where a.sample_id = any (v_ids);
  update gate.sample_baselines b set findings = '[]' where b.sample_id = any (v_ids);
  update gate.labels l set meaning = '', reason = null, provenance = '{}' where l.sample_id = any (v_ids);
  if cardinality(v_ids) > 0 then
    perform audit.append('cupel', 'samples.forget', 'samples',
      json_build_object('samples', cardinality(v_ids), 'repositoryIds', p_repository_ids, 'before', p_before)::text);
  end if;
  return cardinality(v_ids);
end
$$;

-- An administrator's experiment. Answers its id; the id of the one that has this configuration when there is one.
-- `p_parts`: fingerprints of its parts (src/core/experiment.ts).
create function doors.propose_experiment(
  p_name text, p_author text, p_parent_id text, p_rate double precision, p_budget_usd numeric,
  p_configuration text, p_configuration_id text, p_parts text[] default '{}'
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_id text;
  v_part text;
  v_reason text;
  v_release text;
  v_in_force text;
begin
  if exists (
    select 1 from quarantine.blacklist b where b.kind = 'configuration' and b.fingerprint = p_configuration_id
  ) then
    raise exception 'configuration % is blacklisted', p_configuration_id using errcode = 'check_violation';
  end if;
  select b.fingerprint, b.reason into v_part, v_reason from quarantine.blacklist b
    where b.kind = 'part' and b.fingerprint = any (p_parts) limit 1;
  if v_part is not null then
    raise exception 'part % is blacklisted: %', v_part, v_reason using errcode = 'check_violation';
  end if;
  select r.id, r.configuration_id into v_release, v_in_force from production.release_states r
    where r.step = 'full' order by r.step_id desc limit 1;
  if v_in_force = p_configuration_id then
    raise exception 'configuration % is in force as release %', p_configuration_id, v_release
      using errcode = 'check_violation';
  end if;
  insert into experiments_v1.experiments
      (name, parent_id, author, author_kind, rate, budget_usd, configuration_id, configuration, parts)
    values (p_name, p_parent_id, p_author, 'person', p_rate, p_budget_usd, p_configuration_id, p_configuration, p_parts)
    on conflict do nothing returning id into v_id;
  if v_id is null then
    select e.id into strict v_id from experiments_v1.experiments e
      where e.configuration_id = p_configuration_id order by e.created_at limit 1;
    return v_id;
  end if;
  perform audit.append(p_author, 'experiment.propose', 'experiment:' || v_id,
    json_build_object('name', p_name, 'configurationId', p_configuration_id)::text);
  return v_id;
end
$$;

-- An administrator pauses, resumes or stops a trial. Answers the state it is in afterwards.
create function doors.set_experiment_state(p_id text, p_state text, p_actor text, p_reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
begin
  select e.state into v_state from experiments_v1.experiments e where e.id = p_id for update;
  if v_state is null then
    raise exception 'no experiment %', p_id using errcode = 'no_data_found';
  end if;
  if p_state not in ('active', 'paused', 'stopped') or v_state not in ('active', 'paused') then
    raise exception 'experiment % is % and cannot become %', p_id, v_state, p_state using errcode = 'check_violation';
  end if;
  if v_state = p_state then
    return v_state;
  end if;
  update experiments_v1.experiments e set state = p_state, state_reason = p_reason,
    ended_at = case when p_state = 'stopped' then now() end where e.id = p_id;
  perform audit.append(p_actor, 'experiment.' || p_state, 'experiment:' || p_id,
    json_build_object('reason', p_reason)::text);
  return p_state;
end
$$;

-- An administrator gives a trial another budget, over its whole life: one that its budget paused can go on then.
create function doors.set_experiment_budget(p_id text, p_budget_usd numeric, p_actor text) returns numeric
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update experiments_v1.experiments e set budget_usd = p_budget_usd
    where e.id = p_id and e.state in ('active', 'paused');
  if not found then
    raise exception 'experiment % has ended or is not known', p_id using errcode = 'check_violation';
  end if;
  perform audit.append(p_actor, 'experiment.budget', 'experiment:' || p_id,
    json_build_object('budgetUsd', p_budget_usd)::text);
  return p_budget_usd;
end
$$;

-- The experiments worker pauses a trial whose money is spent: all it may change of an experiment's state.
create function doors.pause_over_budget(p_id text, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update experiments_v1.experiments e set state = 'paused', state_reason = p_reason where e.id = p_id and e.state = 'active';
  if found then
    perform audit.append('cupel', 'experiment.paused', 'experiment:' || p_id, json_build_object('reason', p_reason)::text);
  end if;
  return found;
end
$$;

-- The experiments worker says what an active trial waits for; null when it goes on.
create function doors.note_experiment(p_id text, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update experiments_v1.experiments e set state_reason = p_reason
    where e.id = p_id and e.state = 'active' and e.state_reason is distinct from p_reason;
  return found;
end
$$;

-- An administrator has an experiment tried on stored samples that have labels: the newest ones of the training split.
-- Answers the replay's id; one that is under way for this experiment is that.
create function doors.request_replay(p_experiment_id text, p_samples integer, p_actor text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state text;
  v_ids text[];
  v_id text;
begin
  select e.state into v_state from experiments_v1.experiments e where e.id = p_experiment_id for update;
  if v_state is null then
    raise exception 'no experiment %', p_experiment_id using errcode = 'no_data_found';
  end if;
  if v_state not in ('active', 'paused') then
    raise exception 'experiment % is % and is not run any more', p_experiment_id, v_state using errcode = 'check_violation';
  end if;
  select r.id into v_id from experiments_v1.replays r where r.experiment_id = p_experiment_id and r.finished_at is null;
  if v_id is not null then
    return v_id;
  end if;
  select array_agg(c.id order by c.taken_at, c.id) into v_ids from (
    select s.id, s.taken_at from experiments_v1.samples s
    where s.split = 'training' and s.snapshot is not null
      and exists (select 1 from experiments_v1.training_labels l where l.sample_id = s.id)
    order by s.taken_at desc, s.id desc limit p_samples
  ) c;
  if v_ids is null then
    raise exception 'no stored sample of the training split has a label yet' using errcode = 'no_data_found';
  end if;
  insert into experiments_v1.replays (experiment_id, sample_ids, requested_by) values (p_experiment_id, v_ids, p_actor)
    returning id into v_id;
  perform audit.append(p_actor, 'experiment.replay', 'experiment:' || p_experiment_id,
    json_build_object('replay', v_id, 'samples', cardinality(v_ids))::text);
  return v_id;
end
$$;

-- A maintainer's blind judgement of a drawn place. 'unsure' is kept as a reason and withdraws an earlier word. Each
-- judge has one word on a place; 0 when it is the one they gave before, or the sample was forgotten. Null for
-- p_author_id: the account whose signals bear that name; else a number of the judge's own below zero, where the code
-- host has none, so that one judge stays one person.
create function doors.submit_judgement(
  p_sample_id text, p_path text, p_side text, p_start_line integer, p_line integer, p_meaning text, p_category text,
  p_severity text, p_answer text, p_author_id bigint, p_actor text
) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_version integer;
  v_author bigint := coalesce(
    p_author_id,
    (select f.author_id from production.feedback f where lower(f.author_login) = lower(p_actor) order by f.id desc limit 1),
    -1 - (doors.uniform('judge/' || lower(p_actor)) * 281474976710656)::bigint
  );
begin
  if not exists (select 1 from gate.audit_draws d where d.sample_id = p_sample_id and d.drawn) then
    raise exception 'sample % was not drawn', p_sample_id using errcode = 'check_violation';
  end if;
  if p_answer not in ('real-issue', 'not-an-issue', 'clean', 'unsure') then
    raise exception 'an answer is real-issue, not-an-issue, clean or unsure' using errcode = 'check_violation';
  end if;
  v_version := doors.write_label(
    'judgement/' || p_sample_id || '/' || p_path || '/' || p_side || '/' || p_line || '/' || md5(p_meaning) || '/' || v_author,
    p_sample_id, p_path, p_side, p_start_line, p_line, p_meaning, p_category, p_severity,
    case when p_answer = 'unsure' then 'withdrawn' else p_answer end, 'A', 'audited', 1, v_author,
    case when p_answer = 'unsure' then 'unsure' end, json_build_object('by', p_actor)::text);
  if v_version > 0 then
    perform audit.append(p_actor, 'label.judge', 'sample:' || p_sample_id, json_build_object('answer', p_answer)::text);
  end if;
  return v_version;
end
$$;

-- What V1 may see of the labels: those of the training split.
create view experiments_v1.training_labels as
select l.sample_id, l.origin, l.path, l.side, l.start_line, l.line, l.meaning, l.category, l.severity, l.label, l.tier,
  l.kind, l.weight, l.author_id
from gate.labels l join experiments_v1.samples s on s.id = l.sample_id
where s.split = 'training' and l.label <> 'withdrawn'
  and not exists (select 1 from gate.labels n where n.origin = l.origin and n.version > l.version);
grant select on experiments_v1.training_labels to cupel_experiments;

-- What is published to the operator.
create view experiments_v1.published_experiments as
select e.id, e.name, e.parent_id, e.author, e.author_kind, e.state, e.state_reason, e.rate, e.budget_usd,
  e.configuration_id, e.configuration, e.created_at, e.ended_at,
  (select coalesce(sum(s.usd), 0) from experiments_v1.spending s where s.experiment_id = e.id) as spent_usd,
  (select count(*) from experiments_v1.code_analyses a where a.experiment_id = e.id and a.kind = 'live') as runs,
  (select count(*) from experiments_v1.code_analyses a
    where a.experiment_id = e.id and a.kind = 'live' and a.state in ('failed', 'degraded')) as error_runs
from experiments_v1.experiments e;
-- Runs of each experiment by how they ended.
create view experiments_v1.published_runs as
select a.experiment_id, a.kind, a.state, a.error_code, count(*) as runs, max(a.finished_at) as last_finished_at
from experiments_v1.code_analyses a group by a.experiment_id, a.kind, a.state, a.error_code;
create view experiments_v1.published_replays as
select r.id, r.experiment_id, r.requested_by, r.requested_at, r.finished_at, r.outcome, r.summary,
  cardinality(r.sample_ids) as samples,
  (select count(*) from experiments_v1.code_analyses a where a.experiment_id = r.experiment_id and a.kind = 'replay'
    and a.sample_id = any (r.sample_ids) and a.finished_at is not null) as finished_runs
from experiments_v1.replays r;
create view experiments_v1.published_metrics as select m.* from experiments_v1.experiment_metrics m;
-- Running sums of an experiment's final outcomes: figures with intervals, and how much stands behind them, follow.
create view gate.published_evidence as
select t.experiment_id, t.sequence, t.sums from gate.tallies t where t.kind = 'live';
create view production.published_repositories as
select distinct p.repository_id, p.owner, p.repo from production.pull_requests p;
create view production.published_feedback as
select f.id, f.repository_id, f.number, p.owner, p.repo, f.comment_id, f.fingerprint, f.kind, f.author_id, f.author_login,
  f.standing, f.content, f.place, f.removed, f.given_at
from production.feedback f join production.pull_requests p on p.repository_id = f.repository_id and p.number = f.number;
create view gate.published_labels as
select l.origin, l.version, l.sample_id, s.repository_id, s.number, l.path, l.side, l.start_line, l.line, l.meaning,
  l.label, l.tier, l.kind, l.weight, l.reason, l.recorded_at,
  not exists (select 1 from gate.labels n where n.origin = l.origin and n.version > l.version) as current
from gate.labels l join experiments_v1.samples s on s.id = l.sample_id;
-- Drawn samples with what is to be judged: V2's and the experiments' findings, whose origin is not told.
create view gate.judging_queue as
select d.sample_id, d.day, d.hunks, s.repository_id, s.number, s.snapshot, s.taken_at,
  b.findings as baseline_findings,
  (select json_agg(a.findings) from experiments_v1.code_analyses a
    where a.sample_id = d.sample_id and a.findings is not null) as experiment_findings,
  (select json_agg(json_build_object('path', l.path, 'side', l.side, 'startLine', l.start_line, 'line', l.line,
      'meaning', l.meaning, 'category', l.category, 'severity', l.severity, 'label', l.label, 'by', l.provenance ->> 'by'))
    from gate.labels l where l.sample_id = d.sample_id and l.kind = 'audited'
      and not exists (select 1 from gate.labels n where n.origin = l.origin and n.version > l.version)) as judgements
from gate.audit_draws d join experiments_v1.samples s on s.id = d.sample_id
join gate.sample_baselines b on b.sample_id = d.sample_id
where d.drawn and s.snapshot is not null;
grant usage on schema production, gate to cupel_operator;
grant select on experiments_v1.published_runs, experiments_v1.published_replays, gate.published_evidence to cupel_operator;
grant select on experiments_v1.published_experiments, experiments_v1.published_metrics, production.published_feedback,
  production.published_repositories, gate.published_labels, gate.judging_queue to cupel_operator;

revoke all on all functions in schema doors from public;
grant usage on schema doors to cupel_experiments, cupel_operator;
grant execute on function doors.append_audit to cupel_production, cupel_gate;
grant execute on function doors.install_genesis_models, doors.submit_sample, doors.submit_label, doors.end_sample,
  doors.forget_samples to cupel_production;
grant execute on function doors.pause_over_budget, doors.note_experiment to cupel_experiments;
grant execute on function doors.propose_experiment, doors.set_experiment_state, doors.set_experiment_budget, doors.request_replay,
  doors.submit_judgement, doors.forget_samples to cupel_operator;
