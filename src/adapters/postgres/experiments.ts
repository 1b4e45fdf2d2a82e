import type pg from 'pg'
import { configurationSchema } from '../../core/configuration.ts'
import type { Experiments, OpenSample, Replay, Trial } from '../../ports/experiments.ts'
import { storable, type Db } from './pool.ts'

/** Experiments, with the rights of cupel_experiments. */
export function experiments(pool: pg.Pool): Experiments {
  return {
    active: () => trials(pool, "state = 'active'", []),
    get: async id => (await trials(pool, "id = $1 and state in ('active', 'paused')", [id]))[0] ?? null,
    states: () => states(pool),
    openSamples: (id, since, after, limit) => openSamples(pool, id, since, after, limit),
    note: (id, waitsFor) => note(pool, id, waitsFor),
    pauseOverBudget: async (id, reason) => {
      const { rows } = await pool.query<{ paused: boolean }>(
        'select doors.pause_over_budget($1, $2) as paused',
        [id, reason],
      )
      return rows[0]?.paused ?? false
    },
    openReplays: () => openReplays(pool),
    openOf: replay => openOf(pool, replay),
    endReplay: async (id, outcome, summary) => {
      await pool.query(
        `update experiments_v1.replays set outcome = $2, summary = $3, finished_at = now()
         where id = $1 and finished_at is null`,
        [id, storable(outcome), JSON.stringify(summary)],
      )
    },
  }
}

async function trials(db: Db, where: string, values: unknown[]): Promise<Trial[]> {
  const { rows } = await db.query<{
    id: string
    state: Trial['state']
    rate: number
    budget_usd: string
    configuration: string
    created_at: Date
  }>(
    `select id, state, rate, budget_usd, configuration, created_at from experiments_v1.experiments
     where ${where} order by created_at, id`,
    values,
  )
  const readable: Trial[] = []
  for (const row of rows) {
    const parsed = configurationSchema.safeParse(JSON.parse(row.configuration))
    if (!parsed.success) {
      await note(db, row.id, 'this version of Cupel cannot read its configuration')
      continue
    }
    readable.push({
      id: row.id,
      state: row.state,
      rate: row.rate,
      budgetUsd: Number(row.budget_usd),
      configuration: parsed.data,
      createdAt: row.created_at,
    })
  }
  return readable
}

async function note(db: Db, id: string, waitsFor: string | null): Promise<void> {
  await db.query('select doors.note_experiment($1, $2)', [id, waitsFor])
}

async function states(db: Db): Promise<Record<string, number>> {
  const { rows } = await db.query<{ state: string; count: string }>(
    'select state, count(*) from experiments_v1.experiments group by state',
  )
  return Object.fromEntries(rows.map(row => [row.state, Number(row.count)]))
}

async function openSamples(
  db: Db,
  id: string,
  since: Date,
  after: OpenSample | null,
  limit: number,
): Promise<OpenSample[]> {
  const { rows } = await db.query<{ id: string; seed: string; taken_at: string }>(
    `select s.id, s.seed, s.taken_at::text from experiments_v1.samples s
     where s.taken_at >= greatest($2, (select e.created_at from experiments_v1.experiments e where e.id = $1))
       and (s.taken_at, s.id) > ($3::timestamptz, $4) and s.snapshot is not null
       and not exists (
         select 1 from experiments_v1.code_analyses a
         where a.experiment_id = $1 and a.sample_id = s.id and a.kind = 'live' and a.finished_at is not null)
     order by s.taken_at, s.id limit $5`,
    [id, since, after?.takenAt ?? '-infinity', after?.id ?? '', limit],
  )
  return rows.map(row => ({ id: row.id, seed: row.seed, takenAt: row.taken_at }))
}

async function openReplays(db: Db): Promise<Replay[]> {
  const { rows } = await db.query<{ id: string; experiment_id: string; sample_ids: string[] }>(
    `select id, experiment_id, sample_ids from experiments_v1.replays
     where finished_at is null order by requested_at, id`,
  )
  return rows.map(row => ({ id: row.id, experimentId: row.experiment_id, sampleIds: row.sample_ids }))
}

async function openOf(db: Db, replay: Replay): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select s.id from unnest($2::text[]) with ordinality as u (id, place)
     join experiments_v1.samples s on s.id = u.id and s.snapshot is not null
     where not exists (
       select 1 from experiments_v1.code_analyses a
       where a.experiment_id = $1 and a.sample_id = s.id and a.kind = 'replay' and a.finished_at is not null)
     order by u.place`,
    [replay.experimentId, replay.sampleIds],
  )
  return rows.map(row => row.id)
}
