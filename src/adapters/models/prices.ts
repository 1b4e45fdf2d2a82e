import { z } from 'zod'
import type { ModelChoice } from '../../core/configuration.ts'
import shipped from './prices.json' with { type: 'json' }

const price = z.strictObject({
  input: z.number().min(0),
  cachedInput: z.number().min(0),
  /** Input that the provider wrote into its cache. Absent: billed as plain input. */
  cacheWrite: z.number().min(0).optional(),
  output: z.number().min(0),
})

/** USD per million tokens, by provider and model. A model that is not listed has no price, which is not the price 0. */
export const priceTableSchema = z.strictObject({
  asOf: z.iso.date(),
  unit: z.literal('USD per million tokens'),
  source: z.string(),
  openai: z.record(z.string(), price),
  anthropic: z.record(z.string(), price),
})
export type PriceTable = z.infer<typeof priceTableSchema>

export const shippedPrices: PriceTable = priceTableSchema.parse(shipped)

/** What one call used. `input` counts everything sent, cached parts included. */
export interface TokenCounts {
  input: number
  cachedInput: number
  cacheWrite: number
  output: number
}

type Named = Pick<ModelChoice, 'provider' | 'model'>

/** Undefined when the model has no price. A dated snapshot (`-2026-09-22`, `-20260922`) costs what its model costs. */
export function usdOf(
  choice: Named,
  counts: TokenCounts,
  table: PriceTable = shippedPrices,
): number | undefined {
  const prices = table[choice.provider]
  const undated = choice.model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '')
  const found = Object.hasOwn(prices, choice.model)
    ? prices[choice.model]
    : Object.hasOwn(prices, undated)
      ? prices[undated]
      : undefined
  if (!found) return undefined
  const plain = Math.max(0, counts.input - counts.cachedInput - counts.cacheWrite)
  const sum =
    plain * found.input +
    counts.cachedInput * found.cachedInput +
    counts.cacheWrite * (found.cacheWrite ?? found.input) +
    counts.output * found.output
  return sum / 1_000_000
}

/** The most that one call can cost before it is made: nothing cached, the whole prompt written to the cache, the output limit reached. */
export function estimateUsd(
  choice: Named,
  inputTokens: number,
  maxOutputTokens: number,
  table: PriceTable = shippedPrices,
): number | undefined {
  const plain = { input: inputTokens, cachedInput: 0, cacheWrite: 0, output: maxOutputTokens }
  const asPlain = usdOf(choice, plain, table)
  const asWrite = usdOf(choice, { ...plain, cacheWrite: inputTokens }, table)
  return asPlain === undefined || asWrite === undefined ? undefined : Math.max(asPlain, asWrite)
}
