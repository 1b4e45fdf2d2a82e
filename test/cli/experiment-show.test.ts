import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { score } from '../../jobs/gate/score.ts'
import { submitJudgement } from '../../src/adapters/postgres/judgements.ts'
import { scoring } from '../../src/adapters/postgres/scoring.ts'
import { matching } from '../../src/core/match/likeness.ts'
import { drawnIn, findingAt } from '../jobs/gate/drawn.ts'
import { runCupel } from '../support/cupel.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const day = 86_400_000
let database: TestDatabase
let out: string
let json: { figures: { accuracy: { value: number } }; evidence: object }
beforeAll(async () => {
  database = await testDatabase()
  const given = await drawnIn(database, 'all')
  const [production, operator] = [database.pool('cupel_production', 1), database.pool('cupel_operator', 1)]
  await given.experiment('trial')
  let votes = 0
  const vote = (sample: string, line: number, label: string, author: number) =>
    production.query(
      `select doors.submit_label($1, $2, 'src/a.ts', 'RIGHT', $3, $3, $4, 'correctness', 'high', $5, 'A', 0.9, $6, null, '{}')`,
      [`vote/${++votes}`, sample, line, `Wrong sum ${line}\nWrong sum ${line}.`, label, author],
    )
  // Production finds the issue at 11 of each; the experiment that at 11 of the first two, and in the third only what is none.
  const found = (line: number) => findingAt(line, `Wrong sum ${line}`)
  for (const [index, experiments] of [[11], [11], [21]].entries()) {
    const sample = await given.sample(index + 1, 4, [found(11)])
    await given.run('trial', sample, experiments.map(found))
    await vote(sample, 11, 'real-issue', 7)
    await vote(sample, 21, 'not-an-issue', 7)
    if (index === 0)
      await submitJudgement(
        operator,
        {
          sampleId: sample,
          path: 'src/a.ts',
          side: 'RIGHT',
          startLine: 30,
          line: 31,
          text: '',
          judged: 'clean',
        },
        'ann',
      )
    await given.owner.query(
      `update experiments_v1.samples set taken_at = taken_at - $2 * interval '1 day' where id = $1`,
      [sample, 4.5 * index],
    )
  }
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  await score({
    scoring: scoring(database.pool('cupel_gate')),
    clock: { now: () => new Date(Date.now() + 15 * day) } as Parameters<typeof score>[0]['clock'],
    likeness: matching,
    log,
  })
  const show = async (...more: string[]): Promise<string> =>
    (
      await runCupel(['experiment', 'show', 'trial', ...more], {
        DATABASE_URL: database.url('cupel_operator'),
      })
    ).out
  out = await show()
  json = JSON.parse(await show('--json')) as typeof json
})
afterAll(() => database.drop())

describe('cupel experiment show', () => {
  it('puts figures with their intervals beside production’s on the same pull requests', () => {
    // 3/3, 2/2 and 0/2 hunks right, where production has 3/3, 2/2 and 2/2.
    expect(out).toMatch(/^ {2}accuracy +0\.667 \(0\.000 to 1\.000\) +1\.000 \(1\.000 to 1\.000\)$/m)
    // Two of three findings are right, two of three issues are found.
    expect(out).toMatch(/^ {2}precision +0\.667 \(.*\) +1\.000 \(1\.000 to 1\.000\)$/m)
    expect(out).toMatch(/^ {2}recall +0\.667 \(/m)
    expect(out).toMatch(/^ {2}difference +-0\.333 \(/m)
    // (2/3 + 1/2 + 1/2) / 3.
    expect(out).toMatch(/^ {2}silence +0\.556:/m)
    // Hunks: 2 TP, 1 FP, 1 FN, 3 TN.
    expect(out).toMatch(/^ {2}F0\.5, MCC +0\.667, 0\.417$/m)
    expect(out).toMatch(/^ {2}wrong +1 hunks, missed 1$/m)
    expect(out).toMatch(/^ {2}labels +7 hunks of 3 pull requests; 100 % of the findings are judged$/m)
    // One of twelve drawn hunks was judged: (1/4 + 0 + 0) / 3.
    expect(out).toMatch(/^ {2}audit +1 of 12 drawn hunks judged: accuracy 0\.083 \(/m)
    expect(out).toMatch(/^ {2}errors +0\.000 \(0\.000 to 0\.561\)$/m)
    expect(out).toMatch(/^ {2}cost +0\.0100 USD a run$/m)
    expect(json.figures.accuracy.value).toBeCloseTo(2 / 3)
  })

  it('breaks them down by language, severity and size', () => {
    expect(out).toMatch(/^ {2}language TypeScript +3 {2}0\.667 \(.*\) {2}0\.667 \(.*\) {2}0\.667 \(.*\)$/m)
    expect(out).toMatch(/^ {2}severity high +3 +0\.667 \(.*\) {2}0\.667 \(.*\)$/m)
    expect(out).toMatch(/^ {2}size small +3 /m)
  })

  it('says what is missing before the gate may decide', () => {
    for (const line of [
      '3 of 60 labelled pull requests',
      '8 of 14 days between the first and the last of them',
      '2 of 20 hunks in which it found a real issue',
      '3 of 10 pull requests with a real issue',
      '2 of 5 people whose word decided a label',
      'one person decided 86 % of the labels, at most 20 % may be one person’s',
    ])
      expect(out).toContain(`  ${line}\n`)
    expect(json.evidence).toMatchObject({ labelledPullRequests: 3 })
  })
})
