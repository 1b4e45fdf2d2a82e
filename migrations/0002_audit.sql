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

-- Appends to the chain and answers the sequence number; granted to nobody, called by doors. Holds the chain's lock
-- until the caller commits: call it last in a transaction. session_user is the role that logged in: no SET ROLE
-- and no door changes it.
create function audit.append(p_actor text, p_action text, p_subject text, p_data text) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_sequence bigint;
  v_previous text;
  v_event text;
  v_hash text;
begin
  select h.sequence + 1, h.hash into strict v_sequence, v_previous from audit.head h for update;
  v_event := json_build_object(
    'recordedAt', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'role', session_user,
    'actor', p_actor,
    'action', p_action,
    'subject', p_subject,
    'data', p_data::json
  )::text;
  v_hash := encode(sha256(convert_to(v_previous || v_sequence::text || v_event, 'UTF8')), 'hex');
  insert into audit.event_log (sequence, previous_hash, hash, event) values (v_sequence, v_previous, v_hash, v_event);
  update audit.head set sequence = v_sequence, hash = v_hash;
  return v_sequence;
end
$$;

-- The gate recomputes the chain and tells its monitoring.
grant usage on schema audit to cupel_gate, cupel_operator;
grant select on audit.event_log, audit.head to cupel_gate, cupel_operator;
