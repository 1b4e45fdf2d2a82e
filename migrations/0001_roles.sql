-- Up Migration
-- The application roles. They own nothing; each zone's file grants what the zone needs and nothing more.
-- Roles belong to the whole server, so another database of it may have made them already, or be making them now.
-- Passwords are set by src/adapters/postgres/migrate.ts: they derive from the owner's and are in no file.
do $$
declare
  role_name text;
begin
  foreach role_name in array array[
    'cupel_web', 'cupel_production', 'cupel_experiments', 'cupel_gate', 'cupel_archive', 'cupel_operator'
  ] loop
    begin
      execute format('create role %I login nosuperuser nocreatedb nocreaterole noinherit', role_name);
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end
$$;

-- What PostgreSQL gives to everybody is taken back once, for everything the owner will make: a function or
-- table that a later migration forgets to protect is then unreachable instead of open.
revoke all on schema public from public;
alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;

-- The doors between zones lie in a schema of their own (doors.sql).
create schema doors;
grant usage on schema doors to cupel_production, cupel_gate;
