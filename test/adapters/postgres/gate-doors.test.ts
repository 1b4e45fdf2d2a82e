import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import type pg from 'pg'
import { gateActions } from '../../../src/adapters/postgres/gate-actions.ts'
import { gateEvidence } from '../../../src/adapters/postgres/gate-evidence.ts'
import { quarantine } from '../../../src/adapters/postgres/gate-quarantine.ts'
import { gateReleases } from '../../../src/adapters/postgres/gate-releases.ts'
import { gateSettings } from '../../../src/adapters/postgres/gate-settings.ts'
import { roles, type Role } from '../../../src/adapters/postgres/roles.ts'
import type { GateReleases, NewRecord, Quarantine } from '../../../src/ports/gate.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { addExperiment, addRuns, addSamples, type RunRow } from '../../support/gate-rows.ts'
import { writeVerdict } from '../../support/gate-trial.ts'

let database: TestDatabase
let owner: pg.Pool
let gate: pg.Pool
let operator: pg.Pool
let production: pg.Pool
let releases: GateReleases
let store: Quarantine
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner', 1)
  gate = database.pool('cupel_gate', 4)
  operator = database.pool('cupel_operator', 4)
  production = database.pool('cupel_production', 1)
  releases = gateReleases(gate)
  store = quarantine(gate)
})
afterAll(() => database.drop())

let count = 0
let id: string
let known: { configurationId: string; configuration: string }
beforeEach(async () => {
  id = `e${count++}`
  known = await addExperiment(owner, id, { parts: [`model-${id}`] })
})

/** A release as the door leaves it, of the experiment at hand, at that step. */
async function released(step = 'smoke'): Promise<string> {
  const release = `r-${id}`
  await owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id) values ($1, 'promoted', $2, $3, $1)`,
    [release, known.configurationId, known.configuration],
  )
  await owner.query(
    `insert into production.release_steps (release_id, step, share, reason, actor)
     select $1, s.step, case s.step when 'canary' then 0.1 when 'full' then 1 else 0 end, 'test', 'test'
     from unnest($2::text[]) as s (step)`,
    [release, step === 'smoke' ? ['smoke'] : ['smoke', step]],
  )
  return release
}
const over = async (release: string): Promise<void> => {
  await releases.step(release, 'failed', 'the test is over')
}
const audited = async (subject: string): Promise<string[]> => {
  const { rows } = await owner.query<{ action: string }>(
    'select action from audit.event_log where subject = $1 order by sequence',
    [subject],
  )
  return rows.map(row => row.action)
}
const matching = (text: string): string => expect.stringContaining(text) as string
const refused = (text: string): object => ({ outcome: 'refused', why: matching(text) })

describe('a release moves on', () => {
  const answerSmoke = (release: string, result: object) =>
    production.query(
      `update production.orders set state = 'done', result = $2, finished_at = now() where id = 'smoke:' || $1`,
      [release, JSON.stringify(result)],
    )
  const review = (release: string, healthy: boolean, reviews: number) =>
    owner.query(
      `insert into production.code_reviews (installation_id, repository_id, owner, repo, number, head_sha, release_id, occasion,
         state, created_at, due_at, finished_at, healthy, attributable)
       select 1, 1, 'o', 'r', n, $2::boolean::text, $1, 'push', 'done', now(), now(), now(), $2, true from generate_series(1, $3) n`,
      [release, healthy, reviews],
    )

  it('to the canary once its smoke test has passed, and not before', async () => {
    const release = await released()
    expect(await releases.step(release, 'canary', 'smoke')).toEqual(refused('has not passed its smoke test'))
    expect(await releases.order('smoke', release)).toEqual({ outcome: 'done', value: `smoke:${release}` })
    expect(await releases.step(release, 'canary', 'smoke')).toEqual(refused('has not passed its smoke test'))
    await answerSmoke(release, { passed: false })
    expect(await releases.step(release, 'canary', 'smoke')).toEqual(refused('has not passed its smoke test'))
    await answerSmoke(release, { passed: true, cases: [] })
    expect(await releases.step(release, 'canary', 'smoke')).toEqual({ outcome: 'done', value: 'canary' })
    expect(await releases.step(release, 'canary', 'again')).toEqual({ outcome: 'done', value: 'canary' })
    expect(await audited(`release:${release}`)).toEqual(['release.order.smoke', 'release.canary'])
    await over(release)
  })

  it('to the canary while no other is there', async () => {
    const first = await released('canary')
    id = `${id}-2`
    known = await addExperiment(owner, id)
    const second = await released()
    await releases.order('smoke', second)
    await answerSmoke(second, { passed: true })
    expect(await releases.step(second, 'canary', 'smoke')).toEqual(refused('another release is on a share'))
    await over(first)
    expect(await releases.step(second, 'canary', 'smoke')).toMatchObject({ outcome: 'done' })
    await over(second)
  })

  it('to all pull requests after fifty healthy reviews', async () => {
    const release = await released('canary')
    await review(release, true, 49)
    await review(release, false, 9)
    expect(await releases.step(release, 'full', 'healthy')).toEqual(refused('has 49 of 50 healthy reviews'))
    await owner.query(`update production.code_reviews set healthy = true where release_id = $1`, [release])
    expect(await releases.step(release, 'full', 'healthy')).toEqual({ outcome: 'done', value: 'full' })
    expect(await releases.inForce()).toMatchObject({ id: release, share: 1 })
    await over(release)
    expect((await releases.inForce()).id).toBe('genesis')
  })

  it('from its smoke test to no share at all but through the canary', async () => {
    expect(await releases.step(await released(), 'full', 'hurry')).toEqual(refused('of 50 healthy reviews'))
  })

  it('never back from failure', async () => {
    const release = await released('failed')
    expect(await releases.step(release, 'canary', 'once more')).toEqual(
      refused('has not passed its smoke test'),
    )
    expect(await releases.step(release, 'full', 'once more')).toEqual(refused('healthy reviews'))
    expect(await releases.step(release, 'failed', 'again')).toEqual({ outcome: 'done', value: 'failed' })
  })

  it('and the genesis release stays, the last one there is', async () => {
    expect(await releases.step('genesis', 'failed', 'why not')).toEqual(
      refused('genesis release cannot be rolled back'),
    )
    expect(await releases.step('r', 'failed', 'x')).toEqual(refused('no release r'))
    expect(await releases.step('genesis', 'smoke' as 'full', 'x')).toEqual(
      refused('a step is canary, full or failed'),
    )
  })

  it('by orders that are placed once, for releases there are', async () => {
    const release = await released('failed')
    const orders = await Promise.all(Array.from({ length: 4 }, () => releases.order('withdraw', release)))
    expect(orders).toEqual(orders.map(() => ({ outcome: 'done', value: `withdraw:${release}` })))
    expect(await releases.orders(release)).toMatchObject([
      { kind: 'withdraw', result: null, finishedAt: null },
    ])
    expect(await releases.order('withdraw', 'r')).toEqual(refused('release r is not known'))
  })

  it('and a smoke test that was ordered stays ordered when the release went on', async () => {
    const release = await released()
    await releases.order('smoke', release)
    await over(release)
    expect(await releases.order('smoke', release)).toEqual({ outcome: 'done', value: `smoke:${release}` })
  })

  it.each<['smoke' | 'withdraw', string]>([
    ['withdraw', 'smoke'],
    ['withdraw', 'canary'],
    ['withdraw', 'full'],
    ['smoke', 'canary'],
    ['smoke', 'full'],
    ['smoke', 'failed'],
    ['dance' as 'smoke', 'canary'],
  ])('never by an order to %s at the step %s', async (kind, step) => {
    const release = await released(step)
    expect(await releases.order(kind, release)).toEqual(
      refused(`release ${release} is ${step}: that is no time for an order of ${kind}`),
    )
    expect(await releases.orders(release)).toEqual([])
    await over(release)
  })

  it.each(['withdraw', 'smoke'] as const)('never by an order to %s the first release', async kind => {
    expect(await releases.order(kind, 'genesis')).toEqual(refused('release genesis is full'))
  })
})

const record = (more: Partial<NewRecord>): NewRecord => ({
  experimentId: null,
  releaseId: null,
  outcome: 'failed',
  failureReasons: ['slow'],
  metrics: { latency: 1 },
  impact: {},
  eligibleFrom: new Date('2026-01-02Z'),
  ...more,
})

const spent = (usd: number) =>
  owner.query('insert into experiments_v1.spending (experiment_id, day, usd) values ($1, now(), $2)', [
    id,
    usd,
  ])
const ran = async (runs: number, like: Partial<RunRow>): Promise<void> => {
  const samples = await addSamples(
    owner,
    `${id}/`,
    Array.from({ length: runs }, () => new Date('2026-03-01Z')),
  )
  await addRuns(
    owner,
    id,
    samples.map(sampleId => ({ sampleId, state: 'done', latencyMs: 900, finishedAt: new Date(), ...like })),
  )
}
const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000)

describe('the archive takes', () => {
  it('a trial with a verdict of quarantine that holds, once, for good', async () => {
    expect(await store.archive(record({ experimentId: id }))).toEqual(refused('has no verdict'))
    await writeVerdict(gate, id, { answer: 'quarantine' })
    await spent(11.01)
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => store.archive(record({ experimentId: id }))),
    )
    const [first] = answers
    if (first?.outcome !== 'done') throw new Error(JSON.stringify(first))
    expect(answers).toEqual(answers.map(() => first))
    expect(await store.record(first.value)).toMatchObject({
      experimentId: id,
      configurationId: known.configurationId,
    })
    expect(await store.configuration(first.value)).toBe(known.configuration)
    expect(await audited(`quarantine:${first.value}`)).toEqual(['quarantine.archive'])
    expect((await gateEvidence(gate).experiment(id))?.state).toBe('quarantined')
  })

  it('a trial that somebody wants there', async () => {
    await operator.query(
      `select doors.request_action('q-' || $1, 'quarantine', $1, 'it shouts', 'ada', 'cli')`,
      [id],
    )
    expect(await store.archive(record({ experimentId: id, outcome: 'dangerous' }))).toMatchObject({
      outcome: 'done',
    })
  })

  it('a trial that expired, as inconclusive, and no other', async () => {
    const inconclusive = record({ experimentId: id, outcome: 'inconclusive' })
    await writeVerdict(gate, id, { answer: 'wait' })
    expect(await store.archive(inconclusive)).toEqual(refused('has not expired'))
    await writeVerdict(gate, id, { answer: 'expire' })
    await ran(1, { finishedAt: daysAgo(91) })
    expect(await store.archive(inconclusive)).toMatchObject({ outcome: 'done' })
    expect((await gateEvidence(gate).experiment(id))?.state).toBe('inconclusive')
  })

  it.each<[string, number, Partial<RunRow>]>([
    ['was late', 40, { latencyMs: 3_001 }],
    ['ended in errors', 40, { state: 'degraded' }],
    ['answered nothing that fits', 3, { state: 'failed', latencyMs: null, errorCode: 'model-invalid' }],
  ])('a trial whose every run %s', async (_what, runs, like) => {
    await ran(runs, like)
    await writeVerdict(gate, id, { answer: 'quarantine' })
    expect(await store.archive(record({ experimentId: id }))).toMatchObject({ outcome: 'done' })
  })

  it.each<[string, Partial<RunRow> & { runs: number }, Parameters<typeof writeVerdict>[2]]>([
    ['quarantine of a trial without a run', { runs: 0 }, {}],
    ['quarantine of one whose runs are in order', { runs: 40 }, {}],
    ['quarantine of one with too few late runs to disprove anything', { runs: 1, latencyMs: 9_000 }, {}],
    [
      'quarantine by runs after its cut',
      { runs: 40, latencyMs: 9_000 },
      { cut: { runsTo: '2026-01-01T00:00:00Z' } },
    ],
    ['expiry before the horizon', { runs: 1, finishedAt: daysAgo(89) }, { answer: 'expire' }],
    [
      'expiry dated to a day that has not come',
      { runs: 1, finishedAt: daysAgo(89) },
      { answer: 'expire', decidedAt: '2999-01-01Z' },
    ],
    [
      'expiry of one that is disproven',
      { runs: 40, latencyMs: 9_000, finishedAt: daysAgo(91) },
      { answer: 'expire' },
    ],
  ])('no trial by a forged verdict: %s', async (_what, { runs, ...like }, forged) => {
    await ran(runs, like)
    const { answer = 'quarantine' } = forged ?? {}
    await writeVerdict(gate, id, { ...forged, answer })
    const outcome = answer === 'expire' ? 'inconclusive' : 'failed'
    expect(await store.archive(record({ experimentId: id, outcome }))).toEqual(
      refused(answer === 'expire' ? 'has not expired' : 'has no verdict that holds'),
    )
    expect((await gateEvidence(gate).experiment(id))?.state).toBe('active')
  })

  it.each<[string, Partial<RunRow>, 'quarantine' | 'expire']>([
    ['disproven', { latencyMs: 9_000 }, 'quarantine'],
    ['over', { finishedAt: daysAgo(91) }, 'expire'],
  ])('no trial that is %s while its sampler is broken', async (_what, like, answer) => {
    await ran(40, like)
    await writeVerdict(gate, id, { answer })
    const ended = record({ experimentId: id, outcome: answer === 'expire' ? 'inconclusive' : 'failed' })
    await owner.query('update experiments_v1.experiments set rate = 0.001 where id = $1', [id])
    expect(await store.archive(ended)).toMatchObject({ outcome: 'refused' })
    await owner.query('update experiments_v1.experiments set rate = 1 where id = $1', [id])
    expect(await store.archive(ended)).toMatchObject({ outcome: 'done' })
  })

  it('no trial as if it were a release', async () => {
    await spent(12)
    await writeVerdict(gate, id, { answer: 'quarantine' })
    expect(await store.archive(record({ experimentId: id, outcome: 'rolled-back' }))).toEqual(
      refused('a release is rolled back'),
    )
  })

  it('a release once it has failed', async () => {
    const release = await released('canary')
    const rolledBack = record({ releaseId: release, outcome: 'rolled-back' })
    expect(await store.archive(rolledBack)).toEqual(refused('has not failed'))
    await over(release)
    expect(await store.archive(rolledBack)).toMatchObject({ outcome: 'done' })
  })

  it.each(['promoted', 'stopped'])('no trial that was %s', async state => {
    await owner.query('update experiments_v1.experiments set state = $2 where id = $1', [id, state])
    await writeVerdict(gate, id, { answer: 'quarantine' })
    expect(await store.archive(record({ experimentId: id }))).toEqual(refused('is not on trial'))
  })

  it('nothing that nobody knows', async () => {
    expect(await store.archive(record({ experimentId: 'x' }))).toEqual(refused('x is not on trial'))
    expect(await store.archive(record({}))).toEqual(refused('is not on trial'))
    expect(await store.archive(record({ releaseId: 'x' }))).toEqual(refused('x has not failed'))
  })
})

describe('the blacklist', () => {
  const list = (fingerprint: string, kind: 'configuration' | 'part') =>
    store.blacklist({ fingerprint, kind, recordId: null, reason: 'it lied', actor: 'ada' })

  it('takes a configuration or a part once, audited, and says why', async () => {
    expect(await list(known.configurationId, 'configuration')).toEqual({ outcome: 'done', value: true })
    expect(await list(known.configurationId, 'configuration')).toEqual({ outcome: 'done', value: false })
    expect(await store.blacklisted(known.configurationId, [])).toBe(
      `configuration ${known.configurationId}: it lied`,
    )
    expect(await store.blacklisted('x', ['y'])).toBeNull()
    expect(await audited(`blacklist:${known.configurationId}`)).toEqual(['blacklist.configuration'])
  })

  it.each(['canary', 'full'])(
    'takes nothing that is in force (%s) before that is rolled back',
    async step => {
      const release = await released(step)
      expect(await list(known.configurationId, 'configuration')).toEqual(
        refused(`in force as release ${release}`),
      )
      expect(await list(`model-${id}`, 'part')).toEqual(refused(`in force as release ${release}`))
      await over(release)
      expect(await list(`model-${id}`, 'part')).toEqual({ outcome: 'done', value: true })
    },
  )
})

describe('a re-evaluation is granted', () => {
  async function archived(eligibleFrom: Date | null): Promise<string> {
    await spent(12)
    await writeVerdict(gate, id, { answer: 'quarantine' })
    const answer = await store.archive(record({ experimentId: id, eligibleFrom }))
    if (answer.outcome !== 'done') throw new Error(answer.why)
    return answer.value
  }
  const ask = async (subject: string): Promise<string> => {
    const key = `re-${id}`
    await operator.query(`select doors.request_action($1, 'reevaluate', $2, 'fixed', 'ada', 'cli')`, [
      key,
      subject,
    ])
    return key
  }

  it('once, to what an administrator asked for, and V1 may begin that trial and no other', async () => {
    const key = await ask(await archived(new Date('2026-01-02Z')))
    expect(await store.readmit(key)).toEqual({ outcome: 'done', value: key })
    expect(await store.readmit(key)).toEqual({ outcome: 'done', value: key })
    const begin = (grant: string, configuration = known) =>
      database.pool('cupel_experiments', 1).query(
        `insert into experiments_v1.experiments (id, name, parent_id, author, author_kind, budget_usd, configuration_id,
           configuration, parts) values ($1, 'again', $2, 'ada', 're-evaluation', 1, $3, $4, '{}')`,
        [grant, id, configuration.configurationId, configuration.configuration],
      )
    await expect(begin('x')).rejects.toThrow('nobody granted')
    const other = await addExperiment(owner, `${id}-other`)
    await expect(begin(key, other)).rejects.toThrow('nobody granted')
    await begin(key)
    expect((await gateEvidence(gate).experiment(key))?.parentId).toBe(id)
  })

  it('not before its time', async () => {
    const record = await archived(new Date('2999-01-01Z'))
    expect(await store.readmit(await ask(record))).toEqual(refused('may be tried again from 2999-01-01'))
  })

  it('never where the record says never', async () => {
    expect(await store.readmit(await ask(await archived(null)))).toEqual(refused('may be tried again never'))
  })

  it('not to what was blacklisted since', async () => {
    const key = await ask(await archived(new Date('2026-01-02Z')))
    await store.blacklist({
      fingerprint: `model-${id}`,
      kind: 'part',
      recordId: null,
      reason: 'it lied',
      actor: 'ada',
    })
    expect(await store.readmit(key)).toEqual(refused(`is blacklisted, part model-${id}: it lied`))
  })

  it('not to what is on trial again already', async () => {
    const key = await ask(await archived(new Date('2026-01-02Z')))
    await owner.query("update experiments_v1.experiments set state = 'active' where id = $1", [id])
    expect(await store.readmit(key)).toEqual(refused('is on trial already'))
  })

  it('not for a record nobody knows, nor without a request', async () => {
    expect(await store.readmit('nobody')).toEqual(refused('nobody asked'))
    expect(await store.readmit(await ask('no-record'))).toEqual(refused('no quarantine record no-record'))
  })
})

describe('administrators', () => {
  it('may name new evidence, which stays with the request and in the audit log', async () => {
    await operator.query(
      `select doors.request_action('new-' || $1, 'reevaluate', $1, 'again', 'ada', 'cli', 'the provider fixed it')`,
      [id],
    )
    const { rows } = await operator.query('select evidence from gate.published_actions where id = $1', [
      `new-${id}`,
    ])
    expect(rows).toEqual([{ evidence: 'the provider fixed it' }])
    const { rows: told } = await owner.query<{ event: string }>(
      `select event from audit.event_log where subject = $1 and action = 'gate.action.reevaluate'`,
      [id],
    )
    expect(told.map(({ event }) => event)).toEqual([matching('the provider fixed it')])
  })

  it('ask once under one key; the gate answers once', async () => {
    const actions = gateActions(gate)
    for (const pool of [operator, production, operator])
      await pool.query(`select doors.request_action('key', 'rollback', null, 'it is slow', 'ada', 'comment')`)
    expect(await audited('release in force')).toEqual(['gate.action.rollback'])
    const open = (await actions.open()).filter(each => each.id === 'key')
    expect(open).toMatchObject([
      { kind: 'rollback', subject: null, reason: 'it is slow', actor: 'ada', source: 'comment' },
    ])
    await actions.finish('key', 'refused', 'there is nothing before it')
    await actions.finish('key', 'done', 'never mind')
    const { rows } = await owner.query("select state, outcome from gate.actions where id = 'key'")
    expect(rows).toEqual([{ state: 'refused', outcome: 'there is nothing before it' }])
    expect((await actions.open()).map(each => each.id)).not.toContain('key')
  })

  it.each([
    ['a kind there is not', `'dance', null, 'x', 'ada', 'cli'`],
    ['no reason', `'rollback', null, '', 'ada', 'cli'`],
    ['a source there is not', `'rollback', null, 'x', 'ada', 'carrier pigeon'`],
  ])('cannot ask with %s', async (_name, values) => {
    await expect(operator.query(`select doors.request_action('k', ${values})`)).rejects.toThrow(
      'check constraint',
    )
  })

  it('pause and resume the gate, each time once', async () => {
    const set = async (paused: boolean): Promise<boolean> => {
      const { rows } = await operator.query<{ changed: boolean }>(
        "select doors.switch_gate($1, 'ada', 'because') as changed",
        [paused],
      )
      return rows[0]?.changed ?? false
    }
    expect((await gateSettings(gate)).paused).toBe(false)
    expect([await set(true), await set(true)]).toEqual([true, false])
    expect((await gateSettings(gate)).paused).toBe(true)
    expect([await set(false), await set(false)]).toEqual([true, false])
    expect((await gateSettings(gate)).paused).toBe(false)
    expect(await audited('gate')).toEqual(['gate.pause', 'gate.resume'])
  })
})

describe('a threshold', () => {
  const set = async (
    name: string | null,
    value: string | null,
    reason = 'we know better',
  ): Promise<unknown> => {
    const { rows } = await operator.query<{ changed: boolean }>(
      "select doors.set_threshold($1, $2, 'ada', $3) as changed",
      [name, value, reason],
    )
    return rows[0]?.changed
  }
  // Whatever a new column is called, the door has to write it.
  it('changes to what an administrator says, once, and who, from what and why is kept', async () => {
    const { rows } = await owner.query<Record<string, unknown>>('select * from gate.thresholds')
    const { only_row: _key, ...shipped } = rows[0] ?? {}
    expect(Object.keys(shipped)).toHaveLength(12)
    for (const [name, before] of Object.entries(shipped)) {
      const after =
        typeof before === 'number'
          ? before * (before < 1 ? 0.99 : 2)
          : name === 'promotion'
            ? 'approve'
            : true
      expect([await set(name, String(after)), await set(name, String(after))], name).toEqual([true, false])
      const { rows: now } = await owner.query<Record<string, unknown>>('select * from gate.thresholds')
      expect(now).toEqual([{ only_row: true, ...shipped, [name]: after }])
      const { rows: log } = await owner.query<{ actor: string; role: string; data: unknown }>(
        `select actor, role, event::json -> 'data' as data from audit.event_log where subject = 'threshold:' || $1`,
        [name],
      )
      expect(log).toEqual([
        {
          actor: 'ada',
          role: 'cupel_operator',
          data: { from: before, to: after, reason: 'we know better' },
        },
      ])
      await set(name, String(before))
    }
  })

  it.each([
    ['accuracy', '0.5'],
    ['accuracy', '1'],
    ['accuracy', 'NaN'],
    ['accuracy', ''],
    ['accuracy', null],
    ['accuracy', '0.9; drop table gate.thresholds'],
    ['latency_ms', '0'],
    ['latency_ms', '600001'],
    ['latency_ms', '2.5'],
    ['latency_share', '0.5'],
    ['error_rate', '0.5'],
    ['margin', '0'],
    ['level', '0.11'],
    ['gamma', '101'],
    ['gamma', 'Infinity'],
    ['measured', '0.49'],
    ['few_people', 'perhaps'],
    ['horizon_pull_requests', '100001'],
    ['horizon_days', '0'],
    ['promotion', 'never'],
  ])('%s is never %s', async (name, value) => {
    await expect(set(name, value)).rejects.toMatchObject({
      code: '23514',
      message: `${name} cannot be ${value ?? 'nothing'}`,
      constraint: undefined,
    })
  })

  it.each(['only_row', 'nonsense', 'accuracy = 0.6, level', null])('called %s there is not', async name => {
    await expect(set(name, 'true')).rejects.toMatchObject({ code: 'P0002' })
  })

  it('does not change without a reason', async () => {
    await expect(set('accuracy', '0.9', '')).rejects.toThrow('is changed for a reason')
    await expect(set('accuracy', '0.9', 'x'.repeat(2_001))).rejects.toThrow('is changed for a reason')
  })
})

test('two gates that look at experiments at once give each its own position, and keep it', async () => {
  const ids = Array.from({ length: 6 }, (_, index) => `${id}-${index}`)
  for (const each of ids) await addExperiment(owner, each)
  const evidence = gateEvidence(gate)
  const positions = await Promise.all([...ids, ...ids].map(each => evidence.openTrial(each)))
  const first = positions.slice(0, 6).map(each => each.position)
  expect(positions.slice(6).map(each => each.position)).toEqual(first)
  expect(new Set(first).size).toBe(6)
  await expect(evidence.openTrial('x')).rejects.toThrow('no experiment x')
})

describe('nobody but a door writes', () => {
  const everybody: Role[] = [...roles]
  const pools = new Map<Role, pg.Pool>()
  beforeAll(() => {
    for (const role of roles) pools.set(role, database.pool(role, 1))
  })
  const forged = `'f', 'promoted', repeat('a', 64), '{}', 'v'`
  const statements: [string, string, Role[]][] = [
    [
      'a release',
      `insert into production.releases (id, kind, configuration_id, configuration, verdict_id) values (${forged})`,
      everybody,
    ],
    [
      'a step',
      "insert into production.release_steps (release_id, step, share, reason, actor) values ('genesis', 'full', 1, 'x', 'x')",
      everybody,
    ],
    ['an end to a release', "delete from production.release_steps where release_id = 'genesis'", everybody],
    [
      'an order',
      "insert into production.orders (id, kind, release_id) values ('o', 'smoke', 'genesis')",
      everybody,
    ],
    [
      'a quarantine record',
      "insert into quarantine.quarantine_records (configuration_id) values ('x')",
      everybody,
    ],
    ['the end of one', 'delete from quarantine.quarantine_records', everybody],
    [
      'the blacklist',
      "insert into quarantine.blacklist (fingerprint, kind, reason) values ('x', 'part', 'x')",
      everybody,
    ],
    ['the end of a ban', 'delete from quarantine.blacklist', everybody],
    [
      'the audit log',
      "insert into audit.event_log (sequence, previous_hash, hash, event) values (1, '', '', '{}')",
      everybody,
    ],
    ['another past', "update audit.event_log set event = '{}'", everybody],
    ['the end of the past', 'truncate audit.event_log', everybody],
    [
      'a request',
      "insert into gate.actions (id, kind, reason, actor, source) values ('a', 'promote', 'x', 'x', 'cli')",
      everybody,
    ],
    ['a switch', "insert into gate.switches (paused, actor, reason) values (true, 'x', 'x')", everybody],
    [
      'a position in the error budget',
      "insert into gate.trials (experiment_id, position) values ('e0', 1)",
      everybody,
    ],
    ['the thresholds', 'update gate.thresholds set accuracy = 0.6', everybody],
    ['a readmission', "insert into experiments_v1.readmissions (id) values ('x')", everybody],
    ['a label', "insert into gate.labels (origin) values ('x')", everybody],
    ['the state of an experiment', "update experiments_v1.experiments set state = 'promoted'", everybody],
    [
      'an outcome',
      "insert into gate.outcomes (experiment_id) values ('e0')",
      everybody.filter(role => role !== 'cupel_gate'),
    ],
    [
      'a label',
      "insert into gate.labels (origin, version, sample_id, path, side, start_line, line, meaning, label, tier, kind, weight, provenance) values ('o', 1, 's', 'a', 'LEFT', 1, 1, '', 'clean', 'A', 'audited', 1, '{}')",
      everybody,
    ],
    [
      'a word of somebody by its door',
      "select doors.submit_label('o', 's', 'a', 'LEFT', 1, 1, '', null, null, 'clean', 'A', 1, 1, null, '{}')",
      everybody.filter(role => role !== 'cupel_production'),
    ],
    [
      'a judgement',
      "select doors.submit_judgement('s', 'a', 'LEFT', 1, 1, '', null, null, 'clean', 1, 'ada')",
      everybody.filter(role => role !== 'cupel_operator'),
    ],
    [
      'a draw',
      "insert into gate.audit_draws (sample_id, day, drawn, hunks) values ('s', '2026-01-01', true, '{0}')",
      everybody,
    ],
    [
      'a run of production on a sample',
      "insert into gate.sample_baselines (sample_id, release_id, findings, latency_ms, degraded, usd) values ('s', 'r', '[]', 1, false, 0)",
      everybody,
    ],
    [
      'a verdict',
      "insert into gate.verdicts (experiment_id, score_id, answer, evidence) values ('e0', 's', 'promote', '{}')",
      everybody.filter(role => role !== 'cupel_gate'),
    ],
  ]
  it.each(statements)('%s', async (_name, statement, refusedRoles) => {
    for (const role of refusedRoles) {
      const pool = pools.get(role) as pg.Pool
      // The archive's role begins read-only transactions unless it asks for another.
      await expect(pool.query(`begin read write; ${statement}`), role).rejects.toMatchObject({
        code: '42501',
      })
      await pool.query('rollback')
    }
  })

  it.each([
    ['an audit row changed', "update audit.event_log set event = '{}'"],
    ['one deleted', 'delete from audit.event_log'],
    ['the log emptied', 'truncate audit.event_log'],
    ['a quarantine record changed', "update quarantine.quarantine_records set outcome = 'inconclusive'"],
    ['one deleted', 'delete from quarantine.quarantine_records'],
    ['a ban lifted', 'delete from quarantine.blacklist'],
  ])('and not even the owner sees %s', async (_name, statement) => {
    await expect(owner.query(statement)).rejects.toThrow('is append-only')
  })

  it('a final outcome anew: not the gate itself', async () => {
    await owner.query(
      `insert into gate.outcomes (experiment_id, sample_id, kind, counts, baseline_counts, failed, latency_ms, usd, language,
         changed_lines, split, labels_seen, final_at, sequence)
       values ($1, 's', 'live', '{}', '{}', false, 1, 0, 'Go', 1, 'evaluation', 0, now(), nextval('gate.outcome_sequence'))`,
      [id],
    )
    await expect(
      gate.query('update gate.outcomes set counts = \'{"tp": 9}\' where experiment_id = $1', [id]),
    ).rejects.toThrow('is final')
    await expect(gate.query('delete from gate.outcomes')).rejects.toMatchObject({ code: '42501' })
  })
})
