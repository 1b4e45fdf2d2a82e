-- Up Migration
create schema audit;

-- `event` is the text that is hashed; the other columns are generated from it, so that they cannot disagree with it.
create table audit.event_log (
  sequence bigint primary key check (sequence > 0),
  previous_hash text not null unique check (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
  event text not null,
  role text not null generated always as (event::json ->> 'role') stored,
  actor text not null generated always as (event::json ->> 'actor') stored,
  action text not null generated always as (event::json ->> 'action') stored,
  subject text not null generated always as (event::json ->> 'subject') stored,
  recorded_at text not null generated always as (event::json ->> 'recordedAt') stored
);
create index event_log_subject on audit.event_log (subject, sequence);
create index event_log_action on audit.event_log (action, sequence);

-- The lock under which the chain grows. Reading "the last hash" from the log itself forks under concurrency:
-- two appenders would see the same last row.
create table audit.head (
  only_row boolean primary key default true check (only_row),
  sequence bigint not null,
  hash text not null
);
insert into audit.head (sequence, hash) values (0, repeat('0', 64));

create function audit.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '%.% is append-only', tg_table_schema, tg_table_name using errcode = 'insufficient_privilege';
end
$$;

-- Second line behind the missing grants: they stop the owner's own mistakes, not a superuser who disables them.
create trigger event_log_rows before update or delete on audit.event_log
  for each row execute function audit.refuse_change();
create trigger event_log_truncate before truncate on audit.event_log
  for each statement execute function audit.refuse_change();
create trigger head_rows before delete on audit.head
  for each row execute function audit.refuse_change();
create trigger head_truncate before truncate on audit.head
  for each statement execute function audit.refuse_change();

grant usage on schema audit to cupel_operator;
grant select on audit.event_log, audit.head to cupel_operator;
