import { score } from '../../../jobs/gate/score.ts'
import { submitJudgement } from '../../../src/adapters/postgres/judgements.ts'
import { scoring } from '../../../src/adapters/postgres/scoring.ts'
import { matching } from '../../../src/core/match/likeness.ts'
import { drawnIn, findingAt } from './drawn.ts'
import type { GateWorld } from './world.ts'

const dayMs = 86_400_000
const wrongSum = 'Wrong sum\nThe last row is left out of the total.'
const leak = 'Leaks a handle\nThe file stays open when parsing throws.'

/**
 * An experiment whose outcomes the scorer itself made of texts and labels: four hunks a sample, found by both, by one, by nobody;
 * judged blind and volunteered, taken back, contradicted, of tier B, and one that came when all was final.
 */
export async function labelledTrial(world: GateWorld, id: string, samples: number): Promise<void> {
  const given = await drawnIn(world.database, 'all')
  const production = world.database.pool('cupel_production', 1)
  const operator = world.database.pool('cupel_operator', 1)
  await given.experiment(id)
  const found = (line: number, words: string) => findingAt(line, ...(words.split('\n') as [string, string]))
  for (let number = 1; number <= samples; number++) {
    const ours = [
      found(11, wrongSum),
      found(21, leak),
      found(31, 'Shadowed name\nThe outer name is hidden.\u0000'),
    ]
    const theirs =
      number % 2 === 0 ? [found(11, wrongSum)] : [found(41, 'Dead code\nNobody calls this branch.')]
    const sample = await given.sample(1_000 + number, 4, theirs)
    await given.run(id, sample, ours)
    const judge = (line: number, text: string, judged: 'real-issue' | 'not-an-issue' | 'clean', by: string) =>
      submitJudgement(
        operator,
        {
          sampleId: sample,
          path: 'src/a.ts',
          side: 'RIGHT',
          startLine: line,
          line,
          text,
          severity: 'high',
          judged,
        },
        by,
      )
    const vote = (
      key: string,
      line: number,
      text: string,
      label: string,
      tier: string,
      weight: number,
      who: number,
    ) =>
      production.query(
        `select doors.submit_label($1, $2, 'src/a.ts', 'RIGHT', $3, $3, $4, 'correctness', 'high', $5, $6, $7, $8, null, '{}')`,
        [`${key}/${sample}`, sample, line, text, label, tier, weight, who],
      )
    await judge(11, wrongSum, 'real-issue', 'ann')
    await judge(21, leak, number % 3 === 0 ? 'not-an-issue' : 'real-issue', `judge-${number % 4}`)
    await judge(41, '', 'clean', 'bob')
    await vote('reaction', 31, 'Shadowed name\nThe outer name is hidden.', 'not-an-issue', 'A', 0.9, 7_001)
    await vote(
      'other',
      31,
      'Shadowed name\nThe outer name is hidden.',
      number === 1 ? 'real-issue' : 'not-an-issue',
      'A',
      0.6,
      7_002,
    )
    await vote('fix', 21, leak, 'real-issue', 'B', 0.7, 7_003)
    await vote('taken-back', 11, wrongSum, 'not-an-issue', 'A', 0.9, 7_004)
    await vote('taken-back', 11, wrongSum, 'withdrawn', 'A', 0.9, 7_004)
  }
  const now = new Date(Date.now() + 15 * dayMs)
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const clock = { ...world.deps.clock, now: () => now }
  const store = scoring(world.database.pool('cupel_gate', 2))
  for (let turn = 0; turn < 3; turn++) await score({ scoring: store, clock, likeness: matching, log: silent })
  // Long after all was final.
  await given.owner.query(
    `insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, label, tier, kind, weight,
       author_id, provenance, recorded_at)
     values ('late', 1, '1/1001', 'src/a.ts', 'RIGHT', 11, 11, $1, 'not-an-issue', 'A', 'audited', 1, 9, '{}', now() + interval '20 days')`,
    [wrongSum],
  )
}
