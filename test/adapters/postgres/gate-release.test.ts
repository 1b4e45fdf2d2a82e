import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import type pg from 'pg'
import { gateReleases } from '../../../src/adapters/postgres/gate-releases.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { recomputation } from '../../../src/adapters/postgres/gate-recomputation.ts'
import { addExperiment, addRuns, addSamples } from '../../support/gate-rows.ts'
import {
  addTrial,
  goodPull,
  goodRun,
  writeVerdict,
  type PullRequest,
  type TrialRows,
} from '../../support/gate-trial.ts'

/** Evidence of September and October 2026, decided upon in November. */
const decidedAt = '2026-11-10Z'
const day = 86_400_000
const from = Date.parse('2026-09-15T00:00:00Z')

let database: TestDatabase
let owner: pg.Pool
let gate: pg.Pool
let samples: string[]
let ofTenDays: string[]
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  gate = database.pool('cupel_gate', 4)
  samples = await addSamples(
    owner,
    's',
    Array.from({ length: 300 }, (_, index) => new Date(from + ((index % 130) / 130) * 40 * day)),
  )
  ofTenDays = await addSamples(
    owner,
    't',
    Array.from({ length: 130 }, (_, index) => new Date(from + (index / 130) * 10 * day)),
  )
})
afterAll(() => database.drop())

const thresholdsAsShipped = `update gate.thresholds set accuracy = default, margin = default, horizon_pull_requests = default,
  horizon_days = default, few_people = default, promotion = default`
afterEach(() => owner.query(thresholdsAsShipped))

let count = 0
const nextId = (): string => `e${count++}`

/** Everything proven, but for what the change makes of it. */
function rows(change: (rows: TrialRows) => Partial<TrialRows> = () => ({})): TrialRows {
  const good: TrialRows = {
    pulls: Array.from({ length: 130 }, (_, index) => goodPull(index)),
    runs: samples.map(goodRun),
    samples,
  }
  return { ...good, ...change(good) }
}
const eachPull =
  (change: (pull: PullRequest, index: number) => PullRequest) =>
  ({ pulls }: TrialRows): Partial<TrialRows> => ({ pulls: pulls.map(change) })
const someRuns =
  (share: number, change: Partial<TrialRows['runs'][number]>) =>
  ({ runs }: TrialRows): Partial<TrialRows> => ({
    runs: runs.map((run, index) => (index % Math.round(1 / share) === 0 ? { ...run, ...change } : run)),
  })

interface Short {
  change?: (rows: TrialRows) => Partial<TrialRows>
  /** SQL of the owner before the door is asked. */
  thresholds?: string
  decidedAt?: string
}

const hit = (pull: PullRequest, own: object, theirs: object): PullRequest => ({
  ...pull,
  own: { ...pull.own, audited: own },
  theirs: { ...pull.theirs, audited: theirs },
})
const audited = (pull: PullRequest): object => pull.own.audited ?? {}
const isIssue = (pull: PullRequest): boolean => (pull.own.audited?.tp ?? 0) > 0

describe('a verdict that says promote is refused where one figure falls short', () => {
  it.each<[string, Short]>([
    [
      'accuracy',
      {
        change: eachPull((pull, index) =>
          index % 3 === 1 ? hit(pull, { fp: 1, tn: 3 }, { fp: 1, tn: 3 }) : pull,
        ),
      },
    ],
    ['latency', { change: someRuns(0.1, { latencyMs: 3001 }) }],
    ['errors', { change: someRuns(0.04, { state: 'degraded' }) }],
    [
      'recall',
      {
        change: eachPull(pull =>
          isIssue(pull) ? hit(pull, { tp: 1, tn: 3 }, { tp: 1, fp: 1, tn: 2 }) : pull,
        ),
      },
    ],
    [
      'precision',
      {
        change: eachPull(pull =>
          isIssue(pull) ? hit(pull, audited(pull), { fn: 1, tn: 3 }) : hit(pull, { tn: 4 }, { tn: 4 }),
        ),
      },
    ],
    [
      'no harm: recall in language:Go',
      {
        change: eachPull((pull, index) =>
          isIssue(pull) && index % 4 === 0
            ? { ...hit(pull, { fn: 1, tn: 19 }, { tp: 1, tn: 19 }), language: 'Go' }
            : pull,
        ),
      },
    ],
    [
      'sound counts',
      { change: eachPull(pull => ({ ...pull, own: { ...pull.own, volunteered: { right: 1, wrong: -1 } } })) },
    ],
    [
      'labelled pull requests',
      {
        change: ({ pulls }) => ({ pulls: pulls.slice(0, 59) }),
        thresholds: 'update gate.thresholds set accuracy = 0.9',
      },
    ],
    ['days', { change: () => ({ samples: ofTenDays }) }],
    [
      'hunks in which it found a real issue',
      { change: eachPull(pull => ({ ...pull, own: { ...pull.own, tp: 0 } })) },
    ],
    [
      'pull requests with a real issue',
      { change: eachPull(pull => ({ ...pull, own: { ...pull.own, issues: 0 } })) },
    ],
    [
      'people whose word decided a label, largest share of one person',
      { change: eachPull((pull, index) => ({ ...pull, own: { ...pull.own, authors: { [index % 4]: 1 } } })) },
    ],
    [
      'largest share of one person',
      {
        change: eachPull((pull, index) => ({
          ...pull,
          own: { ...pull.own, authors: { [index % 10]: index % 10 === 0 ? 3 : 1 } },
        })),
      },
    ],
    [
      'accuracy, unanswered hunks',
      {
        change: eachPull(pull => ({
          ...pull,
          own: { ...pull.own, audited: { ...audited(pull), unanswered: 1 } },
        })),
      },
    ],
    [
      'accuracy',
      {
        change: eachPull((pull, index) =>
          index % 3 === 0
            ? { ...pull, own: { ...pull.own, audited: { ...audited(pull), unanswered: 1 } } }
            : pull,
        ),
      },
    ],
    [
      'share of known issues found',
      {
        change: eachPull((pull, index) =>
          isIssue(pull) && index % 12 > 0
            ? hit(pull, { fn: 1, tn: 39 }, { fn: 1, tn: 39 })
            : isIssue(pull)
              ? hit(pull, { tp: 1, tn: 39 }, { fn: 1, tn: 39 })
              : pull,
        ),
      },
    ],
    [
      'pull requests in which it says something else than production',
      {
        change: eachPull(pull => hit(pull, audited(pull), audited(pull))),
        thresholds: 'update gate.thresholds set margin = 0.3',
      },
    ],
    [
      'unmeasured runs',
      { change: someRuns(0.125, { state: 'failed', latencyMs: null, errorCode: 'model-unavailable' }) },
    ],
    ['sampler', { change: () => ({ experiment: { rate: 0.5 } }) }],
    ['horizon in pull requests', { thresholds: 'update gate.thresholds set horizon_pull_requests = 129' }],
    ['horizon in days', { thresholds: 'update gate.thresholds set horizon_days = 40' }],
    ['clock', { decidedAt: '2026-10-20Z' }],
    [
      'accuracy, latency, errors, recall, precision, share of known issues found',
      { change: () => ({ position: null }) },
    ],
    ['accuracy, latency, errors, precision', { change: () => ({ position: 500 }) }],
  ])('%s', async (short, { change, thresholds, decidedAt: at = decidedAt }) => {
    const id = nextId()
    await addTrial(owner, id, rows(change))
    if (thresholds !== undefined) await owner.query(thresholds)
    const verdict = await writeVerdict(gate, id, { decidedAt: at })
    expect(await gateReleases(gate).release(verdict)).toEqual({
      outcome: 'refused',
      why: `experiment ${id} is not proven: ${short}`,
    })
  })

  it('a breach', async () => {
    const id = nextId()
    await addTrial(owner, id, rows())
    await owner.query(
      'insert into experiments_v1.spending (experiment_id, day, usd) values ($1, now(), 11.01)',
      [id],
    )
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({
      why: expect.stringMatching(/: breaches$/) as string,
    })
  })

  it.each<[string, (id: string) => Promise<unknown>, RegExp]>([
    [
      'money spent',
      id =>
        owner.query(
          `insert into experiments_v1.spending (experiment_id, day, usd) values ($1, '2026-10-01', 11.01)`,
          [id],
        ),
      /: breaches$/,
    ],
    [
      'answers that are none',
      id =>
        addRuns(
          owner,
          id,
          ofTenDays.map(sampleId => ({
            ...goodRun(sampleId),
            state: 'failed',
            errorCode: 'model-invalid',
            finishedAt: new Date('2026-10-31Z'),
          })),
        ),
      /: breaches$/,
    ],
    [
      'what was blacklisted',
      id =>
        gate.query(
          `select doors.blacklist(configuration_id, 'configuration', null, 'it lied', 'ada') from experiments_v1.experiments
           where id = $1`,
          [id],
        ),
      /is blacklisted/,
    ],
  ])(
    '%s since: the release is refused, and the verdict still explained by what was known',
    async (_name, breach, why) => {
      const id = nextId()
      await addTrial(owner, id, rows())
      const cut = { sequence: '9223372036854775807', runsTo: '2026-10-30T00:00:00Z' }
      const { rows: clock } = await owner.query<{ at: Date }>('select clock_timestamp() as at')
      const explained = () => recomputation(gate).of(id, { ...cut, at: clock[0]?.at ?? new Date(0) })
      const before = await explained()
      expect(before.find(each => each.figure === 'breaches')).toMatchObject({ value: 0, holds: true })
      await breach(id)
      expect(await explained()).toEqual(before)
      const now = await recomputation(gate).of(id)
      expect(now.find(each => each.figure === 'breaches')).toMatchObject({ value: 1, holds: false })
      const verdict = await writeVerdict(gate, id, { decidedAt, cut })
      expect(await gateReleases(gate).release(verdict)).toMatchObject({
        outcome: 'refused',
        why: expect.stringMatching(why) as string,
      })
    },
  )

  it('a breach that was mended is still what a verdict of its time is explained by', async () => {
    const id = nextId()
    await addTrial(owner, id, rows())
    await owner.query(
      `insert into experiments_v1.spending (experiment_id, day, usd) values ($1, '2026-10-01', 11.01)`,
      [id],
    )
    // A Date knows milliseconds, the database more.
    const { rows: clock } = await owner.query<{ at: Date }>(
      `select clock_timestamp() + interval '1 millisecond' as at, pg_sleep(0.002)`,
    )
    await owner.query('update experiments_v1.experiments set budget_usd = 20 where id = $1', [id])
    const cut = { sequence: '9223372036854775807', runsTo: 'infinity' }
    const breaches = async (at: Date) =>
      (await recomputation(gate).of(id, { ...cut, at })).find(each => each.figure === 'breaches')?.value
    expect(await breaches(clock[0]?.at ?? new Date(0))).toBe(1)
    const { rows: later } = await owner.query<{ at: Date }>(
      `select clock_timestamp() + interval '1 millisecond' as at`,
    )
    expect(await breaches(later[0]?.at ?? new Date(0))).toBe(0)
  })

  it('a run that gave a secret away', async () => {
    const id = nextId()
    await addTrial(owner, id, rows())
    await owner.query(
      `begin; set local session_replication_role = replica;
       update experiments_v1.code_analyses set leaked = 'credential' where experiment_id = '${id}' and sample_id = 's7'; commit`,
    )
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({
      why: expect.stringMatching(/: breaches$/) as string,
    })
    const { rows: breached } = await gate.query('select gate.breaches($1) as now', [id])
    expect(breached).toEqual([{ now: ['secret'] }])
    const { rows: then } = await owner.query(
      `select gate.breaches($1, '2026-10-29Z', now()) as before, gate.breaches($1, '2026-10-31Z', now()) as after`,
      [id],
    )
    expect(then).toEqual([{ before: [], after: ['secret'] }])
  })

  it.each<[string, Partial<PullRequest>]>([
    ['replays', { kind: 'replay' }],
    ['what V1 was shown', { split: 'training' }],
    ['labels that are not final', { final: false }],
  ])('%s are no evidence', async (_name, more) => {
    const id = nextId()
    await addTrial(owner, id, rows(eachPull(pull => ({ ...pull, ...more }))))
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining(
        'accuracy, recall, precision, share of known issues found, labelled pull requests',
      ) as string,
    })
  })

  it('outcomes after the cut the verdict names prove nothing', async () => {
    const id = nextId()
    await addTrial(owner, id, rows())
    const verdict = await writeVerdict(gate, id, { decidedAt, cut: { sequence: '0' } })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({ outcome: 'refused' })
  })
})

describe('everything is proven, and yet it is refused', () => {
  const refusedFor = async (
    before: (id: string, known: { configurationId: string }) => Promise<unknown>,
    more: Partial<TrialRows> = {},
    answer = 'promote',
  ) => {
    const id = nextId()
    const known = await addTrial(
      owner,
      id,
      rows(() => more),
    )
    await before(id, known)
    return gateReleases(gate).release(await writeVerdict(gate, id, { decidedAt, answer }))
  }
  const nothing = async (): Promise<void> => {}

  it.each(['wait', 'quarantine', 'expire'])('by a verdict that says %s', async answer => {
    expect(await refusedFor(nothing, {}, answer)).toMatchObject({
      why: expect.stringMatching(` says ${answer}$`) as string,
    })
  })

  it.each(['paused', 'stopped', 'promoted', 'quarantined', 'inconclusive'])(
    'while its experiment is %s',
    async state => {
      expect(await refusedFor(nothing, { experiment: { state } })).toMatchObject({
        outcome: 'refused',
        why: expect.stringMatching(` is ${state}$`) as string,
      })
    },
  )

  it('once its configuration is blacklisted', async () => {
    const answer = await refusedFor((_id, { configurationId }) =>
      gate.query("select doors.blacklist($1, 'configuration', null, 'it lied', 'ada')", [configurationId]),
    )
    expect(answer).toMatchObject({ why: expect.stringMatching(/is blacklisted, .*: it lied$/) as string })
  })

  it('once one of its parts is', async () => {
    const answer = await refusedFor(
      () => gate.query("select doors.blacklist('part-1', 'part', null, 'it lied', 'ada')"),
      { experiment: { parts: ['part-0', 'part-1'] } },
    )
    expect(answer).toMatchObject({
      why: expect.stringMatching('is blacklisted, part part-1: it lied') as string,
    })
  })

  it('after a word that ends its trial', async () => {
    const id = nextId()
    await addTrial(owner, id, rows())
    const verdict = await writeVerdict(gate, id, { decidedAt })
    await writeVerdict(gate, id, { decidedAt, answer: 'quarantine' })
    expect(await gateReleases(gate).release(verdict)).toEqual({
      outcome: 'refused',
      why: `the last word on experiment ${id} is quarantine`,
    })
  })

  it('while the gate is paused', async () => {
    const operator = database.pool('cupel_operator', 1)
    await operator.query("select doors.switch_gate(true, 'ada', 'holidays')")
    expect(await refusedFor(nothing)).toEqual({ outcome: 'refused', why: 'the gate is paused' })
    await operator.query("select doors.switch_gate(false, 'ada', 'back')")
  })

  it('by a verdict nobody wrote', async () => {
    expect(await gateReleases(gate).release('v')).toEqual({ outcome: 'refused', why: 'no verdict v' })
  })

  describe('until somebody approves it, where that is asked for', () => {
    const approved = async (then: string) => {
      const id = nextId()
      await addTrial(owner, id, rows())
      await owner.query("update gate.thresholds set promotion = 'approve'")
      await database
        .pool('cupel_operator', 1)
        .query(
          "select doors.request_action('approval of ' || $1, 'promote', $1, 'looks good', 'ada', 'cli')",
          [id],
        )
      await owner.query(then.replace('$1', `'approval of ${id}'`))
      return { id, answer: await gateReleases(gate).release(await writeVerdict(gate, id, { decidedAt })) }
    }

    it.each([
      ['which nobody did', 'delete from gate.actions where id = $1'],
      [
        'which was refused',
        "update gate.actions set state = 'refused', outcome = 'the gate is paused', finished_at = now() where id = $1",
      ],
      ['which came before the trial', "update gate.actions set requested_at = '2025-12-31Z' where id = $1"],
      ['which was by other thresholds', 'update gate.thresholds set horizon_days = horizon_days + 1'],
    ])('%s', async (_what, then) => {
      const { id, answer } = await approved(then)
      expect(answer).toEqual({
        outcome: 'refused',
        why: `nobody has approved the promotion of experiment ${id} since it began and thresholds last changed`,
      })
    })

    it.each([
      ['which is open', 'select 1'],
      [
        'which was answered with what was missing then',
        "update gate.actions set state = 'done', outcome = 'wait', finished_at = now() where id = $1",
      ],
      ['before thresholds were set to what they are', 'update gate.thresholds set level = level'],
    ])('%s, lets it pass', async (_what, then) => {
      expect((await approved(then)).answer).toMatchObject({ outcome: 'done' })
    })
  })
})

describe('outcomes that stored rows do not bear out', () => {
  it.each([
    ['no word of anybody', "delete from gate.labels where sample_id = 's0'", 'its labels do not say so much'],
    [
      'words taken back',
      "update gate.labels set label = 'withdrawn' where sample_id = 's0'",
      'its labels do not say so much',
    ],
    [
      'words that came too late',
      "update gate.labels set recorded_at = recorded_at + interval '15 days' where sample_id = 's0'",
      'its labels do not say so much',
    ],
    [
      'words for another answer',
      "update gate.labels set label = 'not-an-issue' where sample_id = 's0'",
      'its labels do not say so much',
    ],
    [
      'words of others',
      "update gate.labels set author_id = 99 where sample_id = 's0'",
      'other people labelled it',
    ],
    ['no draw', "delete from gate.audit_draws where sample_id = 's0'", 'other hunks were drawn'],
    [
      'a hunk that is left out',
      "update gate.audit_draws set hunks = '{0,1,2,3,4}' where sample_id = 's0'",
      'other hunks were drawn',
    ],
    [
      'no run of production',
      "delete from gate.sample_baselines where sample_id = 's0'",
      'production never submitted its own run',
    ],
    [
      'no finished run',
      "update experiments_v1.code_analyses set kind = 'replay' where sample_id = 's0' and experiment_id = $1",
      'the experiment has no finished run on it',
    ],
    [
      'another sample',
      "update experiments_v1.samples set language = 'Go' where id = 's0'",
      'the sample is another',
    ],
  ])('%s: refused', async (_what, broken, why) => {
    const id = nextId()
    await addTrial(owner, id, rows())
    await owner.query(
      `begin; set local session_replication_role = replica; ${broken.replace('$1', `'${id}'`)}; commit`,
    )
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toEqual({
      outcome: 'refused',
      why: `experiment ${id} is not proven: 1 outcomes rest on nothing, the first on sample s0: ${why}`,
    })
  })

  it.each<[string, Partial<PullRequest['own']>, string]>([
    ['praise that nobody gave', { volunteered: { right: 1, wrong: 0 } }, 'nobody volunteered that'],
    ['an author who does not count', { authors: {} }, 'other people labelled it'],
  ])('%s: refused', async (_what, forged, why) => {
    const id = nextId()
    await owner.query("delete from gate.labels where sample_id = 's129' and kind = 'volunteered'")
    await addTrial(
      owner,
      id,
      rows(eachPull((pull, index) => (index === 129 ? { ...pull, own: { ...pull.own, ...forged } } : pull))),
    )
    await owner.query("delete from gate.labels where sample_id = 's129' and kind = 'volunteered'")
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({
      why: expect.stringMatching(new RegExp(`: 1 outcomes rest on nothing, .*s129: ${why}$`)) as string,
    })
  })

  test('the gate’s role alone proves nothing: outcomes that it made up are all refused', async () => {
    const [from, id] = [nextId(), nextId()]
    await addTrial(owner, from, rows())
    const known = await addSamples(
      owner,
      'f',
      Array.from({ length: 300 }, () => new Date('2026-10-01Z')),
    )
    await owner.query(
      `update experiments_v1.samples f set taken_at = s.taken_at from experiments_v1.samples s where f.id = 'f' || substr(s.id, 2) and s.id like 's%'`,
    )
    await addExperiment(owner, id)
    await addRuns(owner, id, known.map(goodRun))
    await owner.query('delete from gate.trials')
    await gate.query(
      `insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language,
         changed_lines, split, labels_seen, due_at, final_at, sequence)
       select $2, 'f' || substr(o.sample_id, 2), o.kind, o.counts, o.baseline_counts, o.failed, o.latency_ms, o.usd, o.language,
         o.changed_lines, o.split, o.labels_seen, o.due_at, o.final_at, nextval('gate.outcome_sequence')
       from gate.outcomes o where o.experiment_id = $1`,
      [from, id],
    )
    await gate.query('select doors.open_trial($1)', [id])
    const verdict = await writeVerdict(gate, id, { decidedAt })
    expect(await gateReleases(gate).release(verdict)).toMatchObject({
      outcome: 'refused',
      why: expect.stringMatching(/: 130 outcomes rest on nothing, .* production never submitted/) as string,
    })
  })
})

test('what is proven is released once, however often and by however many gates the door is asked', async () => {
  const id = nextId()
  const known = await addTrial(owner, id, rows())
  const verdict = await writeVerdict(gate, id, { decidedAt })
  const answers = await Promise.all(Array.from({ length: 6 }, () => gateReleases(gate).release(verdict)))
  const [first] = answers
  if (first?.outcome !== 'done') throw new Error(JSON.stringify(first))
  expect(answers).toEqual(answers.map(() => first))
  expect(await gateReleases(gate).release(verdict)).toEqual(first)
  const released = (await gateReleases(gate).all()).filter(release => release.verdictId === verdict)
  expect(released).toMatchObject([
    { id: first.value, kind: 'promoted', ...known, step: 'smoke', share: 0, reason: `verdict ${verdict}` },
  ])
  const { rows: experiments } = await owner.query(
    'select state, state_reason, ended_at is not null as ended from experiments_v1.experiments where id = $1',
    [id],
  )
  expect(experiments).toEqual([{ state: 'promoted', state_reason: `release ${first.value}`, ended: true }])
  const { rows: audit } = await owner.query(
    'select role, actor, action from audit.event_log where subject = $1',
    [`release:${first.value}`],
  )
  expect(audit).toEqual([{ role: 'cupel_gate', actor: 'gate', action: 'release.promote' }])
  expect((await gateReleases(gate).inForce()).id).toBe('genesis')
})

test('a small team’s word that a few people may decide is taken', async () => {
  const id = nextId()
  await addTrial(owner, id, rows(eachPull(pull => ({ ...pull, own: { ...pull.own, authors: { 7: 4 } } }))))
  await owner.query('update gate.thresholds set few_people = true')
  const verdict = await writeVerdict(gate, id, { decidedAt })
  expect(await gateReleases(gate).release(verdict)).toMatchObject({ outcome: 'done' })
})
