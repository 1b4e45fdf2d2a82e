-- Up Migration
-- What the dashboard needs beside what is published: how production keeps its promises, and that a sign-in link works once.

-- Of the last 24 hours; counts and shares only. A worker that lives leaves a heartbeat a minute; the minute under way does
-- not count yet, nor those before the first there ever was.
create view production.published_slo as
select o.reviews, o.response_p95_ms, o.error_rate,
  case when m.first < date_trunc('minute', now()) then (select count(*) from production.slo_metrics h
      where h.metric = 'heartbeat' and h.window_start >= m.first and h.window_start < date_trunc('minute', now()))
    * 60.0 / extract(epoch from date_trunc('minute', now()) - m.first) end::float8 as uptime
from (
  select count(*) as reviews, percentile_cont(0.95) within group (order by p.response_ms) as response_p95_ms,
    avg((not p.healthy)::integer)::float8 as error_rate
  from production.published_outcomes p where p.finished_at >= now() - interval '1 day'
) o
cross join (
  select case when min(k.window_start) is not null
    then greatest(min(k.window_start), date_trunc('minute', now()) - interval '1 day') end as first
  from production.slo_metrics k where k.metric = 'heartbeat'
) m;

-- Links that were followed, until they would have expired.
create table gate.sign_ins (
  nonce text primary key check (length(nonce) between 16 and 100),
  login text not null check (length(login) between 1 and 100),
  expires_at timestamptz not null,
  at timestamptz not null default now()
);

-- Somebody followed a sign-in link, whose signature the dashboard has checked. False: somebody did before.
create function doors.use_sign_in(p_nonce text, p_login text, p_expires_at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from gate.sign_ins s where s.expires_at < now() - interval '1 hour';
  insert into gate.sign_ins (nonce, login, expires_at) values (p_nonce, p_login, p_expires_at) on conflict (nonce) do nothing;
  if not found then
    return false;
  end if;
  perform audit.append(p_login, 'dashboard.sign-in', 'dashboard', json_build_object('expiresAt', p_expires_at)::text);
  return true;
end
$$;

grant select on production.published_slo to cupel_operator;
grant execute on function doors.use_sign_in to cupel_operator;
