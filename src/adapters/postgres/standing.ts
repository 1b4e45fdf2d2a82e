import type { Standing } from '../../ports/standing.ts'
import type { Db } from './pool.ts'

/**
 * Ages are of rows, not of jobs, so that they show a queue that is away or lost its jobs as well. Every part reads an
 * index's first row or the rows of one day.
 */
export async function standing(db: Db, now: Date): Promise<Standing> {
  const { rows } = await db.query<{
    deliveries: string | null
    reviews: string | null
    id: string
    kind: string
    installation: string | null
    repository: string | null
    author: string | null
  }>(
    `select
       (select extract(epoch from now() - min(d.received_at)) from production.deliveries d
         where d.finished_at is null) as deliveries,
       (select extract(epoch from now() - min(q.due_at)) from production.review_requests q
         where q.finished_at is null) as reviews,
       r.id, r.kind, b.installation, b.repository, b.author
     from (select id, kind from production.releases order by sequence desc limit 1) r
     cross join (
       select max(usd) filter (where scope = 'installation') as installation,
         max(usd) filter (where scope = 'repository') as repository,
         max(usd) filter (where scope = 'author') as author
       from production.budgets where day = $1
     ) b`,
    [now.toISOString().slice(0, 10)],
  )
  const [row] = rows
  if (!row) throw new Error('no release is in force')
  const { id, kind } = row
  return {
    // Pushes that wait for others are due later.
    ages: { deliveries: Math.max(0, Number(row.deliveries)), reviews: Math.max(0, Number(row.reviews)) },
    release: { id, kind },
    mostSpent: {
      installation: Number(row.installation),
      repository: Number(row.repository),
      author: Number(row.author),
    },
  }
}
