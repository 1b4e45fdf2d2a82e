import type pg from 'pg'
import {
  addExperiment,
  addOutcomes,
  addRuns,
  countsOf,
  type OutcomeRow,
  type RunRow,
  type SomeCounts,
} from './gate-rows.ts'

/** A pull request of four drawn hunks as an experiment that is worth promoting leaves it, beside production's run on it. */
export interface PullRequest {
  own: SomeCounts
  theirs: SomeCounts
  language?: string
  split?: 'training'
  kind?: 'replay'
  final?: boolean
}

/**
 * Pull request number `index`: every third has an issue that only the experiment finds, every fourth a false alarm of
 * production's only. 130 of them and 300 quick runs prove everything at the first position of the error budget.
 */
export function goodPull(index: number): PullRequest {
  const issue = index % 3 === 0
  const authors = { [String(index % 10)]: 4 }
  const own = issue ? { tp: 1, tn: 3 } : { tn: 4 }
  const alarm = !issue && index % 4 === 1
  return {
    own: { audited: own, tp: issue ? 1 : 0, issues: issue ? 1 : 0, authors },
    theirs: { audited: issue ? { fn: 1, tn: 3 } : alarm ? { fp: 1, tn: 3 } : { tn: 4 } },
  }
}

export function goodRun(sampleId: string): RunRow {
  return { sampleId, state: 'done', latencyMs: 900, finishedAt: new Date('2026-10-30Z') }
}

export interface TrialRows {
  pulls: PullRequest[]
  /** Runs, each on a sample of its own. */
  runs: RunRow[]
  samples: readonly string[]
  experiment?: Parameters<typeof addExperiment>[2]
  position?: number | null
}

/** An experiment with its evidence, at that position of the error budget, which nobody else holds then. */
export async function addTrial(
  owner: pg.Pool,
  id: string,
  { pulls, runs, samples, experiment, position = 1 }: TrialRows,
): Promise<{ configurationId: string; configuration: string }> {
  const known = await addExperiment(owner, id, experiment)
  await addOutcomes(
    owner,
    id,
    pulls.map(({ own, theirs, ...more }, index): OutcomeRow => {
      const [counts, baseline] = [own, theirs].map(countsOf) as [OutcomeRow['counts'], OutcomeRow['counts']]
      return { ...more, sampleId: samples[index] ?? '', counts, baseline }
    }),
  )
  await addRuns(owner, id, runs)
  await owner.query('delete from gate.trials where position = $1', [position])
  if (position !== null)
    await owner.query('insert into gate.trials (experiment_id, position) values ($1, $2)', [id, position])
  return known
}

/** A verdict's row as anybody with the gate's rights can write it; what it says of its evidence nobody believes. */
export async function writeVerdict(
  gate: pg.Pool,
  experimentId: string,
  more: { answer?: string; decidedAt?: string; cut?: object } = {},
): Promise<string> {
  const { rows } = await gate.query<{ id: string }>(
    `with score as (
       insert into gate.scores (experiment_id, release_id, figures) values ($1, 'genesis', '{}') returning id
     ) insert into gate.verdicts (experiment_id, score_id, answer, evidence, decided_at)
       select $1, s.id, $2, $3, coalesce($4::timestamptz, now()) from score s returning id`,
    [
      experimentId,
      more.answer ?? 'promote',
      JSON.stringify({ cut: more.cut ?? {}, proven: true }),
      more.decidedAt ?? null,
    ],
  )
  return (rows[0] as { id: string }).id
}
