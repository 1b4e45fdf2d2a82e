import { runUsd } from '../../src/core/experiment.ts'
import type { Likeness } from '../../src/core/label.ts'
import { hunksOf } from '../../src/core/sample.ts'
import { figuresOf } from '../../src/core/score/figures.ts'
import { statementOf } from '../../src/core/score/hunks.ts'
import { sampleCounter } from '../../src/core/score/sample.ts'
import { addOutcome, emptySums } from '../../src/core/score/sums.ts'
import type { ReplaySummary } from '../../src/core/replay.ts'
import type { LabelledRun, Replay, Trial } from '../../src/ports/experiments.ts'
import type { ExperimentsDeps } from './deps.ts'
import { jobOf } from './dispatch.ts'
import { waitsFor, type WaitsDeps } from './waits.ts'

type ReplayDeps = WaitsDeps & Pick<ExperimentsDeps, 'experiments' | 'runs' | 'queue' | 'likeness' | 'log'>

/** Puts the open runs of every replay on the queue, and ends those that have none left or cannot go on. */
export async function dispatchReplays(deps: ReplayDeps): Promise<void> {
  for (const replay of await deps.experiments.openReplays()) {
    const open = await deps.experiments.openOf(replay)
    const end = open.length === 0 ? 'done' : await hindrance(deps, replay)
    if (end === null) {
      const { experimentId } = replay
      await deps.queue.addMany(open.map(sampleId => jobOf({ experimentId, sampleId, kind: 'replay' })))
      continue
    }
    const summary = summarise(await deps.runs.scored(replay), deps.likeness)
    await deps.experiments.endReplay(replay.id, end, summary)
    deps.log.info({ replay: replay.id, experimentId: replay.experimentId, outcome: end }, 'replay ended')
  }
}

/** Why a replay cannot go on, in words. A day's or month's budget is no reason: the next has its own. */
async function hindrance(deps: ReplayDeps, replay: Replay): Promise<string | null> {
  const trial = await deps.experiments.get(replay.experimentId)
  if (trial === null) return 'the experiment has ended'
  return waitsFor(deps, trial.configuration, null) ?? (await outOfMoney(deps, trial))
}

async function outOfMoney({ runs }: ReplayDeps, trial: Trial): Promise<string | null> {
  const { spentUsd, reservedUsd } = await runs.money(trial.id)
  const usd = runUsd(trial.configuration)
  return usd > 0 && trial.budgetUsd - (spentUsd - reservedUsd) < usd
    ? `the budget of ${trial.budgetUsd} USD is spent`
    : null
}

/** Figures of the runs over the labels that V1 may see, worked out as the gate does. */
export function summarise(runs: readonly LabelledRun[], likeness: Likeness): ReplaySummary {
  const scored = runs.flatMap(run => {
    if (run.snapshot === null) return []
    const count = sampleCounter({ hunks: hunksOf(run.snapshot), votes: run.votes, drawn: [] }, likeness)
    // Production's own findings are not V1's to see: it is compared with a reviewer that says nothing.
    return [{ run, counts: count(run.findings.map(statementOf)), baseline: count([]) }]
  })
  const sums = scored.reduce(
    (sum, { run, counts, baseline }) =>
      addOutcome(sum, {
        counts,
        baseline,
        failed: run.state !== 'done',
        latencyMs: run.latencyMs,
        usd: run.usd,
        language: run.language,
        changedLines: run.changedLines,
      }),
    emptySums,
  )
  return {
    runs: runs.length,
    degraded: runs.filter(run => run.state === 'degraded').length,
    failed: runs.filter(run => run.state === 'failed').length,
    usd: runs.reduce((sum, run) => sum + run.usd, 0),
    figures: figuresOf(sums),
  }
}
