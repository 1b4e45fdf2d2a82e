-- Up Migration
create schema production;

-- `payload` is text, not jsonb (which refuses \u0000) nor json (whose parser refuses deep nesting and would
-- then refuse the whole batch): the bytes that were signed are kept as they came. Null once purged.
create table production.deliveries (
  id text primary key check (length(id) between 1 and 200),
  event text not null,
  action text,
  installation_id bigint,
  repository_id bigint,
  -- The signed text, packed by the web process (Zstandard).
  payload bytea,
  state text not null default 'received' check (state in ('received', 'queued', 'done', 'failed')),
  received_at timestamptz not null default now(),
  queued_at timestamptz,
  finished_at timestamptz,
  outcome text,
  -- The web process may write `state` but not `finished_at`, so it can neither end a delivery nor begin one anew.
  check ((state in ('done', 'failed')) = (finished_at is not null))
) with (fillfactor = 60);
-- Room on the page, and `state` and `queued_at` in no index: saying that a job was made then writes to none of them.
alter table production.deliveries alter column payload set storage external;
create index deliveries_unfinished on production.deliveries (received_at) where finished_at is null;
create index deliveries_purgeable on production.deliveries (finished_at)
  where payload is not null and finished_at is not null;
create index deliveries_installation on production.deliveries (installation_id, repository_id);

create table production.pull_requests (
  repository_id bigint not null,
  number integer not null check (number > 0),
  installation_id bigint not null,
  owner text not null,
  repo text not null,
  head_sha text not null,
  -- The head before the last recorded event; null for the first.
  previous_head_sha text,
  head_updated_at timestamptz not null,
  -- Every head recorded with exactly head_updated_at: the code host's time has whole seconds.
  heads_at_that_time text[] not null,
  open boolean not null,
  paused boolean not null default false,
  last_asked_at timestamptz,
  primary key (repository_id, number)
);
create index pull_requests_installation on production.pull_requests (installation_id);

create table production.releases (
  id text primary key,
  sequence bigint not null unique generated always as identity,
  kind text not null check (kind in ('genesis', 'genesis-models', 'promoted')),
  configuration_id text not null check (configuration_id ~ '^[0-9a-f]{64}$'),
  -- Canonical JSON (RFC 8785): its SHA-256 is the id.
  configuration text not null,
  verdict_id text,
  created_at timestamptz not null default now(),
  check (configuration_id = encode(sha256(convert_to(configuration, 'UTF8')), 'hex')),
  check ((kind = 'promoted') = (verdict_id is not null))
);
-- One verdict puts one release in force.
create unique index releases_verdict on production.releases (verdict_id) where verdict_id is not null;

-- Reviews that were asked for: committed before their job is made, so that a queue that lost its jobs delays them
-- and loses none. The id is the job's, so asking twice is asking once.
create table production.review_requests (
  id text primary key,
  installation_id bigint not null,
  repository_id bigint not null,
  owner text not null,
  repo text not null,
  number integer not null,
  head_sha text not null,
  occasion text not null,
  label text,
  asked boolean not null,
  whole boolean not null,
  -- The webhook's receipt, or the planned beginning of a push that waits for others: latency counts from here.
  due_at timestamptz not null,
  finished_at timestamptz,
  outcome text
);
create index review_requests_open on production.review_requests (due_at) where finished_at is null;
create index review_requests_installation on production.review_requests (installation_id, repository_id);

-- The newest release is in force. Analysers only: it needs no key and is the last rollback target.
insert into production.releases (id, kind, configuration_id, configuration) values (
  'genesis',
  'genesis',
  '3671e595d647979560a2f66f29b1662264dc73a4753ca5d8976d36940412b50c',
  '{"analysers":["oxlint","ruff","secretlint","actionlint","ast-grep"],"limits":{"abortMs":30000,"callTokens":60000,"deadlineMs":15000,"fileBytes":500000,"files":300,"minConfidence":0.3,"parallelCalls":8,"reviewTokens":400000,"reviewUsd":1},"prompt":"review@1","routing":{"strategy":"none"},"technique":{"analysersFirst":true,"pass":"single-pass","selfCheck":false},"version":1}'
);

-- What became of a release: one row a step, the newest counts. Only doors write here. Several may be full: the one that
-- became so last reviews, the others are what it falls back to.
create table production.release_steps (
  id bigint primary key generated always as identity,
  release_id text not null references production.releases (id),
  step text not null check (step in ('smoke', 'canary', 'full', 'failed')),
  -- Share of the pull requests that it reviews.
  share double precision not null check (share between 0 and 1),
  reason text not null,
  actor text not null,
  at timestamptz not null default now(),
  check ((step = 'full') = (share = 1)),
  check ((step in ('smoke', 'failed')) = (share = 0))
);
create index release_steps_newest on production.release_steps (release_id, id desc);
insert into production.release_steps (release_id, step, share, reason, actor)
  values ('genesis', 'full', 1, 'the first release', 'cupel');

create view production.release_states as
select r.id, r.kind, r.configuration_id, r.configuration, r.verdict_id, r.created_at, s.id as step_id, s.step, s.share,
  s.reason, s.actor, s.at
from production.releases r
cross join lateral (
  select t.id, t.step, t.share, t.reason, t.actor, t.at from production.release_steps t
  where t.release_id = r.id order by t.id desc limit 1
) s;

-- What the gate asks of the production worker, which alone holds keys. Asking twice is asking once: the id says what for.
create table production.orders (
  id text primary key,
  kind text not null check (kind in ('smoke', 'withdraw')),
  release_id text not null references production.releases (id),
  ordered_at timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'done')),
  -- Of a smoke test: {"passed": boolean, "cases": [...]}; of a withdrawal: how many comments.
  result json,
  finished_at timestamptz,
  check ((state = 'done') = (finished_at is not null)),
  check ((state = 'done') = (result is not null))
);
create index orders_open on production.orders (ordered_at) where state = 'open';

create table production.code_reviews (
  id text primary key default gen_random_uuid()::text,
  installation_id bigint not null,
  repository_id bigint not null,
  owner text not null,
  repo text not null,
  number integer not null,
  head_sha text not null,
  release_id text not null references production.releases (id),
  occasion text not null,
  state text not null default 'started'
    check (state in ('started', 'examined', 'posted', 'done', 'skipped', 'superseded', 'failed')),
  marker text not null unique default gen_random_uuid()::text,
  check_id bigint,
  review_id bigint,
  base_sha text,
  receipt json,
  line_digests json,
  conclusion text,
  detail text,
  -- The webhook's receipt, or the planned beginning of a push that waited for others: response counts from here.
  due_at timestamptz not null,
  created_at timestamptz not null,
  -- The check run was in progress.
  begun_at timestamptz,
  examined_at timestamptz,
  posted_at timestamptz,
  finished_at timestamptz,
  -- Of a review that was done or given up: whether all of it worked, and whether that is its release's doing.
  healthy boolean,
  attributable boolean,
  -- Its release was rolled back: when its open comments were minimised, and how many.
  withdrawn_at timestamptz,
  withdrawn_comments integer,
  check ((healthy is null) = (attributable is null)),
  check ((withdrawn_at is null) = (withdrawn_comments is null)),
  unique (repository_id, number, head_sha, release_id, occasion)
);
create index code_reviews_pull_request on production.code_reviews (repository_id, number, created_at);
create index code_reviews_installation on production.code_reviews (installation_id);
create index code_reviews_ended on production.code_reviews (finished_at) where healthy is not null;
create index code_reviews_release on production.code_reviews (release_id, created_at);

-- What became of each review, for the watch over releases: figures only, nothing of the pull request. Skipped and
-- superseded reviews promised nobody anything. Nothing to post: the check run's end is the answer.
create view production.published_outcomes as
select r.release_id, r.id as review_id, coalesce(r.posted_at, r.finished_at) as posted_at, r.finished_at,
  case when r.state = 'done' then
    greatest(0, extract(epoch from coalesce(r.posted_at, r.finished_at) - r.due_at) * 1000)::double precision end as response_ms,
  case when r.begun_at is not null then
    greatest(0, extract(epoch from r.begun_at - r.due_at) * 1000)::double precision end as begun_ms,
  r.healthy, r.attributable
from production.code_reviews r where r.healthy is not null and r.finished_at is not null;

-- json, not jsonb: models and files may hold \u0000, and the order of keys carries no meaning here.
create table production.review_findings (
  code_review_id text not null references production.code_reviews (id) on delete cascade,
  state text not null check (state in ('inline', 'late', 'left-out', 'unanchored')),
  position integer not null,
  -- Absent for an unanchored candidate: it has no place to take a fingerprint from.
  fingerprint text,
  path text not null,
  severity text not null,
  category text not null,
  source text not null,
  left_out_reason text,
  comment_id bigint,
  finding json not null,
  primary key (code_review_id, state, position),
  check ((state = 'left-out') = (left_out_reason is not null)),
  check ((state = 'unanchored') = (fingerprint is null)),
  check (comment_id is null or state = 'inline')
);
create index review_findings_comment on production.review_findings (comment_id) where comment_id is not null;

-- Every human signal as it was seen, taken back ones too: a removal is a row of its own. `fingerprint` names the
-- finding it speaks of; a person's own review comment has none, but a place.
create table production.feedback (
  id bigint primary key generated always as identity,
  repository_id bigint not null,
  number integer not null,
  comment_id bigint not null,
  fingerprint text,
  kind text not null check (kind in ('reaction', 'reply', 'thread-resolved', 'thread-unresolved',
    'suggestion-applied', 'line-changed', 'human-comment')),
  author_id bigint not null,
  author_login text not null,
  -- Whose signal it is: the pull request's author and collaborators with triage or more count, others do not.
  standing text not null check (standing in ('author', 'collaborator', 'outsider', 'bot')),
  -- Reaction, reason code (or 'unreadable'), or the comment's text.
  content text not null,
  place json,
  removed boolean not null default false,
  given_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  unique (repository_id, comment_id, kind, author_id, content, given_at, removed)
);
create index feedback_pull_request on production.feedback (repository_id, number);

-- Pull requests whose comments are looked at for reactions, which no webhook tells.
create table production.followed (
  repository_id bigint not null,
  number integer not null,
  installation_id bigint not null,
  owner text not null,
  repo text not null,
  -- Who opened the pull request: their word counts whatever they may do in the repository.
  author_id bigint not null,
  -- The reactions' roll-up by comment as last seen: only comments whose roll-up differs are asked about.
  rollups json not null default '{}',
  polls integer not null default 0,
  next_at timestamptz not null,
  closed_at timestamptz,
  primary key (repository_id, number)
);
create index followed_due on production.followed (next_at);

-- Which pull requests were copied to V1, at which head.
create table production.sampled (
  repository_id bigint not null,
  number integer not null,
  sample_id text not null unique,
  installation_id bigint not null,
  head_sha text not null,
  -- Digests of the diff's lines, by which findings of later heads are found in it: no text.
  prints json not null,
  ended_at timestamptz,
  sampled_at timestamptz not null default now(),
  primary key (repository_id, number)
);

create table production.slo_metrics (
  release_id text not null references production.releases (id),
  window_start timestamptz not null,
  window_seconds integer not null check (window_seconds > 0),
  metric text not null,
  value double precision not null,
  observations bigint not null check (observations >= 0),
  primary key (release_id, metric, window_seconds, window_start)
);
create index slo_metrics_newest on production.slo_metrics (metric, window_start);

create table production.commands (
  comment_id bigint primary key,
  repository_id bigint not null,
  number integer not null,
  login text not null,
  text text not null,
  outcome text,
  taken_at timestamptz not null default now(),
  finished_at timestamptz
);
create index commands_pull_request on production.commands (repository_id, number);

-- What a day (UTC) has spent and reserved, per limit. The rows are the locks of concurrent reservations.
create table production.budgets (
  day date not null,
  scope text not null check (scope in ('installation', 'repository', 'author')),
  subject text not null,
  usd numeric(14, 6) not null default 0,
  primary key (day, scope, subject)
);
create table production.budget_reservations (
  id text primary key default gen_random_uuid()::text,
  day date not null,
  installation_subject text not null,
  repository_subject text not null,
  author_subject text not null,
  reserved_usd numeric(14, 6) not null check (reserved_usd >= 0),
  settled_usd numeric(14, 6) check (settled_usd >= 0),
  reserved_at timestamptz not null default now(),
  settled_at timestamptz
);

-- Per limit the time at which the bucket would be empty again (generic cell rate algorithm).
create table production.pacer (
  installation_id bigint primary key,
  points_full_until timestamptz not null default '-infinity',
  minute_full_until timestamptz not null default '-infinity',
  hour_full_until timestamptz not null default '-infinity',
  paused_until timestamptz not null default '-infinity'
);

-- The web process sees no payload and no outcome, and can finish nothing.
grant usage on schema production to cupel_web, cupel_production;
grant insert (id, event, action, installation_id, repository_id, payload) on production.deliveries to cupel_web;
grant select (id, state, received_at, queued_at, finished_at) on production.deliveries to cupel_web;
grant update (state, queued_at) on production.deliveries to cupel_web;

grant select, update, delete on production.deliveries to cupel_production;
grant select, insert, update, delete on production.pull_requests, production.review_requests, production.code_reviews,
  production.review_findings, production.commands to cupel_production;
grant select, insert, update on production.budgets, production.budget_reservations, production.pacer to cupel_production;
grant select, insert, delete on production.feedback to cupel_production;
grant select, insert, update, delete on production.followed, production.sampled to cupel_production;
grant select, insert on production.slo_metrics to cupel_production;
grant select on production.published_outcomes to cupel_production, cupel_gate;
grant select on production.slo_metrics to cupel_gate;
-- Nobody may write releases and their steps: they come through doors only.
grant select on production.releases, production.release_steps, production.release_states, production.orders to cupel_production;
grant update (state, result, finished_at) on production.orders to cupel_production;
-- The gate sees what its doors wrote.
grant usage on schema production to cupel_gate;
grant select on production.release_states, production.orders to cupel_gate;
