import { consolidate, finalAt } from '../../src/core/label.ts'
import { hunksOf } from '../../src/core/sample.ts'
import { figuresOf } from '../../src/core/score/figures.ts'
import { countHunks, type ScoredSample } from '../../src/core/score/hunks.ts'
import { addOutcome } from '../../src/core/score/sums.ts'
import type { NewOutcome, ScorableSample } from '../../src/ports/scoring.ts'
import type { GateDeps } from './deps.ts'

const SAMPLES_AT_ONCE = 200

/**
 * One turn: outcomes of the samples on which something changed, then the figures of the experiments that have new
 * final ones. Killed anywhere, the next turn comes to the same: outcomes are written whole, finals are frozen, and a
 * tally takes each once in its order.
 */
export async function score(
  deps: Pick<GateDeps, 'scoring' | 'clock' | 'likeness' | 'log'>,
): Promise<{ samples: number; finals: number }> {
  const now = deps.clock.now()
  const ids = await deps.scoring.due(now, SAMPLES_AT_ONCE)
  for (const id of ids) await scoreSample(deps, id, now)
  let finals = 0
  for (const of of await deps.scoring.behind()) {
    const { added } = await deps.scoring.advance(of, addOutcome, figuresOf)
    finals += added
  }
  if (ids.length > 0) deps.log.info({ samples: ids.length, finals }, 'scored')
  return { samples: ids.length, finals }
}

async function scoreSample(
  deps: Pick<GateDeps, 'scoring' | 'likeness'>,
  id: string,
  now: Date,
): Promise<void> {
  let sample = await deps.scoring.load(id, now)
  if (sample === null) return
  const at = finalAt(sample)
  const reached = at <= now
  // Whoever scores late must not see what came after the end.
  if (reached) sample = { ...((await deps.scoring.load(id, at)) ?? sample), mark: sample.mark }
  await deps.scoring.save(sample, outcomesOf(sample, deps.likeness), { at, reached })
}

/** What each run on the sample came to, beside production's own. Nothing when its texts were forgotten. */
function outcomesOf(sample: ScorableSample, likeness: GateDeps['likeness']): NewOutcome[] {
  if (sample.snapshot === null) return []
  const scored: ScoredSample = {
    hunks: hunksOf(sample.snapshot),
    ...consolidate(sample.votes, likeness),
    drawn: sample.drawn,
  }
  const baseline = countHunks(scored, sample.baseline.findings, likeness)
  return sample.runs.map(run => ({ run, counts: countHunks(scored, run.findings, likeness), baseline }))
}
