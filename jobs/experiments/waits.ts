import type { Configuration } from '../../src/core/configuration.ts'
import { providersOf, runUsd } from '../../src/core/experiment.ts'
import type { ExperimentsDeps } from './deps.ts'

type Spent = Awaited<ReturnType<ExperimentsDeps['runs']['spentBy']>>

export type WaitsDeps = Pick<
  ExperimentsDeps,
  'models' | 'refused' | 'dailyUsd' | 'monthlyUsd' | 'eachDailyUsd' | 'eachMonthlyUsd'
>

/**
 * What keeps a configuration from being run here and now, in words; null: nothing. `spent`: by all experiments and by
 * this one; null: money is looked at elsewhere.
 */
export function waitsFor(
  deps: WaitsDeps,
  configuration: Configuration,
  spent: { all: Spent; own: Spent } | null,
): string | null {
  for (const provider of providersOf(configuration.routing)) {
    const variable = `CUPEL_EXPERIMENTS_${provider.toUpperCase()}_API_KEY`
    if (!deps.models.has(provider)) return `no key for ${provider}: set ${variable}`
    if (deps.refused.has(provider)) return `${provider} refused the key: correct ${variable} and restart`
  }
  const usd = runUsd(configuration)
  if (usd === 0 || spent === null) return null
  const { all, own } = spent
  const until = { day: 'midnight UTC', month: 'the month ends (UTC)' }
  const bounds = [
    [
      all.todayUsd,
      deps.dailyUsd,
      'the daily budget of all experiments',
      'CUPEL_EXPERIMENTS_DAILY_USD',
      until.day,
    ],
    [
      all.monthUsd,
      deps.monthlyUsd,
      'the monthly budget of all experiments',
      'CUPEL_EXPERIMENTS_MONTHLY_USD',
      until.month,
    ],
    [own.todayUsd, deps.eachDailyUsd, 'its daily budget', 'CUPEL_EXPERIMENT_DAILY_USD', until.day],
    [own.monthUsd, deps.eachMonthlyUsd, 'its monthly budget', 'CUPEL_EXPERIMENT_MONTHLY_USD', until.month],
  ] as const
  const passed = bounds.find(([used, most]) => used + usd > most)
  if (passed === undefined) return null
  const [, most, what, variable, end] = passed
  return `${what} (${variable}, ${most} USD) is used up until ${end}`
}
