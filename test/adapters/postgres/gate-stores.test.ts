import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import type pg from 'pg'
import { gateEvidence } from '../../../src/adapters/postgres/gate-evidence.ts'
import { gateLock } from '../../../src/adapters/postgres/gate-lock.ts'
import { publishedOutcomes } from '../../../src/adapters/postgres/gate-published-outcomes.ts'
import { recomputation } from '../../../src/adapters/postgres/gate-recomputation.ts'
import { gateSettings } from '../../../src/adapters/postgres/gate-settings.ts'
import { verdicts } from '../../../src/adapters/postgres/gate-verdicts.ts'
import { decide } from '../../../src/core/gate/decide.ts'
import { addPullRequest, noGateEvidence } from '../../../src/core/gate/evidence.ts'
import { pullRequestOf, withRuns } from '../../../src/core/gate/outcome.ts'
import { defaultThresholds } from '../../../src/core/gate/thresholds.ts'
import type { GateEvidenceStore, NewVerdict, Verdicts } from '../../../src/ports/gate.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import {
  addExperiment,
  addOutcomes,
  addRuns,
  addSamples,
  countsOf,
  type RunRow,
} from '../../support/gate-rows.ts'
import { goodPull } from '../../support/gate-trial.ts'

let database: TestDatabase
let owner: pg.Pool
let gate: pg.Pool
let evidence: GateEvidenceStore
let store: Verdicts
let samples: string[]
const from = Date.parse('2026-09-15T00:00:00Z')
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  gate = database.pool('cupel_gate', 4)
  evidence = gateEvidence(gate)
  store = verdicts(gate)
  samples = await addSamples(
    owner,
    's',
    Array.from({ length: 40 }, (_, index) => new Date(from + index * 3_600_000)),
  )
})
afterAll(() => database.drop())

let count = 0
let id: string
beforeEach(async () => {
  id = `e${count++}`
  await addExperiment(owner, id)
})
const pulls = (some: readonly string[]) =>
  some.map((sampleId, index) => {
    const { own, theirs } = goodPull(index)
    return { sampleId, counts: countsOf(own), baseline: countsOf(theirs) }
  })

test('what the gate asks for is what ships, until somebody changes it', async () => {
  expect(await gateSettings(gate)).toEqual({
    thresholds: defaultThresholds,
    promotion: 'automatic',
    paused: false,
    overheadMs: 0,
  })
})

describe('outcomes', () => {
  it('come in the order of their finality, each once, page by page, and those that do not count never', async () => {
    const [first = '', second = '', third = '', ...others] = pulls(samples.slice(0, 7)).map(
      row => row.sampleId,
    )
    await addOutcomes(owner, id, [
      ...pulls([second, first, third]),
      ...pulls(others.slice(0, 1)).map(row => ({ ...row, kind: 'replay' as const })),
      ...pulls(others.slice(1, 2)).map(row => ({ ...row, split: 'training' as const })),
      ...pulls(others.slice(2, 3)).map(row => ({ ...row, final: false })),
    ])
    const page = await evidence.outcomesAfter(id, '0', 2)
    expect(page.map(row => row.sampleId)).toEqual([second, first])
    const rest = await evidence.outcomesAfter(id, page.at(-1)?.sequence ?? '', 2)
    expect(rest.map(row => row.sampleId)).toEqual([third])
    expect(rest[0]).toMatchObject({ takenAt: from + 2 * 3_600_000, language: 'TypeScript', changedLines: 20 })
    expect(await evidence.outcomesAfter(id, rest[0]?.sequence ?? '', 2)).toEqual([])
  })
})

describe('runs', () => {
  const run = (index: number, more: Partial<RunRow> = {}): RunRow => ({
    sampleId: samples[index] ?? '',
    state: 'done',
    latencyMs: 1_000,
    finishedAt: new Date(from + index * 1_000),
    ...more,
  })

  it.each<[string, Partial<RunRow>, object]>([
    ['in time and whole', {}, { within: { n: 1, successes: 1 }, healthy: { n: 1, successes: 1 } }],
    ['at the very limit', { latencyMs: 3_000 }, { within: { n: 1, successes: 1 } }],
    ['late', { latencyMs: 3_001 }, { within: { n: 1, successes: 0 }, healthy: { n: 1, successes: 1 } }],
    ['degraded', { state: 'degraded' }, { within: { n: 1, successes: 1 }, healthy: { n: 1, successes: 0 } }],
    [
      'failed, and so late',
      { state: 'failed' },
      { within: { n: 1, successes: 0 }, healthy: { n: 1, successes: 0 } },
    ],
    ['without a latency', { latencyMs: null }, { within: { n: 1, successes: 0 } }],
    ['failed as its models timed out', { state: 'failed', errorCode: 'model-timeout' }, { unmeasured: 0 }],
    [
      'lost with every worker',
      { state: 'failed', errorCode: 'worker-lost' },
      { unmeasured: 0, healthy: { n: 1, successes: 0 } },
    ],
    [
      'not measured as a provider was down',
      { state: 'failed', errorCode: 'model-unavailable' },
      { unmeasured: 1, within: { n: 0, successes: 0 } },
    ],
    [
      'degraded, whatever was down',
      { state: 'degraded', errorCode: 'model-unavailable' },
      { unmeasured: 0, healthy: { n: 1, successes: 0 } },
    ],
  ])('count as %s', async (_name, more, expected) => {
    await addRuns(owner, id, [run(0, more)])
    expect(await evidence.runs(id, 3_000)).toMatchObject(expected)
  })

  it('end where they are cut, to the microsecond', async () => {
    await addRuns(
      owner,
      id,
      [0, 1, 2].map(index => run(index)),
    )
    await owner.query('alter table experiments_v1.code_analyses disable trigger code_analyses_finished')
    await owner.query(
      `update experiments_v1.code_analyses set finished_at = finished_at + interval '1 microsecond' where experiment_id = $1`,
      [id],
    )
    await owner.query('alter table experiments_v1.code_analyses enable trigger code_analyses_finished')
    const all = await evidence.runs(id, 3_000)
    expect(all).toMatchObject({
      from,
      to: from + 2_000,
      runsTo: '2026-09-15T00:00:02.000001Z',
      breaches: [],
      sampler: null,
    })
    expect((await evidence.runs(id, 3_000, all.runsTo)).healthy.n).toBe(3)
    expect((await evidence.runs(id, 3_000, '2026-09-15T00:00:02Z')).healthy.n).toBe(2)
    expect(await evidence.runs('nobody', 3_000)).toMatchObject({
      from: null,
      to: null,
      runsTo: null,
      healthy: { n: 0 },
    })
  })

  it('tell how the experiment’s own draw went where it draws', async () => {
    const half = `${id}-half`
    await addExperiment(owner, half, { rate: 0.5 })
    await addRuns(
      owner,
      half,
      [1, 3, 5, 7].map(index => run(index)),
    )
    // Samples after the newest that was run may still be on their way.
    expect((await evidence.runs(half, 3_000)).sampler).toEqual({ n: 8, successes: 4, rate: 0.5 })
  })

  it.each<[string, number, boolean]>([
    ['two of many answers that are none', 2, false],
    ['three of ten', 3, true],
  ])('breach by %s', async (_name, broken, breach) => {
    await addRuns(
      owner,
      id,
      Array.from({ length: 10 }, (_, index) =>
        run(index, index < broken ? { state: 'failed', errorCode: 'model-invalid' } : {}),
      ),
    )
    expect((await evidence.runs(id, 3_000)).breaches).toEqual(breach ? ['schema'] : [])
  })

  it('breach by money beyond a tenth more than the budget, and by what was blacklisted since', async () => {
    const spend = (usd: number) =>
      owner.query(
        `insert into experiments_v1.spending (experiment_id, day, usd) values ($1, '2026-10-01', $2)
         on conflict (experiment_id, day) do update set usd = excluded.usd`,
        [id, usd],
      )
    await spend(11)
    expect((await evidence.runs(id, 3_000)).breaches).toEqual([])
    await spend(11.01)
    expect((await evidence.runs(id, 3_000)).breaches).toEqual(['budget'])
    const { configurationId } = (await evidence.experiment(id)) ?? { configurationId: '' }
    await gate.query("select doors.blacklist($1, 'configuration', null, 'it lied', 'ada')", [configurationId])
    expect((await evidence.runs(id, 3_000)).breaches).toEqual(['budget', 'blacklist'])
  })
})

describe('verdicts', () => {
  async function decided(answer?: 'promote' | 'quarantine'): Promise<NewVerdict> {
    const rows = await evidence.outcomesAfter(id, '0', 1_000)
    const sums = rows.reduce(
      (sum, row) => addPullRequest(sum, pullRequestOf(row), defaultThresholds),
      noGateEvidence,
    )
    const { runsTo, ...runs } = await evidence.runs(id, 3_000)
    const budget = await evidence.openTrial(id)
    const decidedAt = new Date('2026-11-01Z')
    const verdict = decide(withRuns(sums, runs), defaultThresholds, budget, decidedAt.getTime())
    return {
      experimentId: id,
      releaseId: 'genesis',
      verdict: answer === undefined ? verdict : { ...verdict, answer, reasons: [] },
      evidence: sums,
      thresholds: defaultThresholds,
      overheadMs: 0,
      cut: { sequence: rows.at(-1)?.sequence ?? '0', runsTo },
      decidedAt,
    }
  }

  it('come back as they were put, the newest first, and the evidence goes on from there', async () => {
    await addOutcomes(owner, id, pulls(samples.slice(0, 12)))
    expect(await store.newest(id)).toBeNull()
    expect(await evidence.kept(id, defaultThresholds)).toBeNull()
    const first = await decided()
    const firstId = await store.put(first)
    expect(await store.get(firstId)).toEqual({ id: firstId, ...first })
    expect(await evidence.kept(id, defaultThresholds)).toEqual({
      sequence: first.cut.sequence,
      evidence: first.evidence,
    })
    expect(await evidence.kept(id, { ...defaultThresholds, margin: 0.1 })).toBeNull()
    await addOutcomes(owner, id, pulls(samples.slice(12, 14)))
    const second = { ...(await decided()), decidedAt: new Date('2026-11-02Z') }
    const secondId = await store.put(second)
    expect(await store.newest(id)).toEqual({ id: secondId, ...second })
    expect((await evidence.kept(id, defaultThresholds))?.sequence).toBe(second.cut.sequence)
    expect(await store.get('nobody')).toBeNull()
  })

  it('said by two gates at once are written once', async () => {
    const wait = await store.put(await decided())
    const last = await decided('quarantine')
    const ids = await Promise.all([last, last, last].map(each => store.put(each)))
    expect(new Set(ids).size).toBe(1)
    expect(ids).not.toContain(wait)
    expect((await store.newest(id))?.id).toBe(ids[0])
    const { rows } = await owner.query('select id from gate.scores where experiment_id = $1', [id])
    expect(rows).toHaveLength(2)
  })

  it('that promote are unreleased while their experiment is on trial and nothing newer was said', async () => {
    const unreleased = async () =>
      (await store.unreleased()).filter(each => each.experimentId === id).map(each => each.id)
    const first = await decided('promote')
    const old = await store.put(first)
    expect(await store.put({ ...first, decidedAt: new Date('2026-11-02Z') })).toBe(old)
    expect(await unreleased()).toEqual([old])
    await store.put(await decided())
    expect(await unreleased()).toEqual([])
    // A clock that jumped back takes nothing from what was said last.
    const word = await store.put({ ...first, overheadMs: 7, decidedAt: new Date('2026-10-01Z') })
    expect(await unreleased()).toEqual([word])
    expect((await store.newest(id))?.id).toBe(word)
    expect(await store.holds(word)).toBe(false)
    await owner.query("update experiments_v1.experiments set state = 'promoted' where id = $1", [id])
    expect(await unreleased()).toEqual([])
  })

  it('are explained by the same figures, for the gate and for the operator, as of their cut', async () => {
    await addOutcomes(owner, id, pulls(samples.slice(0, 12)))
    const verdict = await decided()
    await addOutcomes(owner, id, pulls(samples.slice(12, 20)))
    const cut = { ...verdict.cut, at: verdict.decidedAt }
    const figures = await recomputation(database.pool('cupel_operator', 1)).of(id, cut)
    expect(figures).toEqual(await recomputation(gate).of(id, cut))
    expect(figures.find(each => each.figure === 'accuracy')?.n).toBe(12)
    expect((await recomputation(gate).of(id)).find(each => each.figure === 'accuracy')?.n).toBe(20)
  })
})

describe('the gate’s lock', () => {
  it('is held by one; whoever comes meanwhile is told so, and gets it afterwards', async () => {
    const [mine, other] = [gateLock(gate), gateLock(database.pool('cupel_gate', 1))]
    const outcome = await mine.whileActive(async () => other.whileActive(async () => 'both'))
    expect(outcome).toBe('busy')
    expect(await other.whileActive(async () => 'mine now')).toBe('mine now')
  })
})

test('findings at places that were judged to hold no issue are the examples of a failure', async () => {
  await addRuns(owner, id, [
    { sampleId: samples[0] ?? '', state: 'done', latencyMs: 1, finishedAt: new Date(from) },
    { sampleId: samples[1] ?? '', state: 'done', latencyMs: 1, finishedAt: new Date(from + 1_000) },
  ])
  const finding = { path: 'a.ts', side: 'RIGHT', startLine: 10, line: 10, title: 'wrong' }
  await owner.query('alter table experiments_v1.code_analyses disable trigger code_analyses_finished')
  await owner.query('update experiments_v1.code_analyses set findings = $2 where experiment_id = $1', [
    id,
    JSON.stringify([
      finding,
      { ...finding, path: 'b.ts', title: 'not judged' },
      { ...finding, line: 99, startLine: 99 },
    ]),
  ])
  await owner.query('alter table experiments_v1.code_analyses enable trigger code_analyses_finished')
  const label = (origin: string, version: number, sample: string | undefined, word: string) =>
    owner.query(
      `insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, label, tier, kind, weight,
         provenance) values ($1, $2, $3, 'a.ts', 'RIGHT', 12, 12, 'wrong', $4, 'A', 'audited', 1, '{}')`,
      [origin, version, sample, word],
    )
  await label('x', 1, samples[0], 'not-an-issue')
  await label('y', 1, samples[1], 'not-an-issue')
  expect(await evidence.examples(id, 1)).toEqual([{ sampleId: samples[1], finding }])
  await label('y', 2, samples[1], 'withdrawn')
  expect(await evidence.examples(id, 5)).toEqual([{ sampleId: samples[0], finding }])
})

test('V2’s share of a response beside the examination is its ninety-fifth percentile, once twenty reviews tell', async () => {
  const reviews = async (first: number, last: number): Promise<void> => {
    await owner.query(
      `with n as (select generate_series($1::integer, $2::integer) as n), reviews as (
         insert into production.code_reviews (installation_id, repository_id, owner, repo, number, head_sha, release_id, occasion,
           state, created_at, due_at, posted_at, finished_at, healthy, attributable)
         select 1, 9, 'o', 'r', n, 'h', 'genesis', 'push', 'done', now(), now() - interval '3 hours',
           now() - interval '3 hours' + n * interval '100 milliseconds' + interval '400 milliseconds', now(), true, true from n
       ), sampled as (
         insert into production.sampled (repository_id, number, sample_id, installation_id, head_sha, prints)
         select 9, n, 'p' || n, 1, 'h', '[]' from n
       ) insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd)
         select 'p' || n, 'genesis', '[]', 400, false, 0 from n`,
      [first, last],
    )
  }
  await reviews(1, 19)
  expect((await gateSettings(gate)).overheadMs).toBe(0)
  await reviews(20, 21)
  expect((await gateSettings(gate)).overheadMs).toBeCloseTo(2_000, 6)
  const published = await publishedOutcomes(gate).of('genesis', new Date(from))
  expect(published).toHaveLength(21)
  expect(published[0]).toMatchObject({ releaseId: 'genesis', healthy: true, attributable: true })
  expect(await publishedOutcomes(gate).of('genesis', new Date('2999-01-01Z'))).toEqual([])
})
