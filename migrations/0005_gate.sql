-- Up Migration
create schema gate;

-- What production itself made of a sample: the run that experiments are compared with.
create table gate.sample_baselines (
  sample_id text primary key,
  release_id text not null,
  findings json not null,
  latency_ms integer not null check (latency_ms >= 0),
  degraded boolean not null,
  usd numeric(14, 6) not null check (usd >= 0),
  recorded_at timestamptz not null default now()
);

-- When the pull request was merged or closed: its labels become final a set time later.
create table gate.sample_ends (
  sample_id text primary key,
  merged boolean not null,
  ended_at timestamptz not null
);

-- One signal's word on one place. A signal that changes its mind is a new version under the same origin; the
-- highest version counts. 'withdrawn': the signal was taken back.
create table gate.labels (
  id bigint primary key generated always as identity,
  origin text not null,
  version integer not null check (version > 0),
  sample_id text not null,
  path text not null,
  side text not null check (side in ('LEFT', 'RIGHT')),
  start_line integer not null check (start_line > 0),
  line integer not null,
  -- What the place is said to have: title and text of the finding or comment, which matching compares.
  meaning text not null,
  category text,
  severity text,
  label text not null check (label in ('real-issue', 'not-an-issue', 'clean', 'withdrawn')),
  tier text not null check (tier in ('A', 'B', 'C')),
  kind text not null check (kind in ('volunteered', 'audited')),
  weight double precision not null check (weight > 0 and weight <= 1),
  author_id bigint,
  reason text,
  provenance json not null,
  recorded_at timestamptz not null default now(),
  unique (origin, version),
  check (line >= start_line)
);
create index labels_sample on gate.labels (sample_id);

-- The audit draw. A day's probability is set before its samples are known, and kept.
create table gate.audit_days (
  day date primary key,
  probability double precision not null check (probability between 0 and 1),
  budget integer not null check (budget >= 0),
  seed text not null
);
-- Stored with the sample, before anything is known of it; `hunks` are indices, drawn uniformly, at most 8.
create table gate.audit_draws (
  sample_id text primary key,
  day date not null references gate.audit_days (day),
  drawn boolean not null,
  hunks integer[] not null
);

-- What one run came to against the final labels of its sample: counts only, so that it outlives the texts. Written
-- anew when a label of the sample changes before it is final; frozen by `final_at`, in whose order scores consume.
create table gate.outcomes (
  experiment_id text not null,
  sample_id text not null,
  kind text not null check (kind in ('live', 'replay')),
  counts json not null,
  -- The same of production's own run on the sample.
  baseline_counts json not null,
  failed boolean not null,
  latency_ms integer not null check (latency_ms >= 0),
  usd numeric(14, 6) not null check (usd >= 0),
  language text not null,
  changed_lines integer not null,
  -- Training samples teach proposals; figures and verdicts rest on the others.
  split text not null check (split in ('training', 'evaluation')),
  -- The newest label that was looked at.
  labels_seen bigint not null,
  scored_at timestamptz not null default now(),
  -- When its labels become final, as far as is known; null when they never will.
  due_at timestamptz,
  final_at timestamptz,
  -- Order of consumption, given when final: scores take each once, in this order.
  sequence bigint unique,
  -- Sample first: a label touches the outcomes of one.
  primary key (sample_id, experiment_id, kind)
);
create index outcomes_order on gate.outcomes (experiment_id, kind, sequence);
create index outcomes_due on gate.outcomes (due_at) where final_at is null;
create sequence gate.outcome_sequence;

create function gate.refuse_final() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.final_at is not null then
    raise exception 'the outcome of % on % is final', old.experiment_id, old.sample_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger outcomes_final before update on gate.outcomes
  for each row execute function gate.refuse_final();

-- Running sums of an experiment's final outcomes up to `sequence`, so that scoring costs what is new.
create table gate.tallies (
  experiment_id text not null,
  kind text not null check (kind in ('live', 'replay')),
  sequence bigint not null,
  sums json not null,
  primary key (experiment_id, kind)
);

-- Samples whose labels, runs or end changed since their outcomes were written. Each change raises `mark`: whoever
-- scored takes the row away only at the mark it began with.
create table gate.stale_samples (
  sample_id text primary key,
  since timestamptz not null default now(),
  mark bigint not null default 1
);
create index stale_samples_since on gate.stale_samples (since, sample_id);

-- What the gate asks for: one row, changed by administrators only. src/core/gate/thresholds.ts says what each means.
create table gate.thresholds (
  only_row boolean primary key default true check (only_row),
  accuracy double precision not null default 0.95 check (accuracy > 0.5 and accuracy < 1),
  latency_ms integer not null default 3000 check (latency_ms between 1 and 600000),
  latency_share double precision not null default 0.95 check (latency_share > 0.5 and latency_share < 1),
  error_rate double precision not null default 0.02 check (error_rate > 0 and error_rate < 0.5),
  margin double precision not null default 0.05 check (margin > 0 and margin < 0.5),
  level double precision not null default 0.05 check (level > 0 and level <= 0.1),
  gamma double precision not null default 3 check (gamma between 1 and 100),
  measured double precision not null default 0.9 check (measured between 0.5 and 1),
  few_people boolean not null default false,
  horizon_pull_requests integer not null default 2000 check (horizon_pull_requests between 1 and 100000),
  horizon_days integer not null default 90 check (horizon_days between 1 and 3650),
  -- approve: a person has to ask for each promotion, besides everything else.
  promotion text not null default 'automatic' check (promotion in ('automatic', 'approve'))
);
insert into gate.thresholds default values;

-- The order in which experiments met the gate: what each may spend of the lifetime's error budget follows from it.
create table gate.trials (
  experiment_id text primary key,
  position integer not null unique check (position > 0),
  opened_at timestamptz not null default now()
);

-- Paused, the gate scores and decides nothing; the watch over releases goes on. The newest row counts.
create table gate.switches (
  id bigint primary key generated always as identity,
  paused boolean not null,
  actor text not null,
  reason text not null,
  at timestamptz not null default now()
);

-- What administrators ask for, by comment, command line or dashboard. The gate carries it out or says why not.
create table gate.actions (
  id text primary key,
  kind text not null check (kind in ('promote', 'quarantine', 'reevaluate', 'blacklist', 'rollback')),
  -- Experiment, quarantine record or release; null for the release in force.
  subject text,
  reason text not null check (length(reason) between 1 and 2000),
  actor text not null,
  source text not null check (source in ('comment', 'cli', 'dashboard')),
  requested_at timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'done', 'refused')),
  outcome text,
  finished_at timestamptz,
  check ((state = 'open') = (finished_at is null)),
  check ((state = 'open') = (outcome is null))
);
create index actions_open on gate.actions (requested_at) where state = 'open';
create view gate.readmission_requests as
select a.id, a.subject as quarantine_record_id, a.actor as requested_by, a.reason,
  case a.state when 'done' then 'granted' else a.state end as state, a.requested_at, a.finished_at as answered_at
from gate.actions a where a.kind = 'reevaluate';

create table gate.scores (
  id text primary key default gen_random_uuid()::text,
  experiment_id text not null,
  release_id text not null,
  figures json not null,
  scored_at timestamptz not null default now()
);
create index scores_experiment on gate.scores (experiment_id, scored_at);

create table gate.verdicts (
  id text primary key default gen_random_uuid()::text,
  experiment_id text not null,
  score_id text not null references gate.scores (id),
  answer text not null check (answer in ('promote', 'wait', 'quarantine', 'expire')),
  -- Everything that decided, so that it can be decided again: thresholds, budget, the last outcome taken in, and the basis.
  evidence json not null,
  decided_at timestamptz not null default now(),
  -- In the order in which they were written, whatever the clock said.
  place bigint not null generated always as identity
);
create index verdicts_experiment on gate.verdicts (experiment_id, place);

grant usage on schema gate to cupel_gate;
grant select on gate.sample_baselines, gate.sample_ends, gate.labels, gate.audit_days, gate.audit_draws, gate.outcomes,
  gate.tallies, gate.stale_samples, gate.scores, gate.verdicts, gate.thresholds, gate.trials, gate.switches, gate.actions,
  gate.readmission_requests to cupel_gate;
grant insert on gate.audit_days, gate.outcomes, gate.tallies, gate.scores, gate.verdicts to cupel_gate;
grant update (state, outcome, finished_at) on gate.actions to cupel_gate;
-- A final outcome cannot be changed: a trigger sees to it.
grant update on gate.outcomes, gate.tallies to cupel_gate;
grant delete on gate.stale_samples to cupel_gate;
grant usage on sequence gate.outcome_sequence to cupel_gate;
