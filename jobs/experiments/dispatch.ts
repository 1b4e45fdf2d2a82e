import type { ShadowJob } from '../../src/cycle.ts'
import { drawRun } from '../../src/core/sample.ts'
import type { OpenSample, Trial } from '../../src/ports/experiments.ts'
import type { Job } from '../../src/ports/queue.ts'
import type { ExperimentsDeps } from './deps.ts'
import { waitsFor, type WaitsDeps } from './waits.ts'

/** Samples looked at in one query, and runs of one experiment that may wait in the queue. */
const PAGE = 200
const MOST_WAITING = 200
/** A sample is committed later than its own time says: by less than this. */
const LATE_COMMIT_MS = 600_000

export interface Dispatcher {
  /** Puts every run that is due on the queue; a job that is there already stays as it is. Answers how many are due. */
  turn(): Promise<number>
}

/**
 * Finds pairs of active experiment and sample without a finished run. All that is remembered is up to when every
 * sample of an experiment is settled; it is found again after a restart.
 */
export function dispatcher(
  deps: WaitsDeps & Pick<ExperimentsDeps, 'clock' | 'experiments' | 'runs' | 'queue' | 'metrics' | 'log'>,
): Dispatcher {
  const settled = new Map<string, Date>()
  const noted = new Map<string, string | null>()

  async function due(trial: Trial): Promise<OpenSample[]> {
    const since = settled.get(trial.id) ?? trial.createdAt
    const horizon = new Date(deps.clock.now().getTime() - LATE_COMMIT_MS)
    const drawn: OpenSample[] = []
    let last: OpenSample | null = null
    for (;;) {
      const page: OpenSample[] = await deps.experiments.openSamples(trial.id, since, last, PAGE)
      drawn.push(...page.filter(sample => drawRun(sample.seed, trial.id, trial.rate)))
      last = page.at(-1) ?? last
      if (page.length < PAGE || drawn.length >= MOST_WAITING) break
    }
    const first = drawn[0] ? new Date(drawn[0].takenAt) : horizon
    settled.set(trial.id, new Date(Math.max(since.getTime(), Math.min(first.getTime(), horizon.getTime()))))
    return drawn
  }

  async function note(trial: Trial, waits: string | null): Promise<void> {
    if (noted.get(trial.id) === waits) return
    await deps.experiments.note(trial.id, waits)
    noted.set(trial.id, waits)
    if (waits !== null) deps.log.warn({ experimentId: trial.id, waits }, 'experiment waits')
  }

  return {
    async turn() {
      const now = deps.clock.now()
      const [trials, all] = [await deps.experiments.active(), await deps.runs.spentBy(null, now)]
      let count = 0
      let waiting = 0
      for (const trial of trials) {
        const own = await deps.runs.spentBy(trial.id, now)
        const waits = waitsFor(deps, trial.configuration, { all, own })
        await note(trial, waits)
        if (waits !== null) {
          waiting++
          continue
        }
        const jobs = (await due(trial)).map(sample =>
          jobOf({ experimentId: trial.id, sampleId: sample.id, kind: 'live' }),
        )
        await deps.queue.addMany(jobs)
        count += jobs.length
      }
      deps.metrics.experiments(await deps.experiments.states(), waiting)
      return count
    },
  }
}

export function jobOf(data: ShadowJob): Job<ShadowJob> {
  return { id: `${data.kind}/${data.experimentId}/${data.sampleId}`, data }
}
