import process from 'node:process'
import { Command, InvalidArgumentError, Option } from 'commander'
import { publishedCosts, publishedSavings } from '../adapters/postgres/costs.ts'
import { costBys, costLines, type CostBy } from '../core/cost.ts'
import { databaseOption, withDatabase } from './with-database.ts'

interface Options {
  by: CostBy
  from: string
  to: string
  database?: string
  json?: boolean
}

/** `cupel cost`: what models cost, from what the zones publish to the operator. */
export function costCommand(): Command {
  const today = new Date().toISOString().slice(0, 10)
  return new Command('cost')
    .description(
      'what models cost, spent or reserved, by day, month, zone, model, experiment or pull request',
    )
    .addOption(new Option('--by <what>', 'what it is added up by').choices(costBys).default('day'))
    .option(
      '--from <day>',
      'first day (UTC); default: the first of this month',
      day,
      `${today.slice(0, 8)}01`,
    )
    .option('--to <day>', 'last day (UTC)', day, today)
    .addOption(databaseOption())
    .option('--json', 'as JSON')
    .action(show)
}

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(text).toJSON()?.startsWith(text)) return text
  throw new InvalidArgumentError('write a day such as 2026-11-24')
}

async function show({ by, from, to, database, json }: Options): Promise<void> {
  await withDatabase(database, 'cupel cost', async client => {
    const rows = await publishedCosts(client, by, { from, to })
    const text = json
      ? JSON.stringify(rows, null, 2)
      : costLines(by, rows, await publishedSavings(client, { from, to })).join('\n')
    process.stdout.write(`${text}\n`)
  })
}
