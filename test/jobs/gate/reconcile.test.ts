import { afterAll, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { reconcile } from '../../../jobs/gate/reconcile.ts'
import { Fault } from '../../../src/core/fault.ts'
import { depsOn, gateWorld, type GateWorld, type Quality, type Review } from './world.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const passed = { passed: true, cases: [] }
const minute = 60_000
const day = 86_400_000

let world: GateWorld
beforeAll(async () => {
  world = await gateWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

/** Takes a proven trial as far as a release at that step. */
async function released(id: string, step: 'smoke' | 'canary' | 'full', of = 'promoted-1'): Promise<void> {
  await world.trial(id, 'good')
  await world.tick()
  if (step === 'smoke') return
  await world.finishOrder(`smoke:${of}`, passed)
  await world.tick()
  if (step === 'canary') return
  await world.reviews(of, 50)
  await world.tick()
}

/** Spoils one final outcome, which nobody may. */
async function recount(counts: string): Promise<void> {
  await world.owner.query(
    `begin; set local session_replication_role = replica;
     update gate.outcomes set counts = ${counts} where sequence = (select min(sequence) + 4 from gate.outcomes); commit`,
  )
}

describe('a trial', () => {
  it('that is proven becomes a release, whose smoke test is ordered in the same turn', async () => {
    await world.trial('good', 'good')
    expect(await world.tick()).toBe('done')
    expect(await world.experiments()).toEqual({ good: 'promoted' })
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke'] })
    expect(await world.orders()).toEqual(['smoke:promoted-1'])
  })

  it.each<[Quality, string[]]>([
    ['wrong', ['accuracy']],
    ['slow', ['latency']],
    ['failing', ['errors']],
  ])('whose runs are %s goes to quarantine in one turn, with why', async (quality, classes) => {
    await world.trial('bad', quality)
    await world.tick()
    expect(await world.experiments()).toEqual({ bad: 'quarantined' })
    const [record] = await world.records()
    expect(record).toMatchObject({ of: 'bad', outcome: 'failed' })
    expect(record?.classes).toEqual(expect.arrayContaining(classes))
    expect(await world.steps()).toEqual({})
  })

  it('that nobody judged waits, and one stored word a day says what is missing', async () => {
    await world.trial('quiet', 'unjudged')
    await world.tick()
    await world.tick()
    world.now = new Date(world.now.getTime() + day)
    await world.tick()
    expect(await world.experiments()).toEqual({ quiet: 'active' })
    const { rows } = await world.owner.query<{ answer: string; missing: string[] }>(
      `select answer, evidence #> '{verdict,missing}' as missing from gate.verdicts`,
    )
    expect(rows).toHaveLength(2)
    expect(rows[0]?.missing).toContain('0 of 60 labelled pull requests')
    expect(await world.records()).toEqual([])
  })

  it('that is undecided at its horizon expires, is archived as inconclusive, and may be tried again at once', async () => {
    await world.trial('quiet', 'unjudged')
    await world.owner.query('update gate.thresholds set horizon_days = 39')
    await world.tick()
    expect(await world.experiments()).toEqual({ quiet: 'inconclusive' })
    expect(await world.records()).toMatchObject([{ of: 'quiet', outcome: 'inconclusive' }])
  })

  it('is not expired by a clock that is ahead of the database’s, until that is there too', async () => {
    await world.trial('quiet', 'unjudged')
    world.now = new Date(world.now.getTime() + 60 * day)
    await world.tick()
    expect(await world.experiments()).toEqual({ quiet: 'active' })
    expect(world.logged.filter(line => line.level === 'warn')).toMatchObject([
      { fields: { why: 'experiment quiet has not expired' } },
    ])
    await world.owner.query('update gate.thresholds set horizon_days = 39')
    await world.tick()
    expect(await world.experiments()).toEqual({ quiet: 'inconclusive' })
  })

  it('whose word no longer holds when the next gate comes to carry it out is decided anew', async () => {
    await world.trial('late', 'slow')
    const { archive } = world.deps.quarantine
    world.deps.quarantine.archive = () =>
      Promise.reject(new Fault('database-unavailable', 'killed', { retry: 'soon' }))
    await expect(world.tick()).rejects.toThrow('killed')
    world.deps.quarantine.archive = archive
    expect((await world.deps.verdicts.newest('late'))?.verdict.answer).toBe('quarantine')
    await world.owner.query('update gate.thresholds set latency_ms = 10000')
    await world.tick()
    expect(await world.experiments()).toEqual({ late: 'promoted' })
  })

  it('that cannot be judged holds up none of the others', async () => {
    await world.trial('spoilt', 'good')
    await recount("jsonb_set(counts::jsonb, '{audited,tp}', '-1')::json")
    await world.trial('good', 'good')
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'promoted', spoilt: 'active' })
    expect(world.logged.filter(line => line.level === 'error')).toMatchObject([
      { message: 'an experiment could not be judged', fields: { experiment: 'spoilt' } },
    ])
  })

  it.each([
    ['a clock that jumped back', async () => void (world.now = new Date(world.now.getTime() - 30 * day))],
    ['a count that is no number', () => recount(`jsonb_set(counts::jsonb, '{audited,tn}', '"NaN"')::json`)],
    ['a missing count', () => recount("(counts::jsonb #- '{audited,tn}')::json")],
    ['an empty window', () => world.owner.query('delete from experiments_v1.code_analyses')],
    ['no outcome', () => world.owner.query('delete from gate.outcomes')],
  ])('is not promoted with %s', async (_what, harm) => {
    await world.trial('good', 'good')
    await harm()
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'active' })
    expect(await world.steps()).toEqual({})
  })

  it('is quarantined also by a gate whose clock jumped back after an earlier word', async () => {
    await world.trial('bad', 'slow')
    const late = `update experiments_v1.code_analyses set latency_ms = $1`
    const asOwner = (text: string) =>
      world.owner.query(`begin; set local session_replication_role = replica; ${text}; commit`)
    await asOwner(late.replace('$1', '900'))
    await world.owner.query('delete from gate.outcomes')
    world.now = new Date(world.now.getTime() + day)
    await world.tick()
    expect(await world.experiments()).toEqual({ bad: 'active' })
    world.now = new Date(world.now.getTime() - 2 * day)
    await asOwner(late.replace('$1', '9000'))
    await world.tick()
    expect(await world.experiments()).toEqual({ bad: 'quarantined' })
  })
})

describe('a release', () => {
  it('passes its smoke test, reviews a share, and after 50 healthy reviews everything', async () => {
    await released('good', 'canary')
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary'] })
    await world.reviews('promoted-1', 49)
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary'] })
    await world.reviews('promoted-1', 1)
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary', 'full'] })
    expect((await world.deps.releases.inForce()).id).toBe('promoted-1')
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary', 'full'] })
  })

  it.each<[string, unknown, string[]]>([
    ['failed', { passed: false, why: 'missed a defect' }, ['errors']],
    ['left no result', null, ['errors']],
    ['left a result nobody can read', 'passed', ['errors']],
  ])('whose smoke test %s never serves anybody and is archived', async (_what, result, classes) => {
    await released('good', 'smoke')
    await world.finishOrder('smoke:promoted-1', result)
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'failed'] })
    expect(await world.records()).toEqual([{ of: 'promoted-1', outcome: 'rolled-back', classes }])
    expect((await world.deps.releases.inForce()).id).toBe('genesis')
  })

  const violations: [string, Review, number, string[]][] = [
    ['answers late', { responseMs: 5_000 }, 40, ['latency']],
    ['ends in errors', { healthy: false }, 40, ['errors']],
    ['posts nothing', { responseMs: null, healthy: false }, 40, ['latency', 'errors']],
  ]
  it.each(violations.flatMap(of => (['canary', 'full'] as const).map(step => [step, ...of] as const)))(
    'on %s that %s is rolled back within one turn, its comments withdrawn, its evidence archived',
    async (step, _what, like, count, classes) => {
      await released('good', step)
      await world.reviews('promoted-1', count, like)
      await world.tick()
      expect((await world.steps())['promoted-1']?.at(-1)).toBe('failed')
      expect(await world.orders()).toEqual(['smoke:promoted-1', 'withdraw:promoted-1'])
      expect(await world.records()).toEqual([{ of: 'promoted-1', outcome: 'rolled-back', classes }])
      expect((await world.deps.releases.inForce()).id).toBe('genesis')
    },
  )

  it.each<[string, Review, number]>([
    ['fewer than 30 reviews', { healthy: false }, 29],
    ['what a provider’s outage did', { healthy: false, attributable: false }, 60],
  ])('is not rolled back for %s', async (_what, like, count) => {
    await released('good', 'canary')
    await world.reviews('promoted-1', count, like)
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary'] })
  })

  it('falls back to the one before it, and the last to the first, which is never taken away', async () => {
    await released('one', 'full')
    await released('two', 'full', 'promoted-2')
    const { inForce } = world.deps.releases
    expect((await inForce()).id).toBe('promoted-2')
    await world.reviews('promoted-2', 40, { healthy: false })
    await world.tick()
    expect((await inForce()).id).toBe('promoted-1')
    await world.reviews('promoted-1', 40, { healthy: false })
    await world.tick()
    expect((await inForce()).id).toBe('genesis')
    await world.reviews('genesis', 40, { healthy: false })
    await world.tick()
    expect((await inForce()).id).toBe('genesis')
    expect(world.logged.map(line => line.message)).toContain(
      'the last resort violates its promises; nothing is beneath it',
    )
    expect((await world.records()).map(record => record.of)).toEqual(['promoted-2', 'promoted-1'])
  })

  it('waits for the share while another one has it', async () => {
    await released('one', 'canary')
    await world.trial('two', 'good')
    await world.tick()
    await world.finishOrder('smoke:promoted-2', passed)
    await world.tick()
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'canary'], 'promoted-2': ['smoke'] })
    expect(world.logged.filter(line => line.level === 'warn')).toMatchObject([
      { fields: { why: 'another release is on a share of the pull requests' } },
    ])
    await world.reviews('promoted-1', 50)
    await world.tick()
    expect((await world.steps())['promoted-2']).toEqual(['smoke', 'canary'])
  })

  it('that the platform is still deploying stays where it is; one that cannot be deployed is rolled back', async () => {
    await released('good', 'smoke')
    await world.finishOrder('smoke:promoted-1', passed)
    const deployed = vi.fn<typeof world.deps.deployer.deploy>()
    deployed.mockResolvedValueOnce({ state: 'under-way', words: '1 of 2' })
    deployed.mockRejectedValueOnce(new Error('the platform cannot be reached'))
    deployed.mockResolvedValueOnce({ state: 'failed', why: 'no image' })
    world.deps.deployer = { deploy: deployed, publish: async () => {} }
    await world.tick()
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke'] })
    await world.tick()
    expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'failed'] })
  })
})

describe('what administrators ask for', () => {
  it('promote: the gate decides now, and never more than it would', async () => {
    await world.trial('open', 'unjudged')
    await world.trial('gone', 'wrong')
    const [open, gone, unknown] = [
      await world.ask('promote', 'open'),
      await world.ask('promote', 'gone'),
      await world.ask('promote', 'nothing'),
    ]
    await world.tick()
    expect((await world.answerTo(open)).outcome).toMatch(/^wait \(verdict .*0 of 60 labelled pull requests/)
    expect((await world.answerTo(gone)).outcome).toMatch(/^quarantine \(verdict /)
    expect(await world.answerTo(unknown)).toEqual({
      state: 'refused',
      outcome: 'there is no experiment nothing',
    })
    expect(await world.steps()).toEqual({})
  })

  it('where each promotion is to be approved, what is proven waits for a person', async () => {
    await world.owner.query(`update gate.thresholds set promotion = 'approve'`)
    await world.trial('good', 'good')
    await world.tick()
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'active' })
    expect(world.logged.filter(line => line.level === 'warn')).toHaveLength(1)
    await world.ask('promote', 'good')
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'promoted' })
  })

  it('other thresholds: a promotion that they came before is decided anew by them', async () => {
    await world.owner.query(`update gate.thresholds set promotion = 'approve'`)
    await world.trial('good', 'good')
    await world.tick()
    await world.tick()
    await world.owner.query(`update gate.thresholds set accuracy = 0.9999, promotion = 'automatic'`)
    await world.tick()
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'active' })
    await world.owner.query('update gate.thresholds set accuracy = default')
    await world.tick()
    expect(await world.experiments()).toEqual({ good: 'promoted' })
    const { rows } = await world.owner.query<{ answer: string }>(
      'select answer from gate.verdicts order by place',
    )
    expect(rows.map(row => row.answer)).toEqual(['promote', 'wait', 'promote'])
  })

  it('quarantine: by hand, once, with who and why', async () => {
    await world.trial('open', 'unjudged')
    const first = await world.ask('quarantine', 'open', 'it is rude')
    await world.tick()
    expect(await world.experiments()).toEqual({ open: 'quarantined' })
    expect((await world.answerTo(first)).outcome).toMatch(/^archived as record /)
    expect(await world.records()).toEqual([{ of: 'open', outcome: 'failed', classes: ['by-hand'] }])
  })

  it('rollback: the release in force or one by name, and never the first', async () => {
    await released('good', 'full')
    const rollback = await world.ask('rollback', null, 'too loud')
    await world.tick()
    expect(await world.answerTo(rollback)).toEqual({
      state: 'done',
      outcome: 'release promoted-1 was rolled back; genesis is in force',
    })
    expect(await world.records()).toMatchObject([{ of: 'promoted-1', classes: ['by-hand'] }])
    const again = [await world.ask('rollback', 'promoted-1'), await world.ask('rollback', null)]
    await world.tick()
    expect(await Promise.all(again.map(each => world.answerTo(each)))).toMatchObject([
      { state: 'refused', outcome: 'release promoted-1 was rolled back already: by ann: too loud' },
      { state: 'refused' },
    ])
  })

  it('rollback: while only the first is in force, what is on its way is named', async () => {
    await released('good', 'canary')
    const rollback = await world.ask('rollback', null)
    await world.tick()
    expect(await world.answerTo(rollback)).toEqual({
      state: 'refused',
      outcome:
        'the genesis release is the last resort: there is nothing to fall back to; promoted-1, in its canary, is taken back by `cupel release rollback REASON --release promoted-1`',
    })
  })

  it('blacklist: a part ends every trial with it, and is in no release', async () => {
    const technique = { pass: 'per-file', analysersFirst: true, selfCheck: true } as const
    await world.trial('one', 'unjudged', { technique })
    await world.trial('two', 'unjudged', { technique })
    await world.trial('other', 'unjudged')
    await world.owner.query(`update experiments_v1.experiments set state = 'paused' where id = 'two'`)
    const action = await world.ask('blacklist', 'one/technique', 'it leaks')
    await world.tick()
    expect(await world.answerTo(action)).toEqual({
      state: 'done',
      outcome: 'technique per-file is blacklisted',
    })
    expect(await world.experiments()).toEqual({ one: 'quarantined', two: 'quarantined', other: 'active' })
    expect(await world.records()).toMatchObject([
      { outcome: 'dangerous', classes: ['safety'] },
      { outcome: 'dangerous', classes: ['safety'] },
    ])
  })

  it('blacklist: one analyser of several, and a prompt by its name and by what it says', async () => {
    await world.trial('one', 'unjudged')
    await world.trial('two', 'unjudged', { analysers: ['oxlint'], prompt: 'other@1' })
    const [which, one, prompt] = [
      await world.ask('blacklist', 'one/analyser'),
      await world.ask('blacklist', 'one/analyser/ruff'),
      await world.ask('blacklist', 'one/prompt'),
    ]
    await world.tick()
    expect((await world.answerTo(which)).outcome).toBe('say which, as in one/analyser/oxlint')
    expect((await world.answerTo(one)).outcome).toBe('analyser ruff is blacklisted')
    expect((await world.answerTo(prompt)).outcome).toBe('prompt review@1 is blacklisted')
    const { rows } = await world.owner.query(`select 1 from quarantine.blacklist`)
    expect(rows).toHaveLength(3)
    expect(await world.experiments()).toEqual({ one: 'quarantined', two: 'active' })
  })

  it('blacklist: what is in force is taken only after its rollback', async () => {
    await released('good', 'full')
    const early = await world.ask('blacklist', 'promoted-1/model')
    await world.tick()
    expect(await world.answerTo(early)).toEqual({
      state: 'refused',
      outcome: 'it is in force as release promoted-1: roll that back first',
    })
    await world.ask('rollback', null)
    await world.tick()
    const late = await world.ask('blacklist', 'promoted-1/model')
    await world.tick()
    expect(await world.answerTo(late)).toEqual({
      state: 'done',
      outcome: 'model openai/model-of-good is blacklisted',
    })
  })

  it('blacklist: a configuration by its experiment, and no part that there is not', async () => {
    await world.trial('one', 'unjudged')
    const [whole, none] = [await world.ask('blacklist', 'one'), await world.ask('blacklist', 'one/tail')]
    await world.tick()
    expect((await world.answerTo(whole)).outcome).toBe('this configuration is blacklisted')
    expect((await world.answerTo(none)).outcome).toMatch(/^one has no part tail/)
  })

  it('reevaluate: refused before the cool-down has passed, granted after it, refused for what is blacklisted', async () => {
    await world.trial('bad', 'wrong')
    world.now = new Date(world.now.getTime() - 31 * day)
    await world.owner.query(`update experiments_v1.samples set taken_at = taken_at - interval '31 days'`)
    await world.tick()
    await world.trial('rude', 'unjudged')
    await world.ask('quarantine', 'rude')
    await world.trial('young', 'wrong')
    world.now = new Date()
    await world.tick()
    const record = async (id: string) =>
      (await world.deps.quarantine.records()).find(each => each.experimentId === id)?.id ?? ''
    const asked = {
      early: await world.ask('reevaluate', await record('young')),
      granted: await world.ask('reevaluate', await record('bad'), 'the model was mended'),
      unknown: await world.ask('reevaluate', 'nothing'),
    }
    await world.tick()
    expect(await world.answerTo(asked.early)).toMatchObject({ state: 'refused' })
    expect((await world.answerTo(asked.early)).outcome).toMatch(/may be tried again from /)
    expect(await world.answerTo(asked.unknown)).toMatchObject({ state: 'refused' })
    expect((await world.answerTo(asked.granted)).outcome).toBe('granted: a new trial begins')
    const { rows } = await world.owner.query(
      'select id, parent_id, actor, reason from experiments_v1.readmissions',
    )
    expect(rows).toEqual([
      { id: asked.granted, parent_id: 'bad', actor: 'ann', reason: 'the model was mended' },
    ])
    await world.ask('blacklist', `${await record('bad')}/model`)
    const never = await world.ask('reevaluate', await record('bad'))
    await world.tick()
    expect((await world.answerTo(never)).outcome).toMatch(/is blacklisted/)
  })

  it('what cannot be carried out is tried again, and keeps nobody else from an answer', async () => {
    await world.trial('one', 'unjudged')
    const first = await world.ask('quarantine', 'one')
    const second = await world.ask('promote', 'nothing')
    const { archive } = world.deps.quarantine
    world.deps.quarantine.archive = () => Promise.reject(new Error('lost'))
    await world.tick()
    expect([(await world.answerTo(first)).state, (await world.answerTo(second)).state]).toEqual([
      'open',
      'refused',
    ])
    world.deps.quarantine.archive = archive
    await world.tick()
    expect((await world.answerTo(first)).state).toBe('done')
  })
})

describe('a paused gate', () => {
  beforeEach(() =>
    world.owner.query(`insert into gate.switches (paused, actor, reason) values (true, 'ann', 'holiday')`),
  )

  it('decides and promotes nothing, also when asked', async () => {
    await world.trial('good', 'good')
    await world.trial('bad', 'wrong')
    const action = await world.ask('promote', 'good')
    await world.tick()
    expect(await world.experiments()).toEqual({ bad: 'active', good: 'active' })
    expect((await world.answerTo(action)).outcome).toBe('the gate is paused: it decides nothing')
  })

  it('still watches, and rolls back', async () => {
    await world.owner.query(
      `insert into gate.switches (paused, actor, reason) values (false, 'ann', 'first')`,
    )
    await released('good', 'full')
    await world.owner.query(`insert into gate.switches (paused, actor, reason) values (true, 'ann', 'again')`)
    await world.reviews('promoted-1', 40, { healthy: false })
    await world.tick()
    expect((await world.deps.releases.inForce()).id).toBe('genesis')
  })
})

test('the watch goes on when nothing else works', async () => {
  await released('good', 'full')
  await world.reviews('promoted-1', 40, { healthy: false, at: new Date(Date.now() + minute) })
  world.deps.settings = () => Promise.reject(new Error('lost'))
  await expect(world.tick()).rejects.toThrow('lost')
  expect((await world.deps.releases.inForce()).id).toBe('genesis')
})

test('two gates act as one', async () => {
  await world.trial('good', 'good')
  const other = { ...world.deps, ...depsOn(world.database.pool('cupel_gate', 3)) }
  const { signal } = new AbortController()
  const results = await Promise.all([
    reconcile(world.deps, signal),
    reconcile(other, signal),
    reconcile(world.deps, signal),
  ])
  expect(results).toContain('done')
  expect(await world.steps()).toEqual({ 'promoted-1': ['smoke'] })
  expect((await world.audited()).filter(line => line.startsWith('release.promote'))).toHaveLength(1)
  // Without the lock they would still write each row once.
  world.deps.lock = other.lock = { whileActive: work => work(new AbortController().signal) }
  await world.finishOrder('smoke:promoted-1', { passed: false })
  await Promise.all([reconcile(world.deps, signal), reconcile(other, signal)])
  expect(await world.steps()).toEqual({ 'promoted-1': ['smoke', 'failed'] })
  expect(await world.records()).toHaveLength(1)
})

describe('a gate that is killed', () => {
  /** A whole life: one promoted, rolled out, violating and rolled back, one quarantined, one archived by hand and tried again. */
  async function life(tick: () => Promise<unknown>): Promise<unknown> {
    await world.trial('good', 'good')
    await world.trial('slow', 'slow')
    await world.trial('rude', 'unjudged')
    await world.ask('quarantine', 'rude')
    await tick()
    await world.finishOrder('smoke:promoted-1', passed)
    await tick()
    await world.reviews('promoted-1', 50)
    await tick()
    await world.reviews('promoted-1', 60, { healthy: false })
    await tick()
    const record = (await world.deps.quarantine.records()).find(each => each.experimentId === 'slow')
    await world.ask('blacklist', `${record?.id}/model`)
    await tick()
    await tick()
    const { rows: verdicts } = await world.owner.query(
      'select experiment_id, answer from gate.verdicts order by experiment_id',
    )
    const { rows: actions } = await world.owner.query('select kind, state from gate.actions order by kind')
    const { rows: trials } = await world.owner.query(
      'select experiment_id from gate.trials order by position',
    )
    return {
      experiments: await world.experiments(),
      steps: await world.steps(),
      orders: await world.orders(),
      records: (await world.records()).toSorted((a, b) => a.of.localeCompare(b.of)),
      audited: (await world.audited()).toSorted(),
      verdicts,
      actions,
      trials,
    }
  }

  const writes = [
    ['evidence', 'openTrial'],
    ['verdicts', 'put'],
    ['releases', 'release'],
    ['releases', 'order'],
    ['releases', 'step'],
    ['quarantine', 'archive'],
    ['quarantine', 'blacklist'],
    ['actions', 'finish'],
    ['deployer', 'deploy'],
  ] as const

  /** Throws at the given call of that function, before or after it is done, as a process that ends there. */
  function killAt(store: string, name: string, when: 'before' | 'after', nth: number): { killed: boolean } {
    const state = { killed: false }
    const stores = world.deps as unknown as Record<
      string,
      Record<string, (...of: unknown[]) => Promise<unknown>>
    >
    const own = stores[store]
    const real = own?.[name]
    if (!own || !real) throw new Error(`no ${store}.${name}`)
    let calls = 0
    // The database is gone for whatever the process would do next.
    const gone = new Fault('database-unavailable', 'killed', { retry: 'soon' })
    own[name] = async (...of) => {
      if (state.killed || ++calls !== nth) return real(...of)
      state.killed = true
      if (when === 'after') await real(...of)
      throw gone
    }
    return state
  }

  let undisturbed: unknown
  beforeAll(async () => {
    await world.reset()
    undisturbed = await life(() => world.tick())
  })

  it('has something to be killed in', () => {
    expect(undisturbed).toMatchObject({
      experiments: { good: 'promoted', rude: 'quarantined', slow: 'quarantined' },
      steps: { 'promoted-1': ['smoke', 'canary', 'full', 'failed'] },
      orders: ['smoke:promoted-1', 'withdraw:promoted-1'],
    })
  })

  it.each(
    writes.flatMap(([store, name]) =>
      (['before', 'after'] as const).flatMap(when => [1, 2].map(nth => [when, nth, store, name] as const)),
    ),
  )('%s call %i of %s.%s goes on to the same end', async (when, nth, store, name) => {
    const state = killAt(store, name, when, nth)
    const end = await life(async () => {
      const before = state.killed
      await world.tick().catch(() => {})
      // Started anew it has one more turn.
      if (state.killed && !before) {
        world.deps.refusals.clear()
        await world.tick()
      }
    })
    if (state.killed) expect(end).toEqual(undisturbed)
    else expect([name, nth]).toEqual(expect.arrayContaining([2]))
  })
})
