import type { Db } from '../adapters/postgres/pool.ts'
import { publishedExperiments } from '../adapters/postgres/published-experiments.ts'
import { publishedSettings, runLatency, type PublishedSettings } from '../adapters/postgres/published-gate.ts'
import { configurationSchema } from '../core/configuration.ts'
import { modelsOf } from '../core/experiment.ts'
import { printable } from '../core/report/printable.ts'

/** A model that cannot meet the latency, with what was measured and what it is held to; null when it can. */
export async function slowModelLine(
  db: Db,
  { id, configuration }: { id: string; configuration: unknown },
  { thresholds, overheadMs }: Pick<PublishedSettings, 'thresholds' | 'overheadMs'>,
): Promise<string | null> {
  const ms = await runLatency(db, id, thresholds.latencyShare)
  if (ms === null || ms <= thresholds.latencyMs - overheadMs) return null
  const parsed = configurationSchema.safeParse(configuration)
  const models = parsed.success
    ? modelsOf(parsed.data.routing).map(each => `${each.provider}/${each.model}`)
    : []
  const share = Number((100 * thresholds.latencyShare).toFixed(1))
  return `${models.join(' and ') || 'it'} cannot meet the latency: ${share} % of its runs take up to ${ms} ms; latency_ms is ${thresholds.latencyMs}, of which production takes ${Math.round(overheadMs)} beside the examination`
}

/** Says at the start which experiments on trial wait in vain, for models that are too slow. */
export async function nameSlowModels(db: Db, say: (line: string) => void): Promise<void> {
  const settings = await publishedSettings(db)
  for (const experiment of await publishedExperiments(db)) {
    if (experiment.state !== 'active') continue
    const line = await slowModelLine(db, experiment, settings)
    if (line !== null) say(`experiment ${experiment.id.slice(0, 8)} (${printable(experiment.name)}): ${line}`)
  }
}
