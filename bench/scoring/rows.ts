import type pg from 'pg'
import type { FileChange } from '../../src/core/review/diff.ts'
import type { Finding } from '../../src/core/review/finding.ts'
import { parsePatch } from '../../src/core/review/patch.ts'
import type { Snapshot } from '../../src/core/review/snapshot.ts'
import { snapshotJson } from '../../src/core/sample.ts'

export const EXPERIMENTS = 20
export const FINDINGS_PER_RUN = 5
/** Share of the samples whose labels are not final yet: the last 14 of 100 days. */
const OPEN = 0.14

/** The sample whose outcomes the scorer itself made, and which the others are copied from. */
export const TEMPLATE = '1/0'

const issues = [
  [
    'Loop runs one element too far',
    'The last index is the length itself, which reads past the end of the list.',
  ],
  ['Handle is never closed', 'When parsing throws, the file handle stays open until the process ends.'],
  [
    'Amount is rounded twice',
    'Both the line and the total are rounded, so sums differ from the invoice by a cent.',
  ],
  ['Request has no deadline', 'A server that never answers keeps this worker for good; pass a timeout.'],
  ['Key is written to the log', 'The whole configuration is logged, and the signing key is part of it.'],
  ['Retry sends the payment again', 'The call is not idempotent, so a timeout after success charges twice.'],
  [
    'Comparison ignores the time zone',
    'A local date is compared with one in UTC, which is another day near midnight.',
  ],
] as const

function findingOf(hunk: number, issue: number): Finding {
  const [title = '', body = ''] = issues[issue % issues.length] ?? []
  const line = 10 * (hunk % 2) + 11
  return {
    path: `src/part${Math.floor(hunk / 2)}.ts`,
    side: 'RIGHT',
    startLine: line,
    line,
    quote: `const added${hunk} = compute(${hunk})`,
    title,
    body: `${body} See case #SAMPLE#.`,
    severity: 'high',
    category: 'correctness',
    confidence: 0.8,
    source: 'openai/model',
    sources: ['openai/model'],
    fingerprint: `#SAMPLE#/${hunk}/${issue}`,
  }
}

/** Five files with two hunks each. */
const snapshot: Snapshot = {
  repository: { id: 1, owner: 'acme', name: 'shop' },
  pullRequest: {
    number: 1,
    title: 'Change',
    body: '',
    author: 'ann',
    baseSha: 'a'.repeat(40),
    headSha: 'b'.repeat(40),
  },
  files: Array.from({ length: 5 }, (_, file): FileChange => {
    const hunks = [0, 1].map(half => {
      const at = 10 * (half + 1)
      return `@@ -${at},2 +${at},3 @@\n const kept${half} = 1\n+const added = compute(${2 * file + half})\n const after${half} = 2`
    })
    return {
      path: `src/part${file}.ts`,
      status: 'modified',
      omitted: 'none',
      additions: 2,
      deletions: 0,
      hunks: parsePatch(hunks.join('\n')).hunks,
    }
  }),
  filesTruncated: false,
  contents: new Map(),
  instructions: [],
}

/** Runs differ in what they find; five of ten hunks each, so that others are missed. */
function findingsOf(run: number): string {
  return JSON.stringify(
    Array.from({ length: FINDINGS_PER_RUN }, (_, index) => {
      const hunk = (2 * index + run) % 10
      return findingOf(hunk, hunk + (run % 3 === 0 ? 1 : 0))
    }),
  )
}

/** As the owner, past the doors' triggers: everything that came in over a hundred days, in as many rows as wanted. */
export async function growTo(db: pg.ClientBase, from: number, to: number): Promise<void> {
  await db.query('set session_replication_role = replica')
  if (from === 0) await beginnings(db)
  // Numbers from..to-1; the last ones are the youngest.
  await db.query(
    `insert into experiments_v1.samples
       (id, repository_id, number, head_sha, snapshot, seed, split, hunks, changed_lines, language, taken_at)
     select '1/' || n, 1, n, repeat('b', 40), $3, repeat('0', 64),
       case when n % 5 = 1 then 'training' else 'evaluation' end, 10, 20, 'TypeScript',
       ${takenAt} from generate_series($1::int, $2::int - 1) n`,
    [from, to, snapshotJson(snapshot)],
  )
  await db.query(
    `insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd)
     select '1/' || n, 'genesis', replace($3, '#SAMPLE#', n::text)::json, 900, false, 0.01
     from generate_series($1::int, $2::int - 1) n`,
    [from, to, findingsOf(0)],
  )
  await db.query(
    `insert into gate.audit_draws (sample_id, day, drawn, hunks) select '1/' || n, '2026-01-01', false, '{}'
     from generate_series($1::int, $2::int - 1) n`,
    [from, to],
  )
  await db.query(
    `insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, category, severity, label,
       tier, kind, weight, author_id, provenance, recorded_at)
     select 'feedback/' || n || '/' || i, 1, '1/' || n, f ->> 'path', 'RIGHT', (f ->> 'line')::int, (f ->> 'line')::int,
       replace((f ->> 'title') || e'\\n' || (f ->> 'body'), '#SAMPLE#', n::text), 'correctness', 'high',
       case when i % 3 = 0 then 'not-an-issue' else 'real-issue' end, 'A', 'volunteered', 0.9, 1 + (n + i) % 7, '{}', ${takenAt}
     from generate_series($1::int, $2::int - 1) n cross join json_array_elements($3) with ordinality as e (f, i)`,
    [from, to, `[${[0, 1, 2, 3, 6].map(hunk => JSON.stringify(findingOf(hunk, hunk))).join(',')}]`],
  )
  for (let run = 0; run < EXPERIMENTS; run++)
    await db.query(
      `insert into experiments_v1.code_analyses (id, experiment_id, sample_id, kind, state, findings, latency_ms, usd,
         input_tokens, output_tokens, started_at, finished_at)
       select $4 || '/' || n, $4, '1/' || n, 'live', 'done', replace($3, '#SAMPLE#', n::text)::json, 500 + n % 3000, 0.01,
         4000, 600, ${takenAt}, ${takenAt} + interval '3 seconds' from generate_series($1::int, $2::int - 1) n`,
      [from, to, findingsOf(run), `experiment-${run}`],
    )
}

/** Final ones are 15 to 100 days old, open ones up to 13. */
const takenAt = `now() - case when (n - $1) < ($2 - $1) * ${1 - OPEN}
  then interval '100 days' - interval '85 days' * (n - $1) / ($2 - $1)
  else interval '13 days' * ($2 - n) / (($2 - $1) * ${OPEN} + 1) end`

/** The numbers of a batch's samples whose labels are open. */
export function openOf(from: number, to: number): { from: number; to: number } {
  return { from: from + Math.ceil((to - from) * (1 - OPEN)), to }
}

async function beginnings(db: pg.ClientBase): Promise<void> {
  await db.query(
    `insert into experiments_v1.experiments (id, name, author, author_kind, budget_usd, configuration_id, configuration, parts,
       created_at)
     select 'experiment-' || e, 'experiment ' || e, 'ann', 'person', 100, encode(sha256(convert_to(e::text, 'UTF8')), 'hex'), e::text,
       '{}', now() - interval '101 days' from generate_series(0, $1::int - 1) e`,
    [EXPERIMENTS],
  )
  await db.query(
    `insert into gate.audit_days (day, probability, budget, seed) values ('2026-01-01', 0, 0, '')`,
  )
}

/** Outcomes of everything but the template, as the scorer made the template's; final ones in an order of their own. */
export async function copyOutcomes(db: pg.ClientBase, from: number, to: number): Promise<void> {
  await db.query('set session_replication_role = replica')
  const open = openOf(from, to).from
  await db.query(
    `insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language,
       changed_lines, split, labels_seen, due_at, final_at, sequence)
     select o.experiment_id, s.id, 'live', o.counts, o.baseline_counts, false, 500 + s.number % 3000, 0.01, s.language,
       s.changed_lines, s.split, 1, s.taken_at + interval '14 days',
       case when s.number < $3 then s.taken_at + interval '14 days' end,
       case when s.number < $3 then nextval('gate.outcome_sequence') end
     from experiments_v1.samples s cross join gate.outcomes o
     where s.number >= $1 and s.number < $2 and o.sample_id = $4 and s.id <> $4`,
    [from, to, open, TEMPLATE],
  )
  await db.query('set session_replication_role = origin')
}
