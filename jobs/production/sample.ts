import type { RepositoryConfiguration } from '../../src/core/repository-configuration.ts'
import { diffPrints } from '../../src/core/prints.ts'
import { redactFinding, redactSnapshot, redactWishes } from '../../src/core/redact.ts'
import { lostSteps } from '../../src/core/review/receipt.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import {
  drawSample,
  hunksOf,
  mainLanguage,
  sampleId,
  samplingRate,
  snapshotJson,
} from '../../src/core/sample.ts'
import type { PullRequestRef } from '../../src/core/pull-request.ts'
import type { StoredExamination } from '../../src/ports/stores.ts'
import type { ProductionDeps } from './deps.ts'
import { submitLabels } from './feedback.ts'

type SampleDeps = Pick<
  ProductionDeps,
  'samples' | 'sampling' | 'feedback' | 'labels' | 'pullRequests' | 'clock' | 'metrics' | 'log'
>

/**
 * Copies a pull request to the experiments, if the draw says so: the first head that was reviewed, with credentials
 * masked. Done twice it is done once. That it cannot be done never fails a review.
 */
export async function sample(
  deps: SampleDeps,
  ref: PullRequestRef,
  about: {
    wishes: RepositoryConfiguration
    /** Finished reviews of this pull request before this one. */
    earlierRounds: number
    snapshot: Snapshot
    releaseId: string
    examination: StoredExamination
    /** From the snapshot to the findings, by the deadline. */
    latencyMs: number
  },
): Promise<void> {
  if (about.earlierRounds > 0) return
  const id = sampleId(ref)
  const rate = samplingRate(deps.sampling.rate, about.wishes.shadow_sampling)
  const { sampled, seed } = drawSample(deps.sampling.secret, id, rate)
  if (!sampled) {
    deps.metrics.sampled(rate === 0 && deps.sampling.rate > 0 ? 'opted-out' : 'not-drawn')
    return
  }
  try {
    const { snapshot, examination } = about
    const taken = await deps.samples.submit({
      id,
      ref,
      headSha: snapshot.pullRequest.headSha,
      snapshot: snapshotJson(redactSnapshot(snapshot), redactWishes(about.wishes)),
      seed,
      hunks: hunksOf(snapshot).length,
      changedLines: snapshot.files.reduce((sum, file) => sum + file.additions + file.deletions, 0),
      language: mainLanguage(snapshot.files),
      releaseId: about.releaseId,
      findings: examination.findings.map(redactFinding),
      latencyMs: about.latencyMs,
      degraded: lostSteps(examination.receipt).length > 0,
      // What its answers cost, also where an attempt that died had paid for them.
      usd: examination.receipt.steps.reduce((sum, step) => sum + (step.usd ?? step.stored?.usd ?? 0), 0),
      prints: diffPrints(snapshot.files),
    })
    if (taken) deps.metrics.sampled('taken')
    // Closed while it was reviewed: the event of that found no sample to end.
    const state = await deps.pullRequests.get(ref.repositoryId, ref.number)
    if (state?.open === false) await deps.samples.end(ref.repositoryId, ref.number, deps.clock.now(), false)
    await submitLabels(deps, ref)
  } catch (error) {
    deps.metrics.sampled('failed')
    deps.log.error({ ...ref, err: error }, 'the pull request could not be sampled')
  }
}
