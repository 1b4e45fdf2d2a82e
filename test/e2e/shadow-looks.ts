import { spawnSync } from 'node:child_process'
import type { Trial } from './shadow-figures.ts'
import { holdStatement } from './held-statement.ts'
import type { ShadowWorld, Worker } from './shadow-world.ts'
import { until } from './until.ts'

type Hunks = Record<'tp' | 'fp' | 'fn' | 'tn' | 'unknown', number>
type Statement = Parameters<typeof holdStatement> extends [unknown, ...infer About] ? About : never
export type Looks = ReturnType<typeof looksInto>

/** What the tables of a world hold, and what is done to its time and its processes. */
export function looksInto(world: ShadowWorld, ids: Readonly<Record<Trial, string>>) {
  const context = { context: () => world.log() }
  const rows = async <T extends object>(text: string, values: unknown[] = []): Promise<T[]> =>
    (await world.owner.query(text, values)).rows as T[]
  const lines = async (text: string, values: unknown[] = []): Promise<string[]> =>
    (await rows<{ line: string }>(text, values)).map(row => row.line)
  const nothingStale = () =>
    until(
      'the gate has looked at every change',
      async () => (await rows('select 1 from gate.stale_samples')).length === 0,
      context,
    )
  const outcomes = async (sample: string): Promise<Record<string, string>> => {
    const found = await rows<{ experiment_id: string; counts: Hunks; baseline_counts: Hunks }>(
      'select experiment_id, counts, baseline_counts from gate.outcomes where sample_id = $1',
      [sample],
    )
    const shown = ({ tp, fp, fn, tn, unknown }: Hunks) => `tp ${tp} fp ${fp} fn ${fn} tn ${tn} ? ${unknown}`
    return Object.fromEntries(
      found.flatMap(row => [
        [row.experiment_id === ids.keen ? 'keen' : 'shy', shown(row.counts)],
        ['V2', shown(row.baseline_counts)],
      ]),
    )
  }

  return {
    rows,
    lines,
    context,
    nothingStale,
    outcomes,
    labels: (sample: string) =>
      lines(
        `select concat_ws(' ', path || ':' || line, label, tier, reason, weight) as line from gate.published_labels
         where sample_id = $1 and current order by 1`,
        [sample],
      ),
    metrics: async (trial: Trial) =>
      (
        await rows<Record<string, number>>(
          'select * from experiments_v1.experiment_metrics where experiment_id = $1 order by id desc limit 1',
          [ids[trial]],
        )
      )[0],
    tally: async (trial: Trial) =>
      (
        await rows<{ n: number; baseline: number; difference: number }>(
          `select (sums #>> '{accuracyDifference,n}')::int as n, (sums #>> '{baselineAccuracy,sum}')::float8 as baseline,
             (sums #>> '{accuracyDifference,sum}')::float8 as difference
           from gate.tallies where experiment_id = $1 and kind = 'live'`,
          [ids[trial]],
        )
      )[0],
    /** All that the gate has come to. */
    everything: () =>
      Promise.all([
        rows('select * from gate.outcomes order by experiment_id, sample_id'),
        rows('select * from gate.tallies order by experiment_id'),
        rows('select * from experiments_v1.experiment_metrics order by id'),
      ]),

    /** Looks at the reactions now, as it would have after a while. */
    async look(): Promise<void> {
      const before = await rows<{ id: string; polls: number }>(
        `update production.followed set next_at = now() returning repository_id as id, polls`,
      )
      const done = async () => {
        const now = await rows<{ id: string; polls: number }>(
          'select repository_id as id, polls from production.followed',
        )
        return before.every(each => now.some(({ id, polls }) => id === each.id && polls > each.polls))
      }
      await until('reactions were looked at', done, context)
    },

    /** Makes samples, and what was said of them, so much older. Nothing may be about to be scored. */
    async age(samples: string[], by: string): Promise<void> {
      await world.owner.query(
        `with a as (update experiments_v1.samples set taken_at = taken_at - $2::interval where id = any ($1)),
           b as (update gate.sample_ends set ended_at = ended_at - $2::interval where sample_id = any ($1)),
           c as (update gate.labels set recorded_at = recorded_at - $2::interval where sample_id = any ($1))
         update gate.outcomes set due_at = due_at - $2::interval where sample_id = any ($1)`,
        [samples, by],
      )
    },

    /** Kills a process while such a statement of it is under way, and starts it again. */
    async cutOff(who: Worker, statement: Statement, act: () => Promise<unknown>): Promise<void> {
      const held = await holdStatement(world, ...statement)
      await act()
      await held.reached()
      await world.kill(who)
      await held.abandon()
      await world.restart(who)
    },

    /** Sorted; each signal with what was made of it, times and commits left out. */
    feedbackShow(pullRequest: string): string[] {
      const { stdout } = spawnSync(process.execPath, ['src/cli/main.ts', 'feedback', 'show', pullRequest], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: world.database.url('cupel_operator') },
      })
      return stdout
        .replaceAll('\n    ', ' => ')
        .replace(/ \([0-9a-f]{7}\)/g, '')
        .split('\n')
        .flatMap(line => /^\d{4}-\S+ {2}(.*)$/.exec(line)?.[1] ?? [])
        .toSorted()
    },
  }
}
