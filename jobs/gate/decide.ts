import { asFault } from '../../src/core/fault.ts'
import { decide, type Verdict } from '../../src/core/gate/decide.ts'
import { furthestOf } from '../../src/core/gate/outlook.ts'
import type { GatedExperiment, GateSettings, StoredVerdict } from '../../src/ports/gate.ts'
import type { ReconcileDeps } from './deps.ts'
import { gather } from './gather.ts'

const DAY_MS = 86_400_000

/** Looks at every experiment on trial, one after the other; one that cannot be judged holds up none of the others. */
export async function decideAll(
  deps: ReconcileDeps,
  settings: GateSettings,
  signal: AbortSignal,
): Promise<void> {
  const verdicts: Verdict[] = []
  for (const experiment of await deps.evidence.experiments(['active'])) {
    if (signal.aborted) return
    try {
      const { verdict } = await decideOne(deps, settings, experiment, 'when there is news')
      verdicts.push(verdict)
    } catch (error) {
      // The database's own trouble is no experiment's.
      if (asFault(error).code === 'database-unavailable') throw error
      deps.log.error({ err: error, experiment: experiment.id }, 'an experiment could not be judged')
    }
  }
  deps.metrics.distances(verdicts.map(verdict => furthestOf(verdict).share))
  deps.metrics.samplersOffRate(verdicts.filter(verdict => verdict.sampler === 'off-rate').length)
}

/**
 * The gate's word on one experiment, now. It is stored when it is another than the last, when it was asked for, and once a
 * day. A word that is to be carried out stays, so that whoever was killed after it goes on from it, unless it holds no longer
 * by the thresholds of now.
 */
export async function decideOne(
  deps: ReconcileDeps,
  settings: GateSettings,
  experiment: GatedExperiment,
  store: 'when there is news' | 'always',
): Promise<Pick<StoredVerdict, 'id' | 'verdict'>> {
  const newest = await deps.verdicts.newest(experiment.id)
  if (newest !== null && (await stands(deps, newest))) return newest
  const budget = await deps.evidence.openTrial(experiment.id)
  const { sums, evidence, cut } = await gather(deps, experiment, settings)
  const now = deps.clock.now()
  const verdict = decide(evidence, settings.thresholds, budget, now.getTime())
  if (store === 'when there is news' && !isNews(verdict, newest, now)) return newest ?? { id: '', verdict }
  const { id: releaseId } = await deps.releases.inForce()
  const { thresholds, overheadMs } = settings
  const id = await deps.verdicts.put({
    experimentId: experiment.id,
    releaseId,
    verdict,
    evidence: sums,
    thresholds,
    overheadMs,
    cut,
    decidedAt: now,
  })
  deps.log.info({ experiment: experiment.id, verdict: id, answer: verdict.answer }, 'the gate has decided')
  return { id, verdict }
}

async function stands(
  deps: Pick<ReconcileDeps, 'verdicts'>,
  { id, verdict }: StoredVerdict,
): Promise<boolean> {
  return verdict.answer !== 'wait' && (await deps.verdicts.holds(id))
}

function isNews(verdict: Verdict, newest: StoredVerdict | null, now: Date): boolean {
  if (newest === null || newest.verdict.answer !== verdict.answer || verdict.answer !== 'wait') return true
  return now.getTime() - newest.decidedAt.getTime() >= DAY_MS
}
