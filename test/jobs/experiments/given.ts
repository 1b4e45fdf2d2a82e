import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import type { Configuration } from '../../../src/core/configuration.ts'
import { canonicalJson, configurationId } from '../../../src/core/ids.ts'
import type { Snapshot } from '../../../src/core/review/snapshot.ts'
import { snapshotJson } from '../../../src/core/sample.ts'
import { fileOf, snapshotOf } from '../../support/fakes.ts'
import type { TestDatabase } from '../../support/database.ts'

/** What production and administrators do before an experiment can run, through their own doors. */
export interface Given {
  sample(number: number, snapshot?: Snapshot): Promise<string>
  experiment(
    configuration: Configuration,
    more?: { name?: string; rate?: number; budgetUsd?: number },
  ): Promise<string>
  label(sampleId: string, label?: 'real-issue' | 'not-an-issue' | 'clean'): Promise<void>
  operator: pg.Pool
  owner: pg.Pool
}

export function givenIn(database: TestDatabase): Given {
  const production = database.pool('cupel_production', 2)
  const operator = database.pool('cupel_operator', 2)
  const owner = database.pool('owner', 2)
  return {
    operator,
    owner,
    async sample(number, snapshot = pullRequest(number)) {
      const id = `1/${number}`
      await production.query(
        `select doors.submit_sample($1, 1, $2, $3, $4, $5, 1, 2, 'TypeScript', 'genesis', '[]', 900, false, 0)`,
        [id, number, snapshot.pullRequest.headSha, snapshotJson(snapshot), randomBytes(32).toString('hex')],
      )
      return id
    },
    async experiment(configuration, { name = 'idea', rate = 1, budgetUsd = 10 } = {}) {
      const { rows } = await operator.query<{ id: string }>(
        'select doors.propose_experiment($1, $2, null, $3, $4, $5, $6) as id',
        [name, 'ann', rate, budgetUsd, canonicalJson(configuration), configurationId(configuration)],
      )
      return rows[0]?.id ?? ''
    },
    async label(sampleId, label = 'real-issue') {
      await production.query(
        `select doors.submit_label($1, $2, 'src/a.ts', 'RIGHT', 2, 2, 'Wrong sum. The sum is wrong.', 'correctness',
           'medium', $3, 'A', 0.9, 7, null, '{}')`,
        [`test/${sampleId}`, sampleId, label],
      )
    },
  }
}

/** One changed file with the line that the scripted models find fault with. */
export function pullRequest(number: number): Snapshot {
  const patch = '@@ -1,1 +1,2 @@\n const a = 1\n+const b = 2'
  const files = [fileOf('src/a.ts', patch)]
  return {
    ...snapshotOf(files, { number, title: `Change ${number}` }),
    contents: new Map([['src/a.ts', 'const a = 1\nconst b = 2\n']]),
  }
}
