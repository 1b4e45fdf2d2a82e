import { table, usd } from './experiment-text.ts'

export const costBys = ['day', 'month', 'zone', 'model', 'experiment', 'pull-request'] as const
/** What costs are added up by; days and months are UTC. */
export type CostBy = (typeof costBys)[number]

export interface CostRow {
  /** The day, model, experiment …, as people know it. */
  what: string
  zone: string
  /** US dollars, spent or reserved. */
  usd: number
  /** By model only. */
  calls?: number
  inputTokens?: number
  outputTokens?: number
}

/** The share of a limit that is spent. Where nothing may be spent, everything is. */
export function spentShare(usd: number, most: number): number {
  return most > 0 ? usd / most : 1
}

/** Lines for people: a table and the sum. */
export function costLines(by: CostBy, rows: readonly CostRow[]): string[] {
  if (rows.length === 0) return ['nothing was spent']
  const sum = rows.reduce((all, row) => all + row.usd, 0)
  const byModel = by === 'model'
  return [
    ...table(
      [by, 'zone', 'cost', ...(byModel ? ['calls', 'tokens in', 'tokens out'] : [])],
      rows.map(({ what, zone, usd: amount, calls = 0, inputTokens = 0, outputTokens = 0 }) => [
        what,
        zone,
        usd(amount),
        ...(byModel ? [calls, inputTokens, outputTokens] : []),
      ]),
    ),
    `${usd(sum)} in all`,
    ...(byModel
      ? ['Reviews that were given up and samples that were forgotten have no receipt: see --by zone for all.']
      : []),
  ]
}
