-- Up Migration
create schema experiments_v1;

create table experiments_v1.experiments (
  id text primary key default gen_random_uuid()::text,
  name text not null check (length(name) between 1 and 100),
  parent_id text references experiments_v1.experiments (id),
  author text not null,
  author_kind text not null check (author_kind in ('person', 'mutation', 'reflection', 're-evaluation')),
  -- paused: by a person or by its budget, goes on; stopped: by a person, for good.
  state text not null default 'active'
    check (state in ('active', 'paused', 'stopped', 'promoted', 'quarantined', 'inconclusive')),
  state_reason text,
  -- Share of the samples it runs on, decided per sample by HMAC.
  rate double precision not null default 1 check (rate > 0 and rate <= 1),
  budget_usd numeric(14, 6) not null check (budget_usd > 0),
  configuration_id text not null check (configuration_id ~ '^[0-9a-f]{64}$'),
  configuration text not null,
  -- Fingerprints of its parts (src/core/experiment.ts), by which a part is blacklisted wherever it is used.
  parts text[] not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check (configuration_id = encode(sha256(convert_to(configuration, 'UTF8')), 'hex'))
);
-- One trial a configuration: the same idea twice is the same experiment, unless it is re-evaluated.
create unique index experiments_once on experiments_v1.experiments (configuration_id) where author_kind <> 're-evaluation';

-- Granted re-evaluations: the archive's configuration of that id, and no other, may be tried again.
create table experiments_v1.readmissions (
  id text primary key,
  quarantine_record_id text not null,
  configuration_id text not null,
  parent_id text not null references experiments_v1.experiments (id),
  actor text not null,
  reason text not null,
  granted_at timestamptz not null default now()
);
create function doors.check_readmission() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select 1 from experiments_v1.readmissions r
    where r.id = new.id and r.configuration_id = new.configuration_id and r.parent_id = new.parent_id
  ) then
    raise exception 'nobody granted the re-evaluation of %', new.configuration_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
-- A re-evaluation bears the id of its grant.
create trigger experiments_readmitted before insert on experiments_v1.experiments
  for each row when (new.author_kind = 're-evaluation') execute function doors.check_readmission();
create index experiments_configuration on experiments_v1.experiments (configuration_id);
create index experiments_active on experiments_v1.experiments (created_at) where state = 'active';

-- What production copied out. Its own findings on it lie in gate.sample_baselines: an experiment does not see them.
create table experiments_v1.samples (
  id text primary key,
  repository_id bigint not null,
  number integer not null,
  head_sha text not null,
  -- Null once forgotten. Secrets are masked before it comes here.
  snapshot json,
  -- HMAC of the pull request under production's secret: decides which experiments run on it.
  seed text not null check (seed ~ '^[0-9a-f]{64}$'),
  -- Labels of the training split may be seen by V1, those of the evaluation split only by the gate.
  split text not null check (split in ('training', 'evaluation')),
  hunks integer not null check (hunks >= 0),
  changed_lines integer not null check (changed_lines >= 0),
  -- The language with most changed lines, by file name.
  language text not null,
  taken_at timestamptz not null default now()
);
create index samples_pull_request on experiments_v1.samples (repository_id, number);
create index samples_taken on experiments_v1.samples (taken_at, id);

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
  -- Names of the steps that were lost or late.
  degraded_steps text[] not null default '{}',
  attempts integer not null default 1 check (attempts > 0),
  -- What the attempt under way may still spend: part of the spending of its day, settled when the run ends.
  reserved_usd numeric(14, 6) not null default 0 check (reserved_usd >= 0),
  reserved_on date,
  unique (experiment_id, sample_id, kind),
  check ((state = 'started') = (finished_at is null))
);
create index code_analyses_sample on experiments_v1.code_analyses (sample_id);
-- Throughput looks at the newest day of an experiment.
create index code_analyses_finished on experiments_v1.code_analyses (experiment_id, finished_at)
  where kind = 'live' and finished_at is not null;
create index code_analyses_open on experiments_v1.code_analyses (experiment_id) where state = 'started';

-- Asked for by an administrator: run these stored samples of the training split, whose labels V1 may see, at once.
create table experiments_v1.replays (
  id text primary key default gen_random_uuid()::text,
  experiment_id text not null references experiments_v1.experiments (id),
  sample_ids text[] not null check (cardinality(sample_ids) > 0),
  requested_by text not null,
  requested_at timestamptz not null default now(),
  -- What came of it, written once; `outcome` says why it ended before all samples were run.
  summary json,
  outcome text,
  finished_at timestamptz,
  check ((finished_at is null) = (outcome is null))
);
create index replays_open on experiments_v1.replays (requested_at) where finished_at is null;
create index replays_experiment on experiments_v1.replays (experiment_id, requested_at);

-- What models cost, per experiment and UTC day. The rows are the locks of concurrent reservations.
create table experiments_v1.spending (
  experiment_id text not null references experiments_v1.experiments (id),
  day date not null,
  usd numeric(14, 6) not null default 0 check (usd >= 0),
  primary key (experiment_id, day)
);

create function experiments_v1.refuse_finished() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  -- The door forget_samples, which runs as the owner, may take the texts away and nothing else.
  if old.finished_at is not null and not (
    (select c.relowner = current_user::regrole from pg_class c where c.oid = tg_relid)
    and new.findings is null and new.receipt is null
    and (new.id, new.state, new.error_code, new.latency_ms, new.usd, new.degraded_steps, new.finished_at)
      is not distinct from
      (old.id, old.state, old.error_code, old.latency_ms, old.usd, old.degraded_steps, old.finished_at)
  ) then
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
  -- What a reviewer that says nothing would have reached on the same hunks.
  mute_accuracy double precision check (mute_accuracy between 0 and 1),
  finding_precision double precision check (finding_precision between 0 and 1),
  finding_recall double precision check (finding_recall between 0 and 1),
  label_coverage double precision check (label_coverage between 0 and 1),
  latency_p50_ms double precision check (latency_p50_ms >= 0),
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
where e.state in ('active', 'paused');

grant usage on schema experiments_v1 to cupel_experiments, cupel_gate, cupel_operator;
grant select on experiments_v1.experiments, experiments_v1.readmissions, experiments_v1.samples, experiments_v1.code_analyses,
  experiments_v1.experiment_metrics, experiments_v1.promotion_readiness to cupel_experiments, cupel_gate;
-- It begins active: what it becomes is the gate's and the administrators' to say. A run stays with its experiment and sample.
grant insert (id, name, parent_id, author, author_kind, rate, budget_usd, configuration_id, configuration,
  parts) on experiments_v1.experiments to cupel_experiments;
grant insert (id, experiment_id, sample_id, kind) on experiments_v1.code_analyses to cupel_experiments;
grant update (state, findings, receipt, error_code, latency_ms, input_tokens, output_tokens, usd, finished_at,
  degraded_steps, attempts, reserved_usd, reserved_on) on experiments_v1.code_analyses to cupel_experiments;
grant select, update (summary, outcome, finished_at) on experiments_v1.replays to cupel_experiments;
-- Only its own budget pauses an experiment here, through the door pause_over_budget.
grant select, insert, update on experiments_v1.spending to cupel_experiments;
grant select on experiments_v1.spending to cupel_gate;
grant insert on experiments_v1.experiment_metrics to cupel_gate;
grant select on experiments_v1.promotion_readiness to cupel_operator;
