-- Up Migration
create schema quarantine;

-- Written once, through the door `archive`; nobody may change a record.
create table quarantine.quarantine_records (
  id text primary key default gen_random_uuid()::text,
  -- Its last trial; a release that was rolled back has that of its experiment, or none (genesis-models).
  experiment_id text,
  release_id text,
  configuration_id text not null check (configuration_id ~ '^[0-9a-f]{64}$'),
  configuration text not null,
  outcome text not null check (outcome in ('failed', 'dangerous', 'inconclusive', 'rolled-back')),
  failure_reasons json not null,
  metrics_at_failure json not null,
  impact_analysis json not null,
  re_evaluation_eligible_from timestamptz,
  quarantined_at timestamptz not null default now(),
  check (num_nonnulls(experiment_id, release_id) > 0),
  -- One trial fails once, one release is rolled back once.
  unique nulls not distinct (experiment_id, release_id)
);
create index quarantine_records_configuration on quarantine.quarantine_records (configuration_id);

create table quarantine.blacklist (
  fingerprint text primary key,
  kind text not null check (kind in ('configuration', 'part')),
  quarantine_record_id text references quarantine.quarantine_records (id),
  reason text not null,
  listed_at timestamptz not null default now()
);

create trigger quarantine_records_rows before update or delete on quarantine.quarantine_records
  for each row execute function audit.refuse_change();
create trigger quarantine_records_truncate before truncate on quarantine.quarantine_records
  for each statement execute function audit.refuse_change();
create trigger blacklist_rows before update or delete on quarantine.blacklist
  for each row execute function audit.refuse_change();
create trigger blacklist_truncate before truncate on quarantine.blacklist
  for each statement execute function audit.refuse_change();

create view quarantine.quarantine_summary as
select r.id, r.experiment_id, r.configuration_id, r.outcome, r.failure_reasons, r.re_evaluation_eligible_from,
  r.quarantined_at, exists (
    select 1 from quarantine.blacklist b where b.kind = 'configuration' and b.fingerprint = r.configuration_id
  ) as blacklisted
from quarantine.quarantine_records r;

grant usage on schema quarantine to cupel_archive, cupel_gate, cupel_operator;
grant select on quarantine.quarantine_records, quarantine.blacklist, quarantine.quarantine_summary
  to cupel_archive, cupel_gate;
grant select on quarantine.quarantine_summary to cupel_operator;
