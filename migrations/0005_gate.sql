-- Up Migration
create schema gate;

-- What production itself found on a sample.
create table gate.sample_baselines (
  sample_id text primary key,
  release_id text not null,
  findings json not null,
  recorded_at timestamptz not null default now()
);

create table gate.labels (
  id bigint primary key generated always as identity,
  -- The signal it was made from: the same signal twice is one label.
  origin text not null unique,
  sample_id text not null,
  path text not null,
  side text not null check (side in ('LEFT', 'RIGHT')),
  start_line integer not null check (start_line > 0),
  line integer not null,
  label text not null check (label in ('real-issue', 'not-an-issue')),
  weight double precision not null check (weight > 0 and weight <= 1),
  reason text,
  provenance json not null,
  recorded_at timestamptz not null default now(),
  check (line >= start_line)
);
create index labels_sample on gate.labels (sample_id);

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
  answer text not null check (answer in ('promote', 'wait', 'quarantine')),
  evidence json not null,
  decided_at timestamptz not null default now()
);
create index verdicts_experiment on gate.verdicts (experiment_id, decided_at);

create table gate.readmission_requests (
  id text primary key default gen_random_uuid()::text,
  quarantine_record_id text not null,
  requested_by text not null,
  reason text not null,
  state text not null default 'open' check (state in ('open', 'granted', 'refused')),
  requested_at timestamptz not null default now(),
  answered_at timestamptz
);

grant usage on schema gate to cupel_gate;
grant select on gate.sample_baselines, gate.labels, gate.scores, gate.verdicts, gate.readmission_requests to cupel_gate;
grant insert on gate.scores, gate.verdicts, gate.readmission_requests to cupel_gate;
grant update (state, answered_at) on gate.readmission_requests to cupel_gate;
