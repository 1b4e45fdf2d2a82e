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
  /** Answers that came from the store in their place, and what they had cost. */
  storedAnswers?: number
  savedUsd?: number
}

/** What stored answers spared, in all. */
export type Savings = Required<Pick<CostRow, 'storedAnswers' | 'savedUsd'>>

/** The share of a limit that is spent. Where nothing may be spent, everything is. */
export function spentShare(usd: number, most: number): number {
  return most > 0 ? usd / most : 1
}

/** Lines for people: a table and the sum. */
export function costLines(
  by: CostBy,
  rows: readonly CostRow[],
  { storedAnswers, savedUsd }: Savings,
): string[] {
  const saved =
    storedAnswers === 0
      ? []
      : [`${storedAnswers} answers came from the store; they would have cost ${usd(savedUsd)}`]
  if (rows.length === 0) return ['nothing was spent', ...saved]
  const sum = rows.reduce((all, row) => all + row.usd, 0)
  const byModel = by === 'model'
  return [
    ...table(
      [by, 'zone', 'cost', ...(byModel ? ['calls', 'tokens in', 'tokens out', 'from store', 'saved'] : [])],
      rows.map(row => [
        row.what,
        row.zone,
        usd(row.usd),
        ...(byModel
          ? [
              row.calls ?? 0,
              row.inputTokens ?? 0,
              row.outputTokens ?? 0,
              row.storedAnswers ?? 0,
              usd(row.savedUsd ?? 0),
            ]
          : []),
      ]),
    ),
    `${usd(sum)} in all`,
    ...saved,
    ...(byModel
      ? ['Reviews that were given up and samples that were forgotten have no receipt: see --by zone for all.']
      : []),
  ]
}
