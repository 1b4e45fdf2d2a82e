-- Up Migration
-- The doors of the gate: from a verdict to a release, from a failure to quarantine and back. Each checks what it can
-- recompute from stored rows, and trusts nobody's word for it.

-- Whether a configuration or one of its parts is blacklisted; answers the reason, null when it is not.
create function doors.blacklisted(p_configuration_id text, p_parts text[]) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select b.kind || ' ' || b.fingerprint || ': ' || b.reason from quarantine.blacklist b
  where (b.kind = 'configuration' and b.fingerprint = p_configuration_id)
    or (b.kind = 'part' and b.fingerprint = any (p_parts))
  order by b.kind limit 1
$$;

-- An administrator asks for something. The key makes asking twice asking once. Answers the action's id.
create function doors.request_action(
  p_key text, p_kind text, p_subject text, p_reason text, p_actor text, p_source text
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into gate.actions (id, kind, subject, reason, actor, source)
    values (p_key, p_kind, p_subject, p_reason, p_actor, p_source) on conflict (id) do nothing;
  if found then
    perform audit.append(p_actor, 'gate.action.' || p_kind, coalesce(p_subject, 'release in force'),
      json_build_object('action', p_key, 'reason', p_reason, 'source', p_source)::text);
  end if;
  return p_key;
end
$$;

-- All that production may know of experiments, for the administrators' command.
create function doors.list_experiments() returns table (id text, name text, state text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.id, e.name, e.state from experiments_v1.experiments e order by e.created_at desc
$$;

create function doors.switch_gate(p_paused boolean, p_actor text, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  lock table gate.switches in share row exclusive mode;
  if p_paused is not distinct from (select s.paused from gate.switches s order by s.id desc limit 1) then
    return false;
  end if;
  insert into gate.switches (paused, actor, reason) values (p_paused, p_actor, p_reason);
  perform audit.append(p_actor, case when p_paused then 'gate.pause' else 'gate.resume' end, 'gate',
    json_build_object('reason', p_reason)::text);
  return true;
end
$$;

-- An administrator asks for another threshold: a column of gate.thresholds, within the bounds that the table has. False: it has
-- that value already. What was decided stays, except that a promotion has to hold under the thresholds when it is released.
create function doors.set_threshold(p_name text, p_value text, p_actor text, p_reason text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_old gate.thresholds%rowtype;
  v_new gate.thresholds%rowtype;
begin
  select t.* into strict v_old from gate.thresholds t for update;
  if p_name is null or p_name = 'only_row' or not to_jsonb(v_old) ? p_name then
    raise exception 'no threshold %', p_name using errcode = 'no_data_found';
  end if;
  if length(p_reason) between 1 and 2000 is not true then
    raise exception 'a threshold is changed for a reason, in at most 2000 characters' using errcode = 'check_violation';
  end if;
  begin
    v_new := jsonb_populate_record(v_old, jsonb_build_object(p_name, p_value));
    if v_new is not distinct from v_old then
      return false;
    end if;
    update gate.thresholds t set accuracy = v_new.accuracy, latency_ms = v_new.latency_ms, latency_share = v_new.latency_share,
      error_rate = v_new.error_rate, margin = v_new.margin, level = v_new.level, gamma = v_new.gamma, measured = v_new.measured,
      few_people = v_new.few_people, horizon_pull_requests = v_new.horizon_pull_requests, horizon_days = v_new.horizon_days,
      promotion = v_new.promotion;
  exception when check_violation or not_null_violation or data_exception then
    raise exception '% cannot be %', p_name, coalesce(p_value, 'nothing') using errcode = 'check_violation';
  end;
  perform audit.append(p_actor, 'gate.threshold', 'threshold:' || p_name, json_build_object(
    'from', to_jsonb(v_old) -> p_name, 'to', to_jsonb(v_new) -> p_name, 'reason', p_reason)::text);
  return true;
end
$$;

-- The position of an experiment in the lifetime's error budget, given when the gate first looks at it.
create function doors.open_trial(p_experiment_id text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_position integer;
begin
  lock table gate.trials in share row exclusive mode;
  select t.position into v_position from gate.trials t where t.experiment_id = p_experiment_id;
  if v_position is null then
    if not exists (select 1 from experiments_v1.experiments e where e.id = p_experiment_id) then
      raise exception 'no experiment %', p_experiment_id using errcode = 'no_data_found';
    end if;
    insert into gate.trials (experiment_id, position)
      select p_experiment_id, coalesce(max(t.position), 0) + 1 from gate.trials t returning position into v_position;
  end if;
  return v_position;
end
$$;

-- The only way into production.releases for what was on trial. A verdict's row is a request: every figure is recomputed
-- from stored rows up to where the verdict says it looked (stopping there is its right, at any time), and one that falls
-- short refuses it. Answers the release's id, the same when asked again.
create function doors.release(p_verdict_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_id text;
  v_verdict gate.verdicts%rowtype;
  v_experiment experiments_v1.experiments%rowtype;
  v_why text;
begin
  -- One at a time: the error budget counts the releases there are.
  lock table production.releases in share row exclusive mode;
  select r.id into v_id from production.releases r where r.verdict_id = p_verdict_id;
  if v_id is not null then
    return v_id;
  end if;
  select v.* into v_verdict from gate.verdicts v where v.id = p_verdict_id;
  if v_verdict.id is null then
    raise exception 'no verdict %', p_verdict_id using errcode = 'no_data_found';
  end if;
  if v_verdict.answer <> 'promote' then
    raise exception 'verdict % says %', p_verdict_id, v_verdict.answer using errcode = 'check_violation';
  end if;
  select v.answer into v_why from gate.verdicts v
    where v.experiment_id = v_verdict.experiment_id order by v.place desc limit 1;
  if v_why in ('quarantine', 'expire') then
    raise exception 'the last word on experiment % is %', v_verdict.experiment_id, v_why using errcode = 'check_violation';
  end if;
  if coalesce((select s.paused from gate.switches s order by s.id desc limit 1), false) then
    raise exception 'the gate is paused' using errcode = 'check_violation';
  end if;
  select e.* into v_experiment from experiments_v1.experiments e where e.id = v_verdict.experiment_id for update;
  if v_experiment.id is null or v_experiment.state <> 'active' then
    raise exception 'experiment % is %', v_verdict.experiment_id, coalesce(v_experiment.state, 'not known')
      using errcode = 'check_violation';
  end if;
  if v_experiment.configuration_id <> encode(sha256(convert_to(v_experiment.configuration, 'UTF8')), 'hex') then
    raise exception 'the configuration of experiment % is not what its id says', v_experiment.id
      using errcode = 'check_violation';
  end if;
  v_why := doors.blacklisted(v_experiment.configuration_id, v_experiment.parts);
  if v_why is not null then
    raise exception 'experiment % is blacklisted, %', v_experiment.id, v_why using errcode = 'check_violation';
  end if;
  if (select t.promotion from gate.thresholds t) = 'approve' and not exists (
    select 1 from gate.actions a where a.kind = 'promote' and a.subject = v_experiment.id
  ) then
    raise exception 'nobody has approved the promotion of experiment %', v_experiment.id using errcode = 'check_violation';
  end if;
  select string_agg(f.figure, ', ') into v_why
    from doors.recomputed(v_experiment.id, (v_verdict.evidence #>> '{cut,sequence}')::bigint,
      (v_verdict.evidence #>> '{cut,runsTo}')::timestamptz, v_verdict.decided_at) f
    where f.holds is not true;
  if v_why is not null then
    raise exception 'experiment % is not proven: %', v_experiment.id, v_why using errcode = 'check_violation';
  end if;
  select 'promoted-' || count(*) + 1 into v_id from production.releases r where r.kind = 'promoted';
  insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
    values (v_id, 'promoted', v_experiment.configuration_id, v_experiment.configuration, p_verdict_id);
  insert into production.release_steps (release_id, step, share, reason, actor)
    values (v_id, 'smoke', 0, 'verdict ' || p_verdict_id, 'gate');
  update experiments_v1.experiments e set state = 'promoted', state_reason = 'release ' || v_id, ended_at = now()
    where e.id = v_experiment.id;
  perform audit.append('gate', 'release.promote', 'release:' || v_id, json_build_object('verdict', p_verdict_id,
    'experimentId', v_experiment.id, 'configurationId', v_experiment.configuration_id)::text);
  return v_id;
end
$$;

-- Steps of a release after its smoke test. Each names what it rests on and is refused without it.
create function doors.step_release(p_release_id text, p_step text, p_reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_state production.release_states%rowtype;
  v_healthy integer;
begin
  lock table production.release_steps in share row exclusive mode;
  select s.* into v_state from production.release_states s where s.id = p_release_id;
  if v_state.id is null then
    raise exception 'no release %', p_release_id using errcode = 'no_data_found';
  end if;
  if v_state.step = p_step then
    return v_state.step;
  end if;
  case p_step
    when 'canary' then
      if v_state.step <> 'smoke' or not exists (
        select 1 from production.orders o where o.kind = 'smoke' and o.release_id = p_release_id
          and o.state = 'done' and o.result ->> 'passed' = 'true'
      ) then
        raise exception 'release % has not passed its smoke test', p_release_id using errcode = 'check_violation';
      end if;
      if exists (select 1 from production.release_states s where s.step = 'canary') then
        raise exception 'another release is on a share of the pull requests' using errcode = 'check_violation';
      end if;
    when 'full' then
      select count(*) into v_healthy from production.published_outcomes o
        where o.release_id = p_release_id and o.healthy;
      if v_state.step <> 'canary' or v_healthy < 50 then
        raise exception 'release % has % of 50 healthy reviews', p_release_id, v_healthy using errcode = 'check_violation';
      end if;
    when 'failed' then
      -- The first release is never taken away: a review of the analysers is the last resort.
      if v_state.kind = 'genesis' then
        raise exception 'the genesis release cannot be rolled back' using errcode = 'check_violation';
      end if;
    else
      raise exception 'a step is canary, full or failed' using errcode = 'check_violation';
  end case;
  insert into production.release_steps (release_id, step, share, reason, actor)
    values (p_release_id, p_step, case p_step when 'canary' then 0.1 when 'full' then 1 else 0 end, p_reason, 'gate');
  perform audit.append('gate', 'release.' || p_step, 'release:' || p_release_id,
    json_build_object('from', v_state.step, 'reason', p_reason)::text);
  return p_step;
end
$$;

-- The gate has the production worker do something for a release. Answers the order's id.
create function doors.place_order(p_kind text, p_release_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_id text := p_kind || ':' || p_release_id;
begin
  insert into production.orders (id, kind, release_id) values (v_id, p_kind, p_release_id) on conflict (id) do nothing;
  if found then
    perform audit.append('gate', 'release.order.' || p_kind, 'release:' || p_release_id, '{}');
  end if;
  return v_id;
end
$$;

-- A trial or a release ends in quarantine: a release that has failed; a trial whose newest verdict of that answer holds when it
-- is recomputed, that an administrator wants there, or that holds something blacklisted. Answers the record's id; that of the
-- record there is when there is one.
create function doors.archive(
  p_experiment_id text, p_release_id text, p_outcome text, p_failure_reasons text, p_metrics text, p_impact text,
  p_eligible_from timestamptz
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_id text;
  v_configuration_id text;
  v_configuration text;
begin
  select r.id into v_id from quarantine.quarantine_records r
    where r.experiment_id is not distinct from p_experiment_id and r.release_id is not distinct from p_release_id;
  if v_id is not null then
    return v_id;
  end if;
  if p_release_id is not null then
    select s.configuration_id, s.configuration into v_configuration_id, v_configuration
      from production.release_states s where s.id = p_release_id and s.step = 'failed';
    if v_configuration_id is null then
      raise exception 'release % has not failed', p_release_id using errcode = 'check_violation';
    end if;
  else
    select e.configuration_id, e.configuration into v_configuration_id, v_configuration
      from experiments_v1.experiments e
      where e.id = p_experiment_id and e.state in ('active', 'paused', 'quarantined', 'inconclusive');
    if v_configuration_id is null then
      raise exception 'experiment % is not on trial', p_experiment_id using errcode = 'check_violation';
    end if;
    if p_outcome = 'rolled-back' then
      raise exception 'a release is rolled back, experiment % is a trial', p_experiment_id using errcode = 'check_violation';
    elsif p_outcome = 'inconclusive' then
      if doors.verdict_holds(gate.newest_verdict(p_experiment_id, 'expire')) is not true then
        raise exception 'experiment % has not expired', p_experiment_id using errcode = 'check_violation';
      end if;
    elsif not exists (
      select 1 from gate.actions a where a.kind = 'quarantine' and a.subject = p_experiment_id
    ) and not exists (
      select 1 from experiments_v1.experiments e
      where e.id = p_experiment_id and doors.blacklisted(e.configuration_id, e.parts) is not null
    ) and doors.verdict_holds(gate.newest_verdict(p_experiment_id, 'quarantine')) is not true then
      raise exception 'experiment % has no verdict that holds, holds nothing blacklisted, and nobody asked for its quarantine',
        p_experiment_id using errcode = 'check_violation';
    end if;
  end if;
  insert into quarantine.quarantine_records (experiment_id, release_id, configuration_id, configuration, outcome,
      failure_reasons, metrics_at_failure, impact_analysis, re_evaluation_eligible_from)
    values (p_experiment_id, p_release_id, v_configuration_id, v_configuration, p_outcome, p_failure_reasons::json,
      p_metrics::json, p_impact::json, p_eligible_from)
    on conflict (experiment_id, release_id) do nothing returning id into v_id;
  if v_id is null then
    select r.id into strict v_id from quarantine.quarantine_records r
      where r.experiment_id is not distinct from p_experiment_id and r.release_id is not distinct from p_release_id;
    return v_id;
  end if;
  if p_release_id is null then
    update experiments_v1.experiments e
      set state = case p_outcome when 'inconclusive' then 'inconclusive' else 'quarantined' end, ended_at = now(),
        state_reason = p_outcome
      where e.id = p_experiment_id;
  end if;
  perform audit.append('gate', 'quarantine.archive', 'quarantine:' || v_id,
    json_build_object('experimentId', p_experiment_id, 'releaseId', p_release_id, 'outcome', p_outcome)::text);
  return v_id;
end
$$;

-- Never again: a configuration or a part, for good. A part of the release in force only once that is rolled back.
create function doors.blacklist(
  p_fingerprint text, p_kind text, p_record_id text, p_reason text, p_actor text
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_release text;
begin
  select s.id into v_release from production.release_states s
    where s.step <> 'failed' and s.kind = 'promoted' and (
      (p_kind = 'configuration' and s.configuration_id = p_fingerprint)
      or (p_kind = 'part' and exists (
        select 1 from experiments_v1.experiments e where e.configuration_id = s.configuration_id and p_fingerprint = any (e.parts)
      )))
    limit 1;
  if v_release is not null then
    raise exception 'it is in force as release %: roll that back first', v_release using errcode = 'check_violation';
  end if;
  insert into quarantine.blacklist (fingerprint, kind, quarantine_record_id, reason)
    values (p_fingerprint, p_kind, p_record_id, p_reason) on conflict (fingerprint) do nothing;
  if not found then
    return false;
  end if;
  perform audit.append(p_actor, 'blacklist.' || p_kind, 'blacklist:' || p_fingerprint,
    json_build_object('reason', p_reason, 'record', p_record_id)::text);
  return true;
end
$$;

-- A request for re-evaluation is granted: V1 fetches the configuration from the archive and tries it again, with its
-- history and its error budget continued. Refused before the record's cool-down has passed and for what is blacklisted.
-- Answers the grant's id, which is the action's.
create function doors.readmit(p_action_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_action gate.actions%rowtype;
  v_record quarantine.quarantine_records%rowtype;
  v_parent experiments_v1.experiments%rowtype;
  v_why text;
begin
  select a.* into v_action from gate.actions a where a.id = p_action_id and a.kind = 'reevaluate' for update;
  if v_action.id is null then
    raise exception 'nobody asked for re-evaluation %', p_action_id using errcode = 'no_data_found';
  end if;
  if exists (select 1 from experiments_v1.readmissions r where r.id = p_action_id) then
    return p_action_id;
  end if;
  select r.* into v_record from quarantine.quarantine_records r where r.id = v_action.subject;
  if v_record.id is null then
    raise exception 'no quarantine record %', v_action.subject using errcode = 'no_data_found';
  end if;
  if v_record.re_evaluation_eligible_from is null or v_record.re_evaluation_eligible_from > now() then
    raise exception 'record % may be tried again %', v_record.id,
      coalesce('from ' || v_record.re_evaluation_eligible_from::text, 'never') using errcode = 'check_violation';
  end if;
  select e.* into v_parent from experiments_v1.experiments e
    where e.configuration_id = v_record.configuration_id order by e.created_at desc limit 1;
  v_why := doors.blacklisted(v_record.configuration_id, coalesce(v_parent.parts, '{}'));
  if v_why is not null then
    raise exception 'record % is blacklisted, %', v_record.id, v_why using errcode = 'check_violation';
  end if;
  if v_parent.id is null then
    raise exception 'record % has no trial to go on with', v_record.id using errcode = 'check_violation';
  end if;
  if exists (
    select 1 from experiments_v1.experiments e
    where e.configuration_id = v_record.configuration_id and e.state in ('active', 'paused')
  ) then
    raise exception 'the configuration of record % is on trial already', v_record.id using errcode = 'check_violation';
  end if;
  insert into experiments_v1.readmissions (id, quarantine_record_id, configuration_id, parent_id, actor, reason)
    values (p_action_id, v_record.id, v_record.configuration_id, v_parent.id, v_action.actor, v_action.reason);
  perform audit.append(v_action.actor, 'quarantine.readmit', 'quarantine:' || v_record.id,
    json_build_object('grant', p_action_id, 'reason', v_action.reason)::text);
  return p_action_id;
end
$$;

grant execute on function doors.request_action to cupel_operator, cupel_production;
grant execute on function doors.list_experiments to cupel_production;
grant execute on function doors.switch_gate, doors.set_threshold to cupel_operator;
grant execute on function doors.open_trial, doors.release, doors.step_release, doors.place_order, doors.archive, doors.blacklist,
  doors.blacklisted, doors.readmit to cupel_gate;
