-- Up Migration
-- Backups that were written and read back, as `cupel backup` (the owner) says; whether one is missing is watched by
-- who may see when the last one was.
create table audit.backups (
  id bigint primary key generated always as identity,
  taken_at timestamptz not null,
  finished_at timestamptz not null default now(),
  bytes bigint not null check (bytes > 0),
  rows bigint not null check (rows >= 0)
);

create view gate.published_backups as
select b.taken_at, b.finished_at, b.bytes, b.rows from audit.backups b;
grant select on gate.published_backups to cupel_gate, cupel_operator;
