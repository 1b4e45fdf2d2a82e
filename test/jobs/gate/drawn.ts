import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { setAuditDay } from '../../../jobs/gate/draw.ts'
import { auditDraws } from '../../../src/adapters/postgres/audit-draws.ts'
import type { Finding } from '../../../src/core/review/finding.ts'
import { hunksOf, snapshotJson } from '../../../src/core/sample.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { fileOf, snapshotOf } from '../../support/fakes.ts'
import type { TestDatabase } from '../../support/database.ts'

/** What production, the experiments and administrators did before the gate looks at it. */
export interface Drawn {
  owner: pg.Pool
  /** Hunks of two lines, at lines 10, 20, 30 and so on of src/a.ts; answers the sample's id. */
  sample(number: number, hunks: number, found?: Finding[]): Promise<string>
  experiment(id: string): Promise<void>
  run(experiment: string, sample: string, findings: Finding[], kind?: 'live' | 'replay'): Promise<void>
}

/** With a budget of judgements that draws every sample of the day, or none. */
export async function drawnIn(database: TestDatabase, draw: 'all' | 'none'): Promise<Drawn> {
  const owner = database.pool('owner', 2)
  const production = database.pool('cupel_production', 2)
  await setAuditDay({
    draws: auditDraws(database.pool('cupel_gate', 1)),
    clock: systemClock,
    judgingBudget: draw === 'all' ? 1_000 : 0,
    newSeed: () => 'ab'.repeat(32),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  return {
    owner,
    async sample(number, hunks, found = []) {
      const patch = Array.from({ length: hunks }, (_, index) => {
        const at = 10 * (index + 1)
        return `@@ -${at},1 +${at},2 @@\n kept ${at}\n+added ${at + 1}`
      }).join('\n')
      const snapshot = snapshotOf([fileOf('src/a.ts', patch)], { number })
      const id = `1/${number}`
      await production.query(
        `select doors.submit_sample($1, 1, $2, $3, $4, $5, $6, $7, 'TypeScript', 'genesis', $8, 900, false, 0)`,
        [
          id,
          number,
          snapshot.pullRequest.headSha,
          snapshotJson(snapshot),
          evaluationSeed(),
          hunksOf(snapshot).length,
          hunks,
          JSON.stringify(found),
        ],
      )
      return id
    },
    async experiment(id) {
      await owner.query(
        `insert into experiments_v1.experiments (id, name, author, author_kind, budget_usd, configuration_id, configuration,
           parts) values ($1, $1, 'ann', 'person', 1, encode(sha256(convert_to($2, 'UTF8')), 'hex'), $2, '{}')`,
        [id, JSON.stringify({ id })],
      )
    },
    async run(experiment, sample, findings, kind = 'live') {
      await owner.query(
        `insert into experiments_v1.code_analyses (experiment_id, sample_id, kind, state, findings, latency_ms, usd, finished_at)
         values ($1, $2, $3, 'done', $4, 800, 0.01, now())`,
        [experiment, sample, kind, JSON.stringify(findings)],
      )
    },
  }
}

/** One whose sample is not of the training split: verdicts rest on these. */
function evaluationSeed(): string {
  for (;;) {
    const seed = randomBytes(32).toString('hex')
    if (!isTraining(seed)) return seed
  }
}

function isTraining(seed: string): boolean {
  return createHash('sha256').update(`split/${seed}`).digest().readUInt8(0) < 51
}

export function findingAt(line: number, title: string, body = `${title}.`): Finding {
  return {
    path: 'src/a.ts',
    side: 'RIGHT',
    startLine: line,
    line,
    quote: `added ${line}`,
    title,
    body,
    severity: 'high',
    category: 'correctness',
    confidence: 0.9,
    source: 'openai/secret-model',
    sources: ['openai/secret-model'],
    fingerprint: `${line}/${title}`,
  }
}
