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

/** Final outcomes with what they rest on: production's run, the draw, and labels that bear their counts out. */
export async function addOutcomes(
  owner: pg.Pool,
  experimentId: string,
  rows: readonly OutcomeRow[],
): Promise<void> {
  await addFoundation(owner, experimentId, rows)
  await owner.query(
    `insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language,
       changed_lines, split, labels_seen, due_at, final_at, sequence)
     select $1, u.value ->> 'sampleId', coalesce(u.value ->> 'kind', 'live'), u.value -> 'counts', u.value -> 'baseline', false,
       100, 0, coalesce(u.value ->> 'language', 'TypeScript'), coalesce((u.value ->> 'changedLines')::integer, 20),
       coalesce(u.value ->> 'split', 'evaluation'), 0, s.taken_at + interval '336 hours',
       case when coalesce((u.value ->> 'final')::boolean, true) then s.taken_at + interval '336 hours' end,
       case when coalesce((u.value ->> 'final')::boolean, true) then nextval('gate.outcome_sequence') end
     from json_array_elements($2::json) with ordinality as u (value, place)
     join experiments_v1.samples s on s.id = u.value ->> 'sampleId' order by u.place`,
    [experimentId, JSON.stringify(rows)],
  )
}

interface LabelRow {
  label: 'real-issue' | 'not-an-issue' | 'clean'
  kind: 'audited' | 'volunteered'
  author: string | null
}

/** As many judges' words as the counts of both sides need, by the people they name, and a volunteered one of each kind. */
function labelsOf({ counts, baseline }: Pick<OutcomeRow, 'counts' | 'baseline'>): LabelRow[] {
  const [own, theirs] = [counts.audited, baseline.audited]
  const most = (of: (hits: typeof own) => number): number => Math.max(of(own), of(theirs))
  const real = Math.max(
    most(each => each.tp + each.fn),
    counts.tp,
    counts.issues,
  )
  const clean = most(each => each.tn)
  const authors = Object.entries(counts.authors).flatMap(([author, hunks]) =>
    Array.from({ length: hunks }, () => author),
  )
  const all = Math.max(
    real + clean,
    most(each => each.labelled),
    authors.length,
  )
  const judged = Array.from({ length: all }, (_, index): LabelRow => ({
    label: index < real ? 'real-issue' : index < real + clean ? 'clean' : 'not-an-issue',
    kind: 'audited',
    author: authors[index] ?? null,
  }))
  const { right, wrong } = counts.volunteered
  const said = [right > 0 ? ('real-issue' as const) : [], wrong > 0 ? ('not-an-issue' as const) : []].flat()
  return [...judged, ...said.map((label): LabelRow => ({ label, kind: 'volunteered', author: null }))]
}

async function addFoundation(
  owner: pg.Pool,
  experimentId: string,
  rows: readonly OutcomeRow[],
): Promise<void> {
  const founded = rows.map(row => ({
    sampleId: row.sampleId,
    language: row.language ?? 'TypeScript',
    changedLines: row.changedLines ?? 20,
    due: row.counts.audited.due,
    labels: labelsOf(row),
  }))
  const given = `json_to_recordset($1::json) as u ("sampleId" text, language text, "changedLines" integer, due integer, labels json)`
  const values = [JSON.stringify(founded)]
  await owner.query(
    `update experiments_v1.samples s set language = u.language, changed_lines = u."changedLines" from ${given} where s.id = u."sampleId"`,
    values,
  )
  await owner.query(
    `insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd)
     select u."sampleId", 'genesis', '[]', 900, false, 0 from ${given} on conflict do nothing`,
    values,
  )
  await owner.query(
    `insert into gate.audit_days (day, probability, budget, seed) values ('2026-01-01', 1, 1000, 'seed') on conflict do nothing`,
  )
  // Samples are shared between trials: the newest one's draw stands.
  await owner.query(
    `insert into gate.audit_draws (sample_id, day, drawn, hunks)
     select u."sampleId", '2026-01-01', true, array(select generate_series(0, u.due - 1)) from ${given}
     on conflict (sample_id) do update set hunks = excluded.hunks`,
    values,
  )
  await owner.query(
    `insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, label, tier, kind, weight,
       author_id, provenance, recorded_at)
     select $2 || '/' || u."sampleId" || '/' || l.place, 1, u."sampleId", 'a.ts', 'RIGHT', l.place, l.place, 'meaning',
       l.value ->> 'label', 'A', l.value ->> 'kind', 1, (l.value ->> 'author')::bigint, '{}', s.taken_at
     from ${given} join experiments_v1.samples s on s.id = u."sampleId",
       json_array_elements(u.labels) with ordinality as l (value, place)`,
    [...values, experimentId],
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
