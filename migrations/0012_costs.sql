-- Up Migration
-- Limits of a month are held over the sum of its days; those of the zone over everything production spends.
alter table production.budgets drop constraint budgets_scope_check;
alter table production.budgets add constraint budgets_scope_check
  check (scope in ('zone', 'installation', 'repository', 'author'));
create index budget_reservations_open on production.budget_reservations (day) where settled_usd is null;
create index budgets_subject on production.budgets (scope, subject, day);
-- What a pull request cost; null before this version.
alter table production.budget_reservations add column number integer;

-- Spent or still reserved, by day (UTC) and pull request.
create view production.published_spending as
select b.day, b.repository_subject::bigint as repository_id, b.number,
  sum(coalesce(b.settled_usd, b.reserved_usd)) as usd
from production.budget_reservations b group by b.day, b.repository_subject, b.number;
-- By day (UTC) and model, as reviews' receipts tell. Of a review that was given up no receipt is kept. A receipt that
-- holds what the server cannot read (NUL, half a pair) is passed over.
create view production.published_model_costs as
select (r.created_at at time zone 'UTC')::date as day, s.step ->> 'name' as model, count(*) as calls,
  sum(coalesce((s.step ->> 'inputTokens')::bigint, 0)) as input_tokens,
  sum(coalesce((s.step ->> 'outputTokens')::bigint, 0)) as output_tokens,
  sum(coalesce((s.step ->> 'usd')::numeric, 0)) as usd
from production.code_reviews r cross join lateral json_array_elements(
  case when r.receipt::text ~ '\\u(0000|d[89a-f])' then '[]'::json else r.receipt -> 'steps' end) as s (step)
where r.receipt is not null and s.step ->> 'kind' = 'model' and s.step ->> 'outcome' <> 'skipped'
group by 1, 2;
create view experiments_v1.published_spending as
select s.day, s.experiment_id, e.name, s.usd
from experiments_v1.spending s join experiments_v1.experiments e on e.id = s.experiment_id;
create view experiments_v1.published_model_costs as
select (a.finished_at at time zone 'UTC')::date as day, s.step ->> 'name' as model, count(*) as calls,
  sum(coalesce((s.step ->> 'inputTokens')::bigint, 0)) as input_tokens,
  sum(coalesce((s.step ->> 'outputTokens')::bigint, 0)) as output_tokens,
  sum(coalesce((s.step ->> 'usd')::numeric, 0)) as usd
from experiments_v1.code_analyses a cross join lateral json_array_elements(
  case when a.receipt::text ~ '\\u(0000|d[89a-f])' then '[]'::json else a.receipt -> 'steps' end) as s (step)
where a.receipt is not null and s.step ->> 'kind' = 'model' and s.step ->> 'outcome' <> 'skipped'
group by 1, 2;
grant select on production.published_spending, production.published_model_costs, experiments_v1.published_spending,
  experiments_v1.published_model_costs to cupel_operator;
