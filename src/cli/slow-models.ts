import pg from 'pg'
import { bundleOfNow, publishedSettings } from '../adapters/postgres/published-gate.ts'
import { publishedExperiments } from '../adapters/postgres/published-experiments.ts'
import { roleUrl } from '../adapters/postgres/roles.ts'
import { configurationSchema } from '../core/configuration.ts'
import { modelsOf } from '../core/experiment.ts'
import type { Bundle } from '../core/gate/bundle.ts'
import { printable } from '../core/report/printable.ts'

/** A model that cannot meet the latency, with what was measured and what it is held to; nothing when it can. */
export function slowModelLines(
  { runs, thresholds, overheadMs }: Pick<Bundle, 'runs' | 'thresholds' | 'overheadMs'>,
  configuration: unknown,
): string[] {
  const limit = thresholds.latencyMs - overheadMs
  const times = runs.flatMap(run => run.latencyMs ?? []).toSorted((a, b) => a - b)
  const p95 = times[Math.ceil(thresholds.latencyShare * times.length) - 1]
  if (p95 === undefined || p95 <= limit) return []
  const parsed = configurationSchema.safeParse(configuration)
  const models = parsed.success
    ? modelsOf(parsed.data.routing).map(each => `${each.provider}/${each.model}`)
    : []
  const share = Number((100 * thresholds.latencyShare).toFixed(1))
  return [
    `${models.join(' and ') || 'it'} cannot meet the latency: ${share} % of its runs take up to ${p95} ms; latency_ms is ${thresholds.latencyMs}, of which production takes ${Math.round(overheadMs)} beside the examination`,
  ]
}

/** Says at the start which experiments on trial wait in vain, for models that are too slow. */
export async function nameSlowModels(ownerUrl: string, say: (line: string) => void): Promise<void> {
  const client = new pg.Client({
    connectionString: roleUrl(ownerUrl, 'cupel_operator'),
    application_name: 'cupel start',
  })
  client.on('error', () => {})
  await client.connect()
  try {
    const settings = await publishedSettings(client)
    for (const experiment of await publishedExperiments(client)) {
      if (experiment.state !== 'active') continue
      const bundle = await bundleOfNow(client, experiment, settings, new Date())
      for (const line of slowModelLines(bundle, experiment.configuration))
        say(`experiment ${experiment.id.slice(0, 8)} (${printable(experiment.name)}): ${line}`)
    }
  } finally {
    await client.end()
  }
}
