import type pg from 'pg'
import type { Breach, GateEvidence } from '../../core/gate/evidence.ts'
import type { RunTallies } from '../../core/gate/outcome.ts'
import type { Thresholds } from '../../core/gate/thresholds.ts'
import type { GatedExperiment, GateEvidenceStore } from '../../ports/gate.ts'
import { outcomeOf, type OutcomeRow } from './outcome-row.ts'
import type { Db } from './pool.ts'

/** What the gate decides on, with the rights of cupel_gate. */
export function gateEvidence(pool: pg.Pool): GateEvidenceStore {
  return {
    experiments: states => experiments(pool, '$1::text[] is null or e.state = any ($1)', [states ?? null]),
    experiment: async id => (await experiments(pool, 'e.id = $1', [id]))[0] ?? null,
    openTrial: experimentId => openTrial(pool, experimentId),
    outcomesAfter: (experimentId, sequence, limit) => outcomesAfter(pool, experimentId, sequence, limit),
    runs: (experimentId, latencyMs, to) => runs(pool, experimentId, latencyMs, to ?? null),
    examples: (experimentId, limit) => examples(pool, experimentId, limit),
    kept: (experimentId, thresholds) => kept(pool, experimentId, thresholds),
  }
}

async function experiments(db: Db, where: string, values: unknown[]): Promise<GatedExperiment[]> {
  const { rows } = await db.query<{
    id: string
    name: string
    parent_id: string | null
    configuration_id: string
    configuration: string
    parts: string[]
    state: GatedExperiment['state']
    created_at: Date
  }>(
    `select e.id, e.name, e.parent_id, e.configuration_id, e.configuration, e.parts, e.state, e.created_at
     from experiments_v1.experiments e where ${where} order by e.created_at, e.id`,
    values,
  )
  return rows.map(row => ({
    id: row.id,
    name: row.name,
    parentId: row.parent_id,
    configurationId: row.configuration_id,
    configuration: row.configuration,
    parts: row.parts,
    state: row.state,
    createdAt: row.created_at,
  }))
}

async function openTrial(db: Db, experimentId: string): ReturnType<GateEvidenceStore['openTrial']> {
  const { rows } = await db.query<{ position: number; promotions: string }>(
    `select doors.open_trial($1) as position,
       (select count(*) from production.release_states r where r.kind = 'promoted') as promotions`,
    [experimentId],
  )
  return { position: rows[0]?.position ?? Number.NaN, promotions: Number(rows[0]?.promotions) }
}

async function outcomesAfter(
  db: Db,
  experimentId: string,
  sequence: string,
  limit: number,
): ReturnType<GateEvidenceStore['outcomesAfter']> {
  const { rows } = await db.query<OutcomeRow>(
    `select o.sequence, o.sample_id, s.taken_at, o.counts, o.baseline_counts, o.language, o.changed_lines
     from gate.outcomes o join experiments_v1.samples s on s.id = o.sample_id
     where o.experiment_id = $1 and o.kind = 'live' and o.split = 'evaluation' and o.final_at is not null
       and o.sequence > $2
     order by o.sequence limit $3`,
    [experimentId, sequence, limit],
  )
  return rows.map(outcomeOf)
}

async function runs(
  db: Db,
  experimentId: string,
  latencyMs: number,
  to: string | null,
): Promise<RunTallies & { runsTo: string | null }> {
  const { rows } = await db.query<{
    n: string
    in_time: string
    healthy: string
    unmeasured: string
    first_at: Date | null
    newest_at: Date | null
    runs_to: string | null
    offered: string | null
    taken: string | null
    rate: number | null
    breaches: Breach[]
  }>(
    `select r.n, r.in_time, r.healthy, r.unmeasured, r.first_at, r.newest_at, r.offered, r.taken, r.rate,
       to_char(r.exact_newest_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as runs_to,
       gate.breaches($1) as breaches
     from gate.run_tallies($1, $2, $3) r`,
    [experimentId, latencyMs, to],
  )
  const [row] = rows
  if (!row) throw new Error('gate.run_tallies answered nothing')
  const n = Number(row.n)
  return {
    from: row.first_at?.getTime() ?? null,
    to: row.newest_at?.getTime() ?? null,
    runsTo: row.runs_to,
    within: { n, successes: Number(row.in_time) },
    healthy: { n, successes: Number(row.healthy) },
    unmeasured: Number(row.unmeasured),
    breaches: row.breaches,
    sampler:
      row.rate === null ? null : { n: Number(row.offered), successes: Number(row.taken), rate: row.rate },
  }
}

/** A finding at a place that somebody called no issue, or within three lines of it, as scoring takes it. */
async function examples(
  db: Db,
  experimentId: string,
  limit: number,
): ReturnType<GateEvidenceStore['examples']> {
  const { rows } = await db.query<{ sample_id: string; finding: unknown }>(
    `select a.sample_id, f.value as finding
     from experiments_v1.code_analyses a cross join lateral json_array_elements(a.findings) f
     where a.experiment_id = $1 and a.kind = 'live' and a.findings is not null and exists (
       select 1 from gate.labels l
       where l.sample_id = a.sample_id and l.label = 'not-an-issue' and l.tier = 'A' and l.path = f.value ->> 'path'
         and l.side = f.value ->> 'side'
         and (f.value ->> 'line')::integer between l.start_line - 3 and l.line + 3
         and not exists (select 1 from gate.labels n where n.origin = l.origin and n.version > l.version))
     order by a.finished_at desc, a.sample_id limit $2`,
    [experimentId, limit],
  )
  return rows.map(row => ({ sampleId: row.sample_id, finding: row.finding }))
}

/** What put() of gate-verdicts.ts writes to gate.scores. */
export interface KeptFigures {
  cut: { sequence: string; runsTo: string | null }
  thresholds: Thresholds
  evidence: GateEvidence
}

async function kept(
  db: Db,
  experimentId: string,
  thresholds: Thresholds,
): ReturnType<GateEvidenceStore['kept']> {
  const { rows } = await db.query<{ figures: KeptFigures }>(
    'select figures from gate.scores where experiment_id = $1 order by scored_at desc, id desc limit 1',
    [experimentId],
  )
  const figures = rows[0]?.figures
  if (!figures || JSON.stringify(figures.thresholds) !== JSON.stringify(thresholds)) return null
  return { sequence: figures.cut.sequence, evidence: figures.evidence }
}
