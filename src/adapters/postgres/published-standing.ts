import { disagreement, recompute, type Bundle } from '../../core/gate/bundle.ts'
import { slowModelWords } from '../../core/gate/standing-text.ts'
import type {
  Explanation,
  PublishedExperiment,
  PublishedVerdict,
  StandingExperiment,
} from '../../ports/published.ts'
import { recomputation } from './gate-recomputation.ts'
import type { Db } from './pool.ts'
import { experimentsByPrefix } from './published-experiments.ts'
import {
  bundleOf,
  publishedPosition,
  publishedSettings,
  publishedVerdicts,
  rowsOfNow,
  runLatency,
} from './published-gate.ts'

/** The gate's word on an experiment as it would be now, computed here from the published rows. */
export async function standingOf(
  db: Db,
  experiment: PublishedExperiment,
  now: Date,
): Promise<StandingExperiment> {
  const settings = await publishedSettings(db)
  const position = await publishedPosition(db, experiment.id)
  const verdicts = await publishedVerdicts(db, { experimentId: experiment.id })
  const { verdict } = recompute(await rowsOfNow(db, experiment.id, settings, now))
  const measuredMs = await runLatency(db, experiment.id, settings.thresholds.latencyShare)
  return {
    experiment,
    settings,
    position,
    verdict,
    verdicts,
    slowModel: slowModelWords(experiment.configuration, measuredMs, settings),
  }
}

/** A verdict with every row that it rests on; `words`: with what findings and labels say. */
export async function rowsOfVerdict(db: Db, verdict: PublishedVerdict, words: boolean): Promise<Bundle> {
  const [experiment] = await experimentsByPrefix(db, verdict.experimentId)
  if (!experiment) throw new Error(`experiment ${verdict.experimentId} is gone`)
  return bundleOf(db, experiment, verdict, words)
}

/** A verdict beside what its rows come to: computed by the database, and here. */
export async function explanationOf(db: Db, verdict: PublishedVerdict): Promise<Explanation> {
  const bundle = await rowsOfVerdict(db, verdict, false)
  const figures = await recomputation(db).of(verdict.experimentId, { ...verdict.cut, at: verdict.decidedAt })
  return { verdict, bundle, figures, differs: disagreement(bundle) }
}
