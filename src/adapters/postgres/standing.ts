import { budgetScopes, type BudgetScope } from '../../ports/metrics.ts'
import type { Standing } from '../../ports/standing.ts'
import type { Db } from './pool.ts'

/**
 * Ages are of rows, not of jobs, so that they show a queue that is away or lost its jobs as well. Every part reads an
 * index's first row or the rows of one month.
 */
export async function standing(db: Db, now: Date): Promise<Standing> {
  const [state, spent] = await Promise.all([rowsNow(db), mostSpent(db, now)])
  return { ...state, mostSpent: spent }
}

async function rowsNow(db: Db): Promise<Pick<Standing, 'ages' | 'release'>> {
  const { rows } = await db.query<{
    deliveries: string | null
    reviews: string | null
    id: string
    kind: string
  }>(
    `select
       (select extract(epoch from now() - min(d.received_at)) from production.deliveries d
         where d.finished_at is null) as deliveries,
       (select extract(epoch from now() - min(q.due_at)) from production.review_requests q
         where q.finished_at is null) as reviews,
       r.id, r.kind
     from production.release_states r where r.step = 'full' order by r.step_id desc limit 1`,
  )
  const [row] = rows
  if (!row) throw new Error('no release is in force')
  // Pushes that wait for others are due later.
  const age = (seconds: string | null): number => Math.max(0, Number(seconds))
  return {
    ages: { deliveries: age(row.deliveries), reviews: age(row.reviews) },
    release: { id: row.id, kind: row.kind },
  }
}

async function mostSpent(db: Db, now: Date): Promise<Standing['mostSpent']> {
  const { rows } = await db.query<{ scope: BudgetScope; day: string | null; month: string }>(
    `select s.scope, max(s.day) as day, max(s.month) as month
     from (
       select b.scope, sum(b.usd) filter (where b.day = $1) as day, sum(b.usd) as month
       from production.budgets b
       where b.day between date_trunc('month', $1::date)::date and $1
       group by b.scope, b.subject
     ) s
     group by s.scope`,
    [now.toISOString().slice(0, 10)],
  )
  const of = (period: 'day' | 'month'): Record<BudgetScope, number> => {
    const usd = (scope: BudgetScope): number => Number(rows.find(row => row.scope === scope)?.[period] ?? 0)
    return Object.fromEntries(budgetScopes.map(scope => [scope, usd(scope)])) as Record<BudgetScope, number>
  }
  return { day: of('day'), month: of('month') }
}
