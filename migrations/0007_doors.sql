-- Up Migration
-- The only file in which two zones meet. A door runs as the owner, with a pinned search_path, and does one thing;
-- who may pass is the grant under it.

-- What a role says of its own doings. What a door does is recorded by that door, and nobody else may claim it.
create function doors.append_audit(p_actor text, p_action text, p_subject text, p_data text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if p_action like 'release.%' then
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
  perform audit.append('cupel', 'release.genesis-models', 'release:genesis-models',
    json_build_object('configurationId', p_configuration_id)::text);
  return 'installed';
end
$$;

-- Production hands a sample to the experiments and keeps its own findings from them. False when it was known.
create function doors.submit_sample(
  p_id text, p_repository_id bigint, p_number integer, p_head_sha text, p_snapshot text, p_release_id text, p_findings text
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into experiments_v1.samples (id, repository_id, number, head_sha, snapshot)
    values (p_id, p_repository_id, p_number, p_head_sha, p_snapshot::json)
    on conflict (id) do nothing;
  if not found then
    return false;
  end if;
  insert into gate.sample_baselines (sample_id, release_id, findings) values (p_id, p_release_id, p_findings::json);
  return true;
end
$$;

-- Production hands a label to the gate and cannot read it back. False when its origin was known.
create function doors.submit_label(
  p_origin text, p_sample_id text, p_path text, p_side text, p_start_line integer, p_line integer,
  p_label text, p_weight double precision, p_reason text, p_provenance text
) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select 1 from experiments_v1.samples where id = p_sample_id) then
    raise exception 'no sample %', p_sample_id using errcode = 'foreign_key_violation';
  end if;
  insert into gate.labels
    (origin, sample_id, path, side, start_line, line, label, weight, reason, provenance)
    values (p_origin, p_sample_id, p_path, p_side, p_start_line, p_line, p_label, p_weight, p_reason, p_provenance::json)
    on conflict (origin) do nothing;
  return found;
end
$$;

revoke all on all functions in schema doors from public;
grant execute on function doors.append_audit to cupel_production, cupel_gate;
grant execute on function doors.install_genesis_models, doors.submit_sample, doors.submit_label to cupel_production;
