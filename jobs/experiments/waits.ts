import type { Configuration } from '../../src/core/configuration.ts'
import { providersOf, runUsd } from '../../src/core/experiment.ts'
import type { ExperimentsDeps } from './deps.ts'

/** What keeps a configuration from being run here and now, in words; null: nothing. `todayUsd`: spent by all today. */
export function waitsFor(
  deps: Pick<ExperimentsDeps, 'models' | 'refused' | 'dailyUsd'>,
  configuration: Configuration,
  todayUsd: number,
): string | null {
  for (const provider of providersOf(configuration.routing)) {
    const variable = `CUPEL_EXPERIMENTS_${provider.toUpperCase()}_API_KEY`
    if (!deps.models.has(provider)) return `no key for ${provider}: set ${variable}`
    if (deps.refused.has(provider)) return `${provider} refused the key: correct ${variable} and restart`
  }
  const usd = runUsd(configuration)
  if (usd > 0 && todayUsd + usd > deps.dailyUsd)
    return `the daily budget of all experiments (CUPEL_EXPERIMENTS_DAILY_USD, ${deps.dailyUsd} USD) is used up until midnight UTC`
  return null
}
