import type { CostBy, CostRow, Savings } from '../../core/cost.ts'
import type { Db } from './pool.ts'

interface Span {
  /** Days (UTC) as `2026-11-24`, both included. */
  from: string
  to: string
}

const spending = `
  select 'production' as zone, s.day, s.usd from production.published_spending s where s.day between $1 and $2
  union all
  select 'experiments', s.day, s.usd from experiments_v1.published_spending s where s.day between $1 and $2`

const modelCosts = `
  select 'production' as zone, p.day, p.model, p.usd, p.calls, p.input_tokens, p.output_tokens, p.stored_answers, p.saved_usd
  from production.published_model_costs p where p.day between $1 and $2
  union all
  select 'experiments', e.day, e.model, e.usd, e.calls, e.input_tokens, e.output_tokens, e.stored_answers, e.saved_usd
  from experiments_v1.published_model_costs e where e.day between $1 and $2`

const queries: Record<CostBy, string> = {
  day: `select s.day::text as what, s.zone, sum(s.usd) as usd from (${spending}) s group by 1, 2 order by 1, 2`,
  month: `select to_char(s.day, 'YYYY-MM') as what, s.zone, sum(s.usd) as usd from (${spending}) s group by 1, 2 order by 1, 2`,
  zone: `select s.zone as what, s.zone, sum(s.usd) as usd from (${spending}) s group by 1, 2 order by 3 desc`,
  model: `select m.model as what, m.zone, sum(m.usd) as usd, sum(m.calls) as calls, sum(m.input_tokens) as input_tokens,
      sum(m.output_tokens) as output_tokens, sum(m.stored_answers) as stored_answers, sum(m.saved_usd) as saved_usd
    from (${modelCosts}) m group by 1, 2 order by 3 desc, 1`,
  experiment: `select s.name || ' ' || left(s.experiment_id, 8) as what, 'experiments' as zone, sum(s.usd) as usd
    from experiments_v1.published_spending s where s.day between $1 and $2 group by 1 order by 3 desc, 1`,
  'pull-request': `select coalesce(r.owner || '/' || r.repo, 'repository ' || s.repository_id)
      || coalesce('#' || s.number, ' before costs were kept by pull request') as what, 'production' as zone, sum(s.usd) as usd
    from production.published_spending s
    left join lateral (select p.owner, p.repo from production.published_repositories p
      where p.repository_id = s.repository_id order by 1, 2 limit 1) r on true
    where s.day between $1 and $2 group by 1 order by 3 desc, 1`,
}

/** What was spent or is reserved in those days, as the operator may see it. */
export async function publishedCosts(db: Db, by: CostBy, { from, to }: Span): Promise<CostRow[]> {
  const { rows } = await db.query<Record<string, string | undefined>>(queries[by], [from, to])
  return rows.map(row => ({
    what: row['what'] ?? '',
    zone: row['zone'] ?? '',
    usd: Number(row['usd']),
    ...(row['calls'] !== undefined && {
      calls: Number(row['calls']),
      inputTokens: Number(row['input_tokens']),
      outputTokens: Number(row['output_tokens']),
      storedAnswers: Number(row['stored_answers']),
      savedUsd: Number(row['saved_usd']),
    }),
  }))
}

/** What stored answers spared in those days, as far as receipts tell. */
export async function publishedSavings(db: Db, { from, to }: Span): Promise<Savings> {
  const { rows } = await db.query<{ answers: string; usd: string }>(
    `select coalesce(sum(m.stored_answers), 0) as answers, coalesce(sum(m.saved_usd), 0) as usd from (${modelCosts}) m`,
    [from, to],
  )
  return { storedAnswers: Number(rows[0]?.answers ?? 0), savedUsd: Number(rows[0]?.usd ?? 0) }
}
