-- Up Migration
create schema experiments_v1;

create table experiments_v1.experiments (
  id text primary key default gen_random_uuid()::text,
  parent_id text references experiments_v1.experiments (id),
  author text not null,
  author_kind text not null check (author_kind in ('person', 'mutation', 'reflection', 're-evaluation')),
  state text not null default 'proposed'
    check (state in ('proposed', 'active', 'promoted', 'quarantined', 'inconclusive')),
  configuration_id text not null check (configuration_id ~ '^[0-9a-f]{64}$'),
  configuration text not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (configuration_id = encode(sha256(convert_to(configuration, 'UTF8')), 'hex'))
);
create index experiments_configuration on experiments_v1.experiments (configuration_id);
create index experiments_active on experiments_v1.experiments (created_at) where state in ('proposed', 'active');

-- What production copied out. Its own findings on it lie in gate.sample_baselines: an experiment does not see them.
create table experiments_v1.samples (
  id text primary key,
  repository_id bigint not null,
  number integer not null,
  head_sha text not null,
  snapshot json not null,
  taken_at timestamptz not null default now()
);
create index samples_pull_request on experiments_v1.samples (repository_id, number);

create table experiments_v1.code_analyses (
  id text primary key default gen_random_uuid()::text,
  experiment_id text not null references experiments_v1.experiments (id),
  sample_id text not null references experiments_v1.samples (id),
  kind text not null check (kind in ('live', 'replay')),
  state text not null default 'started' check (state in ('started', 'done', 'degraded', 'failed')),
  findings json,
  receipt json,
  error_code text,
  latency_ms integer check (latency_ms >= 0),
  input_tokens bigint check (input_tokens >= 0),
  output_tokens bigint check (output_tokens >= 0),
  usd numeric(14, 6) check (usd >= 0),
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (experiment_id, sample_id, kind),
  check ((state = 'started') = (finished_at is null))
);
create index code_analyses_sample on experiments_v1.code_analyses (sample_id);

create function experiments_v1.refuse_finished() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.finished_at is not null then
    raise exception 'run % is finished and cannot be changed', old.id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger code_analyses_finished before update on experiments_v1.code_analyses
  for each row execute function experiments_v1.refuse_finished();

-- Written by the gate: the examinee does not mark its own paper.
create table experiments_v1.experiment_metrics (
  id bigint primary key generated always as identity,
  experiment_id text not null references experiments_v1.experiments (id),
  pull_requests integer not null check (pull_requests >= 0),
  labelled_hunks integer not null check (labelled_hunks >= 0),
  accuracy double precision check (accuracy between 0 and 1),
  accuracy_low double precision check (accuracy_low between 0 and 1),
  accuracy_high double precision check (accuracy_high between 0 and 1),
  latency_p95_ms double precision check (latency_p95_ms >= 0),
  usd_per_run double precision check (usd_per_run >= 0),
  error_rate double precision check (error_rate between 0 and 1),
  runs_per_hour double precision check (runs_per_hour >= 0),
  user_satisfaction double precision check (user_satisfaction between 0 and 5),
  false_positives integer not null check (false_positives >= 0),
  false_negatives integer not null check (false_negatives >= 0),
  scored_at timestamptz not null default now()
);
create index experiment_metrics_latest on experiments_v1.experiment_metrics (experiment_id, id desc);

-- The figures a promotion is decided on, newest per experiment. It decides nothing itself.
create view experiments_v1.promotion_readiness as
select e.id as experiment_id, e.state, e.configuration_id, m.pull_requests, m.labelled_hunks, m.accuracy,
  m.accuracy_low, m.accuracy_high, m.latency_p95_ms, m.error_rate, m.usd_per_run, m.user_satisfaction,
  m.false_positives, m.false_negatives, m.scored_at
from experiments_v1.experiments e
left join lateral (
  select pull_requests, labelled_hunks, accuracy, accuracy_low, accuracy_high, latency_p95_ms, error_rate,
    usd_per_run, user_satisfaction, false_positives, false_negatives, scored_at
  from experiments_v1.experiment_metrics where experiment_id = e.id order by id desc limit 1
) m on true
where e.state in ('proposed', 'active');

grant usage on schema experiments_v1 to cupel_experiments, cupel_gate, cupel_operator;
grant select on experiments_v1.experiments, experiments_v1.samples, experiments_v1.code_analyses,
  experiments_v1.experiment_metrics, experiments_v1.promotion_readiness to cupel_experiments, cupel_gate;
-- A proposal begins as one: its state is the gate's to set. A run stays with its experiment and sample.
grant insert (id, parent_id, author, author_kind, configuration_id, configuration)
  on experiments_v1.experiments to cupel_experiments;
grant insert (id, experiment_id, sample_id, kind) on experiments_v1.code_analyses to cupel_experiments;
grant update (state, findings, receipt, error_code, latency_ms, input_tokens, output_tokens, usd, finished_at)
  on experiments_v1.code_analyses to cupel_experiments;
grant insert on experiments_v1.experiment_metrics to cupel_gate;
grant update (state, ended_at) on experiments_v1.experiments to cupel_gate;
grant select on experiments_v1.promotion_readiness to cupel_operator;
