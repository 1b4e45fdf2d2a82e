-- Up Migration
-- What the counts of a final outcome follow from, so that an exported verdict can be computed from its labels up.

-- Null while the texts are there; null too where they were forgotten before this was noted.
alter table experiments_v1.samples add column forgotten_at timestamptz;

-- As in 0007_doors.sql; answers about a sample (0014_answers.sql) go with its texts.
create or replace function doors.forget_samples(p_repository_ids bigint[], p_before timestamptz) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_ids text[];
begin
  with gone as (
    update experiments_v1.samples s set snapshot = null, forgotten_at = now()
    where s.snapshot is not null and (p_repository_ids is null or s.repository_id = any (p_repository_ids))
      and (p_before is null or s.taken_at < p_before)
    returning s.id
  ) select coalesce(array_agg(g.id), '{}') into v_ids from gone g;
  update experiments_v1.code_analyses a set findings = null, receipt = null where a.sample_id = any (v_ids);
  delete from experiments_v1.model_answers m where m.sample_id = any (v_ids);
  update gate.sample_baselines b set findings = '[]' where b.sample_id = any (v_ids);
  update gate.labels l set meaning = '', reason = null, provenance = '{}' where l.sample_id = any (v_ids);
  if cardinality(v_ids) > 0 then
    perform audit.append('cupel', 'samples.forget', 'samples',
      json_build_object('samples', cardinality(v_ids), 'repositoryIds', p_repository_ids, 'before', p_before)::text);
  end if;
  return cardinality(v_ids);
end
$$;

-- JSON may hold \u0000, which a model can write, and no JSON function here can read it. An escaped backslash before u0000 is none.
create function gate.without_nul(p_value json) returns json
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case when position('\u0000' in p_value::text) = 0 then p_value
    else regexp_replace(p_value::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json end
$$;

-- Places of hunks and what was said of them: no lines of code. Labels as they stood when they became final.
create view gate.published_scorings as
select o.experiment_id, o.sequence, s.snapshot is null as forgotten, s.forgotten_at, coalesce(d.hunks, '{}') as drawn,
  h.hunks, said.findings, l.labels
from gate.outcomes o
join experiments_v1.samples s on s.id = o.sample_id
left join gate.audit_draws d on d.sample_id = o.sample_id
left join gate.sample_baselines b on b.sample_id = o.sample_id
left join experiments_v1.code_analyses a
  on a.experiment_id = o.experiment_id and a.sample_id = o.sample_id and a.kind = o.kind
cross join lateral (
  select coalesce(json_agg(json_strip_nulls(json_build_object('path', f.value -> 'path',
    'previousPath', f.value -> 'previousPath', 'oldStart', h.value -> 'oldStart', 'oldLines', h.value -> 'oldLines',
    'newStart', h.value -> 'newStart', 'newLines', h.value -> 'newLines')) order by f.place, h.place), '[]') as hunks
  from json_array_elements(gate.without_nul(s.snapshot) -> 'files') with ordinality as f (value, place)
  cross join lateral json_array_elements(f.value -> 'hunks') with ordinality as h (value, place)
) h
cross join lateral (
  select json_object_agg(t.side, (
    select coalesce(json_agg(json_build_object('fingerprint', f.value -> 'fingerprint', 'path', f.value -> 'path',
      'side', f.value -> 'side', 'startLine', f.value -> 'startLine', 'line', f.value -> 'line', 'title', f.value -> 'title',
      'body', f.value -> 'body', 'category', f.value -> 'category', 'severity', f.value -> 'severity')
      order by f.place), '[]')
    from json_array_elements(gate.without_nul(t.findings)) with ordinality as f (value, place)
  )) as findings
  from (values ('own', a.findings), ('production', b.findings)) as t (side, findings)
) said
cross join lateral (
  select coalesce(json_agg(json_build_object('origin', v.origin, 'path', v.path, 'side', v.side, 'startLine', v.start_line,
    'line', v.line, 'text', v.meaning, 'category', v.category, 'severity', v.severity, 'value', v.label, 'tier', v.tier,
    'kind', v.kind, 'weight', v.weight, 'authorId', v.author_id)), '[]') as labels
  from (
    select distinct on (x.origin) x.origin, x.path, x.side, x.start_line, x.line, x.meaning, x.category, x.severity, x.label,
      x.tier, x.kind, x.weight, x.author_id
    from gate.labels x where x.sample_id = o.sample_id and x.recorded_at <= o.final_at
    order by x.origin, x.version desc
  ) v where v.label <> 'withdrawn'
) l
where o.kind = 'live' and o.split = 'evaluation' and o.final_at is not null;
grant execute on function gate.without_nul to cupel_operator;
grant select on gate.published_scorings to cupel_operator;
