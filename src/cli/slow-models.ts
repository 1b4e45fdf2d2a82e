import type { Db } from '../adapters/postgres/pool.ts'
import { publishedExperiments } from '../adapters/postgres/published-experiments.ts'
import { publishedSettings, runLatency } from '../adapters/postgres/published-gate.ts'
import { slowModelWords } from '../core/gate/standing-text.ts'
import { printable } from '../core/report/printable.ts'

/** Says at the start which experiments on trial wait in vain, for models that are too slow. */
export async function nameSlowModels(db: Db, say: (line: string) => void): Promise<void> {
  const settings = await publishedSettings(db)
  for (const experiment of await publishedExperiments(db)) {
    if (experiment.state !== 'active') continue
    const measuredMs = await runLatency(db, experiment.id, settings.thresholds.latencyShare)
    const words = slowModelWords(experiment.configuration, measuredMs, settings)
    if (words !== null)
      say(`experiment ${experiment.id.slice(0, 8)} (${printable(experiment.name)}): ${words}`)
  }
}
