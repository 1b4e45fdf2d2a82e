import { asFault } from '../../src/core/fault.ts'
import { finalAt } from '../../src/core/label.ts'
import { hunksOf } from '../../src/core/sample.ts'
import { figuresOf } from '../../src/core/score/figures.ts'
import { statementOf } from '../../src/core/score/hunks.ts'
import { sampleCounter } from '../../src/core/score/sample.ts'
import { addOutcome } from '../../src/core/score/sums.ts'
import type { NewOutcome, ScorableSample } from '../../src/ports/scoring.ts'
import type { GateDeps } from './deps.ts'

const SAMPLES_AT_ONCE = 200

type ScoreDeps = Pick<GateDeps, 'scoring' | 'clock' | 'likeness' | 'log'>

/**
 * Outcomes of the samples on which something changed, then final ones in the order in which labels became final, then
 * the figures of the experiments that have new ones. Killed anywhere, the next call comes to the same: outcomes are
 * written whole, finals are frozen, and a tally takes each once in its order.
 */
export async function score(
  deps: ScoreDeps,
  signal?: AbortSignal,
): Promise<{ samples: number; failed: number; finals: number }> {
  const now = deps.clock.now()
  const changed = await deps.scoring.changed(SAMPLES_AT_ONCE)
  const first = await scoreEach(deps, changed, null, signal)
  // Only when all ends are known is their order: a gate that was down for days must not count in another.
  const ended = changed.length < SAMPLES_AT_ONCE ? await deps.scoring.ended(now, SAMPLES_AT_ONCE) : []
  const last = await scoreEach(deps, ended, now, signal)
  let finals = 0
  for (const of of await deps.scoring.behind()) {
    const { added } = await deps.scoring.advance(of, addOutcome, figuresOf)
    finals += added
  }
  const [samples, failed] = [first.samples + last.samples, first.failed + last.failed]
  if (samples > 0) deps.log.info({ samples, finals }, 'scored')
  return { samples, failed, finals }
}

/** A sample that cannot be scored stays due and keeps no other from it. */
async function scoreEach(
  deps: ScoreDeps,
  ids: readonly string[],
  finalBy: Date | null,
  signal: AbortSignal | undefined,
): Promise<{ samples: number; failed: number }> {
  let [samples, failed] = [0, 0]
  for (const id of ids) {
    if (signal?.aborted) break
    try {
      await scoreSample(deps, id, finalBy)
      samples++
    } catch (error) {
      // The database's own trouble is no sample's.
      if (asFault(error).code === 'database-unavailable') throw error
      failed++
      deps.log.error({ sampleId: id, err: error }, 'a sample could not be scored')
    }
  }
  return { samples, failed }
}

/** `finalBy`: outcomes of labels that are final by then are frozen; null: none are. */
async function scoreSample(
  deps: Pick<GateDeps, 'scoring' | 'likeness'>,
  id: string,
  finalBy: Date | null,
): Promise<void> {
  let sample = await deps.scoring.load(id, null)
  if (sample === null) return
  const at = finalAt(sample)
  const reached = finalBy !== null && at <= finalBy
  // Whoever scores late must not see what came after the end.
  if (reached) sample = { ...((await deps.scoring.load(id, at)) ?? sample), mark: sample.mark }
  await deps.scoring.save(sample, outcomesOf(sample, deps.likeness), { at, reached })
}

/** What each run on the sample came to, beside production's own. Nothing when its texts were forgotten. */
function outcomesOf(sample: ScorableSample, likeness: GateDeps['likeness']): NewOutcome[] {
  if (sample.snapshot === null) return []
  const { snapshot, votes, drawn } = sample
  const posted = sample.baseline.findings.map(statementOf)
  const count = sampleCounter({ hunks: hunksOf(snapshot), votes, drawn, posted }, likeness)
  const baseline = count(posted)
  return sample.runs.map(run => ({ run, counts: count(run.findings.map(statementOf)), baseline }))
}
