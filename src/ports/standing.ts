import type { BudgetScope } from './metrics.ts'

/** How production stands: what monitoring shows of its tables. */
export interface Standing {
  /** Age in seconds of the oldest row that is due and not finished, by queue; 0 when there is none. */
  ages: { deliveries: number; reviews: number }
  release: { id: string; kind: string }
  /** US dollars spent or reserved since the day and the month (UTC) began, of whoever has used most. */
  mostSpent: Record<'day' | 'month', Record<BudgetScope, number>>
}
