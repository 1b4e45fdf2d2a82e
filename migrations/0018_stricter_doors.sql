-- Up Migration
-- Doors that let pass what they could have known to be wrong.

-- Final live outcomes up to a cut that the stored rows do not bear out, as of a time. Counts are made by matching, which SQL
-- does not repeat, but the gate's role may write them only. Everything they are made of comes through doors that it cannot
-- pass: the sample, production's run and the draw (submit_sample), its end (end_sample), labels (submit_label, submit_judgement)
-- and V1's run. So each count is held to the most that those rows can come to (src/core/score/hunks.ts): a hunk that blind
-- judges settled has a word of theirs of its own, an issue somebody who called it one, a clean hunk somebody who called it clean.
-- Labels count as they were when they became final (src/core/label.ts), to the second, as its times have milliseconds.
create function gate.unfounded_outcomes(p_experiment_id text, p_sequence bigint, p_at timestamptz)
returns table (sequence bigint, sample_id text, why text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select o.sequence, o.sample_id, w.why
  from gate.outcomes o
  left join experiments_v1.samples s on s.id = o.sample_id
  left join gate.sample_baselines b on b.sample_id = o.sample_id
  left join gate.audit_draws d on d.sample_id = o.sample_id
  left join gate.sample_ends e on e.sample_id = o.sample_id
  left join experiments_v1.code_analyses a on a.experiment_id = o.experiment_id and a.sample_id = o.sample_id
    and a.kind = 'live' and a.finished_at is not null
  cross join lateral (
    select count(*) filter (where n.label = 'real-issue') as real, count(*) filter (where n.label = 'clean') as clean,
      count(*) filter (where n.kind = 'audited' or n.label = 'clean') as judged,
      count(*) filter (where n.kind = 'volunteered' and n.label = 'real-issue') as praised,
      count(*) filter (where n.kind = 'volunteered' and n.label = 'not-an-issue') as blamed,
      count(*) filter (where n.kind = 'volunteered' and n.label = 'clean') as cleared,
      array_agg(n.author_id::text) as authors
    from (
      select distinct on (l.origin) l.label, l.kind, l.author_id from gate.labels l
      where l.sample_id = o.sample_id and l.recorded_at <= o.final_at order by l.origin, l.version desc
    ) n where n.label <> 'withdrawn'
  ) l
  cross join lateral (
    select coalesce(cardinality(d.hunks), 0) as drawn, o.counts #>> '{volunteered,right}' as praised,
      o.counts #>> '{volunteered,wrong}' as blamed,
      date_trunc('second', s.taken_at + interval '336 hours') as longest,
      date_trunc('second', e.ended_at + interval '72 hours') as after_end
  ) k
  cross join lateral (
    select bool_and(c.due = k.drawn and c.tp + c.fp + c.fn + c.tn + c.unanswered = c.due) as as_drawn,
      bool_and(c.tp + c.fn <= l.real and c.tn <= l.clean and c.tp + c.fp + c.fn + c.tn <= l.judged) as as_labelled,
      max(c.tp + c.fp + c.fn + c.tn) filter (where c.own) as settled
    from (
      select x.own, (x.audited ->> 'tp')::float8 as tp, (x.audited ->> 'fp')::float8 as fp, (x.audited ->> 'fn')::float8 as fn,
        (x.audited ->> 'tn')::float8 as tn, (x.audited ->> 'due')::float8 as due,
        (x.audited ->> 'unanswered')::float8 as unanswered
      from (values (true, o.counts -> 'audited'), (false, o.baseline_counts -> 'audited')) as x (own, audited)
    ) c
  ) c
  cross join lateral (
    select coalesce(sum(n.value::float8), 0) as hunks, coalesce(bool_and(n.value::float8 <= (
        select count(*) from unnest(l.authors) as w (author) where w.author = n.key)), true) as known
    from json_each_text(o.counts -> 'authors') n
  ) p
  cross join lateral (
    select case
      when s.id is null then 'there is no such sample'
      when s.taken_at > p_at then 'it was taken after the decision'
      when (o.split, o.language, o.changed_lines) is distinct from (s.split, s.language, s.changed_lines)
        then 'the sample is another'
      when b.sample_id is null then 'production never submitted its own run'
      when a.id is null then 'the experiment has no finished run on it'
      when (o.final_at >= case when k.drawn > 0 then k.longest else least(k.longest, k.after_end) end
        and o.final_at <= p_at + interval '1 minute') is not true then 'its labels were not final then'
      when c.as_drawn is not true then 'other hunks were drawn'
      when (c.as_labelled and (o.counts ->> 'tp')::float8 <= l.real and (o.counts ->> 'issues')::float8 <= l.real) is not true
        then 'its labels do not say so much'
      when ((k.praised::float8 = 0 or l.praised > 0) and (k.blamed::float8 = 0 or l.blamed > 0)
        and (a.findings is null or k.praised::float8 + k.blamed::float8 <= json_array_length(a.findings))) is not true
        then 'nobody volunteered that'
      -- Judges have names; only a volunteered 'clean' may have none.
      when (p.known and (l.cleared > 0 or p.hunks >= c.settled)) is not true then 'other people labelled it'
    end as why
  ) w
  where o.experiment_id = p_experiment_id and o.kind = 'live' and o.split = 'evaluation' and o.final_at is not null
    and o.sequence <= coalesce(p_sequence, 9223372036854775807) and w.why is not null
$$;

-- When thresholds changed: an approval is one by the thresholds of its time.
create table gate.threshold_changes (
  id bigint primary key generated always as identity,
  at timestamptz not null default now()
);
create function doors.note_threshold_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into gate.threshold_changes default values;
  return null;
end
$$;
create trigger thresholds_changed after update on gate.thresholds
  for each row when (old.* is distinct from new.*) execute function doors.note_threshold_change();

-- As 0008_gate_doors.sql has it, and besides: a person's approval, where one is asked for, is one of this trial by these
-- thresholds that was not refused; outcomes rest on rows that the gate's role cannot write.
create or replace function doors.release(p_verdict_id text) returns text
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
    select 1 from gate.actions a
    where a.kind = 'promote' and a.subject = v_experiment.id and a.state <> 'refused' and a.requested_at
      >= greatest(v_experiment.created_at, (select max(c.at) from gate.threshold_changes c))
  ) then
    raise exception 'nobody has approved the promotion of experiment % since it began and thresholds last changed',
      v_experiment.id using errcode = 'check_violation';
  end if;
  select string_agg(f.figure, ', ') into v_why
    from doors.recomputed(v_experiment.id, (v_verdict.evidence #>> '{cut,sequence}')::bigint,
      (v_verdict.evidence #>> '{cut,runsTo}')::timestamptz, v_verdict.decided_at) f
    where f.holds is not true;
  if v_why is not null then
    raise exception 'experiment % is not proven: %', v_experiment.id, v_why using errcode = 'check_violation';
  end if;
  select format('%s outcomes rest on nothing, the first on sample %s: %s', count(*),
      (array_agg(u.sample_id order by u.sequence))[1], (array_agg(u.why order by u.sequence))[1]) into v_why
    from gate.unfounded_outcomes(v_experiment.id, (v_verdict.evidence #>> '{cut,sequence}')::bigint, v_verdict.decided_at) u
    having count(*) > 0;
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

-- As 0008_gate_doors.sql has it, for a release at the step that asks for it only.
create or replace function doors.place_order(p_kind text, p_release_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_id text := p_kind || ':' || p_release_id;
  v_step text;
begin
  if exists (select 1 from production.orders o where o.id = v_id) then
    return v_id;
  end if;
  select s.step into v_step from production.release_states s where s.id = p_release_id;
  if v_step is distinct from (case p_kind when 'smoke' then 'smoke' when 'withdraw' then 'failed' end) then
    raise exception 'release % is %: that is no time for an order of %', p_release_id, coalesce(v_step, 'not known'), p_kind
      using errcode = 'check_violation';
  end if;
  insert into production.orders (id, kind, release_id) values (v_id, p_kind, p_release_id) on conflict (id) do nothing;
  if found then
    perform audit.append('gate', 'release.order.' || p_kind, 'release:' || p_release_id, '{}');
  end if;
  return v_id;
end
$$;

-- Fingerprints of every text that a prompt was published under, by its name: what a prompt says is a part, whatever it is called.
-- Written by the gate from the prompts that it was shipped with, as the database has none; the rest of a configuration's parts is
-- read off its text below, so that what V1 says of its parts can only add to them. A gate that kept a text back could let that
-- text pass under a new name, and nothing else.
create table gate.prompt_texts (
  name text not null,
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  primary key (name, fingerprint)
);
grant select, insert on gate.prompt_texts to cupel_gate;

-- RFC 8785 for what configurations hold: no exponents, keys of the basic plane.
create function doors.canonical(p_value jsonb) returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  return case jsonb_typeof(p_value)
    when 'object' then (
      select '{' || coalesce(string_agg(to_json(e.key)::text || ':' || doors.canonical(e.value), ',' order by e.key collate "C"), '')
        || '}' from jsonb_each(p_value) e)
    when 'array' then (
      select '[' || coalesce(string_agg(doors.canonical(e.value), ',' order by e.place), '') || ']'
      from jsonb_array_elements(p_value) with ordinality as e (value, place))
    when 'number' then trim_scale(p_value::numeric)::text
    else p_value::text
  end;
end
$$;

-- Fingerprints of a configuration's parts, as partsOf of src/core/experiment.ts makes them; a test compares the two.
create function doors.parts_of(p_configuration text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(
    select encode(sha256(convert_to('{"part":"' || p.part || '","value":' || doors.canonical(p.value) || '}', 'UTF8')), 'hex')
    from (select p_configuration::jsonb as whole) c
    cross join lateral (
      select 'prompt' as part, c.whole -> 'prompt' as value
      union all select 'technique', c.whole -> 'technique'
      union all select 'routing', c.whole -> 'routing'
      union all select 'model', jsonb_build_object('provider', m.choice -> 'provider', 'model', m.choice -> 'model')
        from (values (c.whole #> '{routing,primary}'), (c.whole #> '{routing,secondary}')) as m (choice) where m.choice is not null
      union all select 'analyser', a.name
        from jsonb_array_elements(case jsonb_typeof(c.whole -> 'analysers') when 'array' then c.whole -> 'analysers' end) as a (name)
    ) p where p.value is not null
    union
    select t.fingerprint from gate.prompt_texts t where t.name = p_configuration::jsonb ->> 'prompt'
  )
$$;

create function doors.write_parts() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.parts := array(select unnest(new.parts) union select unnest(doors.parts_of(new.configuration)) order by 1);
  return new;
end
$$;
create trigger experiments_parts before insert on experiments_v1.experiments
  for each row execute function doors.write_parts();
update experiments_v1.experiments e
  set parts = array(select unnest(e.parts) union select unnest(doors.parts_of(e.configuration)) order by 1);

create function doors.prompt_text_known() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update experiments_v1.experiments e set parts = e.parts || new.fingerprint
    where e.configuration::jsonb ->> 'prompt' = new.name and not new.fingerprint = any (e.parts);
  return null;
end
$$;
create trigger prompt_texts_known after insert on gate.prompt_texts
  for each row execute function doors.prompt_text_known();
-- As 0007_doors.sql has it; a blacklisted part is no first release with models either.
create or replace function doors.install_genesis_models(p_configuration text, p_configuration_id text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_why text;
begin
  lock table production.releases in share row exclusive mode;
  if exists (select 1 from production.releases where kind <> 'genesis') then
    return 'not-needed';
  end if;
  if coalesce(p_configuration::json #>> '{routing,strategy}', 'none') = 'none' then
    raise exception 'a genesis-models configuration must route to a model' using errcode = 'check_violation';
  end if;
  v_why := doors.blacklisted(p_configuration_id, doors.parts_of(p_configuration));
  if v_why is not null then
    raise exception 'the configured models are blacklisted, %', v_why using errcode = 'check_violation';
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

-- As 0008_gate_doors.sql has it, for the first release with models too, whose parts no experiment has.
create or replace function doors.blacklist(
  p_fingerprint text, p_kind text, p_record_id text, p_reason text, p_actor text
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_release text;
begin
  select s.id into v_release from production.release_states s
    where s.step <> 'failed' and s.kind <> 'genesis' and (
      (p_kind = 'configuration' and s.configuration_id = p_fingerprint)
      or (p_kind = 'part' and (p_fingerprint = any (doors.parts_of(s.configuration)) or exists (
        select 1 from experiments_v1.experiments e where e.configuration_id = s.configuration_id and p_fingerprint = any (e.parts)
      ))))
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

-- What a run's models gave away, as its worker saw it when the run ended (src/core/leak.ts): one ends the trial, for good.
alter table experiments_v1.code_analyses add column leaked text check (leaked in ('credential', 'canary'));
create index code_analyses_leaked on experiments_v1.code_analyses (experiment_id) where leaked is not null;
grant update (leaked) on experiments_v1.code_analyses to cupel_experiments;

-- As 0009_gate_evidence.sql and 0015_answers_to_administrators.sql have them, and what was given away.
create or replace function gate.breaches(p_experiment_id text) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(
    select 'budget' from experiments_v1.experiments e where e.id = p_experiment_id
      and (select sum(s.usd) from experiments_v1.spending s where s.experiment_id = e.id) > 1.1 * e.budget_usd
    union all
    select 'schema' from experiments_v1.code_analyses a
      where a.experiment_id = p_experiment_id and a.kind = 'live' and a.finished_at is not null
      having count(*) filter (where a.error_code = 'model-invalid') >= greatest(3, 0.1 * count(*))
    union all
    select 'secret' where exists (
      select 1 from experiments_v1.code_analyses a where a.experiment_id = p_experiment_id and a.leaked is not null)
    union all
    select 'blacklist' from experiments_v1.experiments e
      where e.id = p_experiment_id and doors.blacklisted(e.configuration_id, e.parts) is not null
  )
$$;
create or replace function gate.breaches(p_experiment_id text, p_runs_to timestamptz, p_at timestamptz) returns text[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select array(
    select 'budget' from experiments_v1.overspent o
      where o.experiment_id = p_experiment_id and o.since <= p_at and coalesce(o.until, 'infinity') > p_at
    union all
    select 'schema' from experiments_v1.code_analyses a
      where a.experiment_id = p_experiment_id and a.kind = 'live' and a.finished_at <= p_runs_to
      having count(*) filter (where a.error_code = 'model-invalid') >= greatest(3, 0.1 * count(*))
    union all
    select 'secret' where exists (
      select 1 from experiments_v1.code_analyses a
      where a.experiment_id = p_experiment_id and a.leaked is not null and a.finished_at <= p_runs_to)
    union all
    select 'blacklist' from experiments_v1.experiments e
      where e.id = p_experiment_id and exists (
        select 1 from quarantine.blacklist b
        where b.listed_at <= p_at and (b.kind = 'configuration' and b.fingerprint = e.configuration_id
          or b.kind = 'part' and b.fingerprint = any (e.parts)))
  )
$$;

-- What is new since something failed, said by whoever asks for another trial. The trial bears the request's id.
alter table gate.actions add column evidence text check (length(evidence) between 1 and 2000);
drop function doors.request_action(text, text, text, text, text, text);
create function doors.request_action(
  p_key text, p_kind text, p_subject text, p_reason text, p_actor text, p_source text,
  p_evidence text default null
) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into gate.actions (id, kind, subject, reason, actor, source, evidence)
    values (p_key, p_kind, p_subject, p_reason, p_actor, p_source, p_evidence) on conflict (id) do nothing;
  if found then
    perform audit.append(p_actor, 'gate.action.' || p_kind, coalesce(p_subject, 'release in force'),
      json_build_object('action', p_key, 'reason', p_reason, 'source', p_source,
        'evidence', p_evidence)::text);
  end if;
  return p_key;
end
$$;

grant execute on function doors.request_action to cupel_operator, cupel_production;

create or replace view gate.readmission_requests as
select a.id, a.subject as quarantine_record_id, a.actor as requested_by, a.reason,
  case a.state when 'done' then 'granted' else a.state end as state, a.requested_at, a.finished_at as answered_at, a.evidence
from gate.actions a where a.kind = 'reevaluate';
create or replace view gate.published_actions as
select a.id, a.kind, a.subject, a.reason, a.actor, a.source, a.requested_at, a.state, a.outcome, a.finished_at, a.evidence
from gate.actions a;

revoke all on function gate.unfounded_outcomes, doors.note_threshold_change, doors.canonical, doors.parts_of, doors.write_parts,
  doors.prompt_text_known, doors.request_action from public;
