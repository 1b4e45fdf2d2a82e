import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { score } from '../../../jobs/gate/score.ts'
import { submitJudgement } from '../../../src/adapters/postgres/judgements.ts'
import { scoring } from '../../../src/adapters/postgres/scoring.ts'
import { matching } from '../../../src/core/match/likeness.ts'
import type { Judged } from '../../../src/core/judging.ts'
import type { Counts } from '../../../src/core/score/hunks.ts'
import type { Sums } from '../../../src/core/score/sums.ts'
import type { Scoring } from '../../../src/ports/scoring.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { drawnIn, findingAt, type Drawn } from './drawn.ts'

const day = 86_400_000
let database: TestDatabase
let given: Drawn
let store: Scoring
let production: pg.Pool
let operator: pg.Pool
let number = 0
beforeAll(async () => {
  database = await testDatabase()
  given = await drawnIn(database, 'all')
  production = database.pool('cupel_production', 1)
  operator = database.pool('cupel_operator', 1)
  store = scoring(database.pool('cupel_gate'))
})
afterAll(() => database.drop())
let trial: string
beforeEach(async () => {
  trial = `trial-${++number}`
  await given.experiment(trial)
})

/** Turns until nothing is due, days from now. */
async function turns(days = 0): Promise<void> {
  const now = new Date(Date.now() + days * day)
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const clock = { now: () => now } as Parameters<typeof score>[0]['clock']
  for (let turn = 0; turn < 10; turn++)
    if (
      (await score({ scoring: store, clock, likeness: matching, log }, AbortSignal.timeout(60_000)))
        .samples === 0
    )
      return
  throw new Error('samples stay due for ever')
}
async function outcome(sample: string): Promise<{ counts: Counts; final: boolean } | undefined> {
  const { rows } = await given.owner.query<{ counts: Counts; final: boolean }>(
    `select counts, final_at is not null as final from gate.outcomes where experiment_id = $1 and sample_id = $2`,
    [trial, sample],
  )
  return rows[0]
}
async function tally(): Promise<Sums | undefined> {
  const { rows } = await given.owner.query<{ sums: Sums }>(
    'select sums from gate.tallies where experiment_id = $1',
    [trial],
  )
  return rows[0]?.sums
}
async function metrics(): Promise<object[]> {
  const { rows } = await given.owner.query<object>(
    `select pull_requests, accuracy, false_positives, false_negatives, runs_per_hour
     from experiments_v1.experiment_metrics where experiment_id = $1 order by id`,
    [trial],
  )
  return rows
}
let votes = 0
async function vote(
  sample: string,
  line: number,
  label: string,
  text = 'Wrong sum\nWrong sum.',
): Promise<void> {
  await production.query(
    `select doors.submit_label($1, $2, 'src/a.ts', 'RIGHT', $3, $3, $4, 'correctness', 'high', $5, 'A', 0.9, 7, null, '{}')`,
    [`vote/${++votes}`, sample, line, text, label],
  )
}
function judge(sample: string, line: number, text: string, judged: Judged, by = 'ann'): Promise<boolean> {
  return submitJudgement(
    operator,
    { sampleId: sample, path: 'src/a.ts', side: 'RIGHT', startLine: line, line, text, judged },
    by,
  )
}

describe('scoring', () => {
  it('follows runs and labels as they come, and counts each sample once when its labels are final', async () => {
    const sample = await given.sample(number * 100, 2)
    await given.run(trial, sample, [findingAt(11, 'Wrong sum')])
    await turns()
    expect(await outcome(sample)).toMatchObject({ counts: { labelled: 0, unknown: 1 }, final: false })
    await vote(sample, 11, 'not-an-issue')
    await turns()
    expect(await outcome(sample)).toMatchObject({ counts: { fp: 1, unknown: 0 }, final: false })
    expect(await tally()).toBeUndefined()
    await turns(15)
    expect(await outcome(sample)).toMatchObject({ counts: { fp: 1 }, final: true })
    await vote(sample, 11, 'real-issue')
    await turns(16)
    expect(await outcome(sample)).toMatchObject({ counts: { fp: 1 }, final: true })
    expect(await tally()).toMatchObject({ outcomes: 1, fp: 1 })
    expect(await metrics()).toEqual([
      { pull_requests: 1, accuracy: null, false_positives: 1, false_negatives: 0, runs_per_hour: 1 },
    ])
  })

  it('looks again at a sample whose labels, runs or end changed while it was scored', async () => {
    const changes = [
      (sample: string) => vote(sample, 11, 'real-issue'),
      (sample: string) => given.run(trial, sample, []),
      (sample: string) =>
        given.owner.query('select doors.end_sample($1, now(), true)', [sample]).then(() => {}),
    ]
    for (const [index, change] of changes.entries()) {
      const sample = await given.sample(number * 100 + index, 1)
      await vote(sample, 11, 'not-an-issue')
      const loaded = await store.load(sample, null)
      if (loaded === null) throw new Error('not loaded')
      await change(sample)
      await store.save(loaded, [], { at: new Date(), reached: false })
      expect(await store.changed(1_000)).toContain(sample)
      await turns()
      expect(await store.changed(1_000)).not.toContain(sample)
    }
  })

  it('counts what became final while nobody scored in the order of the ends, whatever changed last', async () => {
    const ids = [1, 2, 3].map(each => number * 100 + each)
    for (const [index, id] of ids.entries()) {
      const sample = await given.sample(id, 1)
      await given.run(trial, sample, [])
      await given.owner.query(
        `update experiments_v1.samples set taken_at = now() - make_interval(days => $2) where id = $1`,
        [sample, 20 + index],
      )
    }
    await turns()
    const { rows } = await given.owner.query<{ sample_id: string }>(
      'select sample_id from gate.outcomes where experiment_id = $1 order by sequence',
      [trial],
    )
    expect(rows.map(row => row.sample_id)).toEqual(ids.toReversed().map(id => `1/${id}`))
  })

  it('leaves alone what cannot be scored, and scores the others', async () => {
    const [broken, sound] = [await given.sample(number * 100, 1), await given.sample(number * 100 + 1, 1)]
    for (const sample of [broken, sound]) await given.run(trial, sample, [])
    await given.owner.query(`update experiments_v1.samples set snapshot = '7' where id = $1`, [broken])
    await turns()
    expect(await outcome(broken)).toBeUndefined()
    expect((await outcome(sound))?.final).toBe(false)
    expect(await store.changed(1_000)).toEqual([broken])
    await given.owner.query(`update experiments_v1.samples set snapshot = null where id = $1`, [broken])
    await turns()
    expect(await store.changed(1_000)).toEqual([])
  })

  it('is not stopped by an experiment that only ran on training samples', async () => {
    const sample = await given.sample(number * 100, 1)
    await given.owner.query(`update experiments_v1.samples set split = 'training' where id = $1`, [sample])
    await given.run(trial, sample, [])
    await turns(15)
    expect((await outcome(sample))?.final).toBe(true)
    expect((await store.behind()).map(each => each.experimentId)).not.toContain(trial)
    expect(await metrics()).toEqual([])
  })

  it('never counts what was forgotten before its labels were final, and does not come back to it', async () => {
    const sample = await given.sample(number * 100, 1)
    await given.run(trial, sample, [])
    await turns()
    await given.owner.query(`update experiments_v1.samples set snapshot = null where id = $1`, [sample])
    await turns(15)
    expect((await outcome(sample))?.final).toBe(false)
    expect(await tally()).toBeUndefined()
  })
})

describe('blind judgements', () => {
  it('unanswered or unsure after 14 days count as wrong towards promotion, and as nothing towards quarantine', async () => {
    const sample = await given.sample(number * 100, 5, [findingAt(11, 'Wrong sum')])
    await given.run(trial, sample, [findingAt(11, 'Wrong sum'), findingAt(21, 'Leaks a handle')])
    await given.owner.query('select doors.end_sample($1, now(), true)', [sample])
    await judge(sample, 11, 'Wrong sum\nWrong sum.', 'real-issue')
    await judge(sample, 21, 'Leaks a handle\nLeaks a handle.', 'unsure')
    await judge(sample, 31, '', 'clean')
    await judge(sample, 41, '', 'unsure')
    // Its pull request ended, but judges have their 14 days.
    await turns(4)
    expect((await outcome(sample))?.final).toBe(false)
    await turns(15)
    expect(await outcome(sample)).toMatchObject({
      final: true,
      counts: {
        labelled: 2,
        tp: 1,
        tn: 1,
        unknown: 1,
        audited: { due: 5, unanswered: 3, labelled: 2, tp: 1, fp: 0, fn: 0, tn: 1 },
      },
    })
    // 2 of 5, and 2 of 2.
    expect((await tally())?.audit).toMatchObject({
      due: 5,
      unanswered: 3,
      towardsPromotion: { n: 1, sum: 0.4 },
      towardsQuarantine: { n: 1, sum: 1 },
    })
  })

  it('are one word a judge and place, which can be changed; the account of their signals is theirs', async () => {
    const sample = await given.sample(number * 100, 1)
    expect(await judge(sample, 11, 'Wrong sum', 'unsure')).toBe(true)
    expect(await judge(sample, 11, 'Wrong sum', 'unsure')).toBe(false)
    expect(await judge(sample, 11, 'Wrong sum', 'real-issue')).toBe(true)
    expect(await judge(sample, 11, 'Wrong sum', 'not-an-issue')).toBe(true)
    expect(await judge(sample, 12, 'Wrong product', 'real-issue')).toBe(true)
    await given.owner.query(
      `insert into production.feedback (repository_id, number, comment_id, kind, author_id, author_login, standing, content, given_at)
       values (1, 1, 1, 'reaction', 5, 'Bob', 'author', '+1', now())`,
    )
    await judge(sample, 13, 'Wrong', 'real-issue', 'bob')
    const { rows } = await given.owner.query<{ label: string; author_id: string }>(
      `select label, author_id from gate.labels where sample_id = $1 order by id`,
      [sample],
    )
    expect(rows.map(row => row.label)).toEqual([
      'withdrawn',
      'real-issue',
      'not-an-issue',
      'real-issue',
      'real-issue',
    ])
    const [first] = rows
    expect(Number(first?.author_id)).toBeLessThan(0)
    expect(rows.map(row => row.author_id)).toEqual([...Array<unknown>(4).fill(first?.author_id), '5'])
    const audited = await given.owner.query<{ actor: string }>(
      `select actor from audit.event_log where subject = $1 order by sequence`,
      [`sample:${sample}`],
    )
    expect(audited.rows.map(row => row.actor)).toEqual(['ann', 'ann', 'ann', 'ann', 'bob'])
  })
})
