-- Up Migration
-- Whole, valid answers of models under a digest of their question (src/core/review/answer-key.ts), kept for some days
-- so that the same question is not paid twice. Each zone has its own, and no other role sees them.
create table production.model_answers (
  -- An answer is never handed to another repository, whatever was asked there.
  repository_id bigint not null,
  key text not null check (key ~ '^[0-9a-f]{64}$'),
  answer text not null,
  repaired boolean not null,
  -- What it cost when a model was asked; null without a price.
  input_tokens bigint not null check (input_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  usd numeric(14, 6) check (usd >= 0),
  answered_at timestamptz not null,
  primary key (repository_id, key)
);
create index model_answers_age on production.model_answers (answered_at);

create table experiments_v1.model_answers (
  sample_id text not null references experiments_v1.samples (id) on delete cascade,
  key text not null check (key ~ '^[0-9a-f]{64}$'),
  answer text not null,
  repaired boolean not null,
  input_tokens bigint not null check (input_tokens >= 0),
  output_tokens bigint not null check (output_tokens >= 0),
  usd numeric(14, 6) check (usd >= 0),
  answered_at timestamptz not null,
  primary key (sample_id, key)
);
create index model_answers_age on experiments_v1.model_answers (answered_at);

grant select, insert, update, delete on production.model_answers to cupel_production;
grant select, insert, update, delete on experiments_v1.model_answers to cupel_experiments;

-- Of a replay that took an answer from the store there is no latency to tell.
alter table gate.outcomes alter column latency_ms drop not null;

-- As in 0012_costs.sql; `calls` are those that a model was asked for, the rest came from the store.
create or replace view production.published_model_costs as
select (r.created_at at time zone 'UTC')::date as day, s.step ->> 'name' as model,
  count(*) filter (where s.step -> 'stored' is null) as calls,
  sum(coalesce((s.step ->> 'inputTokens')::bigint, 0)) as input_tokens,
  sum(coalesce((s.step ->> 'outputTokens')::bigint, 0)) as output_tokens,
  sum(coalesce((s.step ->> 'usd')::numeric, 0)) as usd,
  count(s.step -> 'stored') as stored_answers,
  sum(coalesce((s.step #>> '{stored,usd}')::numeric, 0)) as saved_usd
from production.code_reviews r cross join lateral json_array_elements(
  case when r.receipt::text ~ '\\u(0000|d[89a-f])' then '[]'::json else r.receipt -> 'steps' end) as s (step)
where r.receipt is not null and s.step ->> 'kind' = 'model' and s.step ->> 'outcome' <> 'skipped'
group by 1, 2;
create or replace view experiments_v1.published_model_costs as
select (a.finished_at at time zone 'UTC')::date as day, s.step ->> 'name' as model,
  count(*) filter (where s.step -> 'stored' is null) as calls,
  sum(coalesce((s.step ->> 'inputTokens')::bigint, 0)) as input_tokens,
  sum(coalesce((s.step ->> 'outputTokens')::bigint, 0)) as output_tokens,
  sum(coalesce((s.step ->> 'usd')::numeric, 0)) as usd,
  count(s.step -> 'stored') as stored_answers,
  sum(coalesce((s.step #>> '{stored,usd}')::numeric, 0)) as saved_usd
from experiments_v1.code_analyses a cross join lateral json_array_elements(
  case when a.receipt::text ~ '\\u(0000|d[89a-f])' then '[]'::json else a.receipt -> 'steps' end) as s (step)
where a.receipt is not null and s.step ->> 'kind' = 'model' and s.step ->> 'outcome' <> 'skipped'
group by 1, 2;

-- Minutes that no query looks at any more are deleted by who writes them.
grant delete on production.slo_metrics to cupel_production;
