import type pg from 'pg'
import { canonicalJson, configurationId } from '../../src/core/ids.ts'
import { genesisConfiguration } from '../../src/core/genesis.ts'
import { emptyCounts, type Counts } from '../../src/core/score/hunks.ts'

/** Rows that a trial leaves behind, written at once by the owner: what the gate decides on. */
export interface OutcomeRow {
  sampleId: string
  counts: Counts
  baseline: Counts
  language?: string
  changedLines?: number
  kind?: 'live' | 'replay'
  split?: 'evaluation' | 'training'
  final?: boolean
}

export interface RunRow {
  sampleId: string
  state: 'done' | 'degraded' | 'failed'
  latencyMs: number | null
  errorCode?: string
  finishedAt: Date
}

const noHits = { tp: 0, fp: 0, fn: 0, tn: 0 }
export type SomeCounts = Omit<Partial<Counts>, 'audited'> & { audited?: Partial<Counts['audited']> }

/** Counts of one run; of the audited part what is not said is 0, and due is what was judged and what was not answered. */
export function countsOf({ audited = {}, ...more }: SomeCounts = {}): Counts {
  const hits = { ...noHits, unanswered: 0, ...audited }
  const labelled = hits.tp + hits.fp + hits.fn + hits.tn
  return {
    ...emptyCounts(0),
    ...more,
    audited: { labelled, due: labelled + hits.unanswered, ...hits },
  }
}

/** Samples `<prefix>0`, `<prefix>1`, … without texts. */
export async function addSamples(owner: pg.Pool, prefix: string, times: readonly Date[]): Promise<string[]> {
  const ids = times.map((_, index) => `${prefix}${index}`)
  await owner.query(
    `insert into experiments_v1.samples (id, repository_id, number, head_sha, seed, split, hunks, changed_lines, language,
       taken_at)
     select u.id, 1, u.place, 'sha', repeat('a', 64), 'evaluation', 4, 20, 'TypeScript', u.at
     from unnest($1::text[], $2::timestamptz[]) with ordinality as u (id, at, place)`,
    [ids, times],
  )
  return ids
}

/** An active experiment whose configuration differs by its name from any other. */
export async function addExperiment(
  owner: pg.Pool,
  id: string,
  more: { state?: string; rate?: number; parts?: string[]; budgetUsd?: number } = {},
): Promise<{ configurationId: string; configuration: string }> {
  const trial = { ...genesisConfiguration, prompt: `${genesisConfiguration.prompt}-${id}` }
  const known = { configurationId: configurationId(trial), configuration: canonicalJson(trial) }
  await owner.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, state, rate, budget_usd, configuration_id,
       configuration, parts, created_at)
     values ($1, $1, 'ada', 'person', $2, $3, $4, $5, $6, $7, '2026-01-01Z')`,
    [
      id,
      more.state ?? 'active',
      more.rate ?? 1,
      more.budgetUsd ?? 10,
      known.configurationId,
      known.configuration,
      more.parts ?? [],
    ],
  )
  return known
}

/** A quarantine record of a trial that nobody else knows of. */
export async function addRecord(owner: pg.Pool, id: string): Promise<void> {
  await owner.query(
    `insert into quarantine.quarantine_records (id, experiment_id, configuration_id, configuration, outcome, failure_reasons,
       metrics_at_failure, impact_analysis)
     select $1, 'trial of ' || $1, configuration_id, configuration, 'failed', '{"reasons":[]}', '{}', '{}'
     from production.releases where id = 'genesis'`,
    [id],
  )
}

export async function addOutcomes(
  owner: pg.Pool,
  experimentId: string,
  rows: readonly OutcomeRow[],
): Promise<void> {
  await owner.query(
    `insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language,
       changed_lines, split, labels_seen, due_at, final_at, sequence)
     select $1, u.value ->> 'sampleId', coalesce(u.value ->> 'kind', 'live'), u.value -> 'counts', u.value -> 'baseline', false,
       100, 0, coalesce(u.value ->> 'language', 'TypeScript'), coalesce((u.value ->> 'changedLines')::integer, 20),
       coalesce(u.value ->> 'split', 'evaluation'), 0, now(),
       case when coalesce((u.value ->> 'final')::boolean, true) then now() end,
       case when coalesce((u.value ->> 'final')::boolean, true) then nextval('gate.outcome_sequence') end
     from json_array_elements($2::json) with ordinality as u (value, place) order by u.place`,
    [experimentId, JSON.stringify(rows)],
  )
}

export async function addRuns(owner: pg.Pool, experimentId: string, rows: readonly RunRow[]): Promise<void> {
  await owner.query(
    `insert into experiments_v1.code_analyses (experiment_id, sample_id, kind, state, latency_ms, error_code, finished_at)
     select $1, u."sampleId", 'live', u.state, u."latencyMs", u."errorCode", u."finishedAt"
     from json_to_recordset($2::json) as u ("sampleId" text, state text, "latencyMs" integer, "errorCode" text,
       "finishedAt" timestamptz)`,
    [experimentId, JSON.stringify(rows)],
  )
}
