import { readFileSync } from 'node:fs'
import { Fault } from '../../core/fault.ts'
import { priceTableSchema, type PriceTable } from './prices.ts'

/**
 * The table that CUPEL_PRICES names, in place of the one shipped. Throws Fault configuration-invalid, whose message
 * names the variable, what is wrong and the cure.
 */
export function readPriceTable(path: string): PriceTable {
  let parsed
  try {
    parsed = priceTableSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw error instanceof SyntaxError
      ? unusable(path, 'it is not JSON', 'correct it', error)
      : unusable(path, 'it cannot be read', 'check the path and its permissions', error)
  }
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, 10).map(issue => {
    const place = issue.path.map(part => JSON.stringify(part)).join(' → ')
    return place === '' ? issue.message : `${place}: ${issue.message}`
  })
  throw unusable(path, issues.join('; '), 'write it like src/adapters/models/prices.json', parsed.error)
}

function unusable(path: string, what: string, cure: string, cause: unknown): Fault {
  const message = `CUPEL_PRICES names ${path}, which is no usable price table: ${what}. ${cure[0]?.toUpperCase()}${cure.slice(1)}, or unset CUPEL_PRICES for the prices shipped.`
  return new Fault('configuration-invalid', message, { retry: 'never', cause })
}
