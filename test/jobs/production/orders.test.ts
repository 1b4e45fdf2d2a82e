import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { takeOrders } from '../../../jobs/production/orders.ts'
import type { SmokeResult } from '../../../jobs/production/smoke.ts'
import { startAnalysers } from '../../../src/adapters/analysers/host.ts'
import type { Configuration } from '../../../src/core/configuration.ts'
import { Fault } from '../../../src/core/fault.ts'
import { genesisConfiguration } from '../../../src/core/genesis.ts'
import { canonicalJson, configurationId } from '../../../src/core/ids.ts'
import { smokeSet } from '../../../src/core/smoke/set.ts'
import type { Analysers } from '../../../src/ports/analyser.ts'
import { candidateOf, configurationOf, fakeModels, type Script } from '../../support/fakes.ts'
import { jobsWorld, openPull, type JobsWorld } from './world.ts'

let world: JobsWorld
let analysers: Analysers
beforeAll(async () => {
  world = await jobsWorld({ rate: 0 })
  analysers = startAnalysers()
})
afterAll(async () => {
  await analysers?.close()
  await world?.close()
})
afterEach(() => expect(world.github.validationErrors).toEqual([]))

const signal = new AbortController().signal
let made = 0
/** A release in its smoke test, or at another step, by the owner's hand. */
async function release(configuration: Configuration, step = 'smoke', share = 0): Promise<string> {
  const id = `r${++made}`
  await world.owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id) values ($1, 'promoted', $2, $3, $1)`,
    [id, configurationId(configuration), canonicalJson(configuration)],
  )
  await world.owner.query(
    `insert into production.release_steps (release_id, step, share, reason, actor) values ($1, $2, $3, 'r', 'gate')`,
    [id, step, share],
  )
  return id
}
const order = (kind: string, releaseId: string) =>
  world.owner.query(`insert into production.orders (id, kind, release_id) values ($1, $2, $3)`, [
    `${kind}:${releaseId}`,
    kind,
    releaseId,
  ])
async function resultOf<T>(kind: string, releaseId: string): Promise<T | null> {
  const { rows } = await world.owner.query<{ result: T | null }>(
    'select result from production.orders where id = $1',
    [`${kind}:${releaseId}`],
  )
  return rows[0]?.result ?? null
}

describe('a smoke test', () => {
  // The tools start on a machine that may be busy.
  const patient = { deadlineMs: 100_000, abortMs: 200_000 }
  const analysersOnly = {
    ...genesisConfiguration,
    limits: { ...genesisConfiguration.limits, ...patient },
  }
  const withModels = configurationOf({
    analysers: genesisConfiguration.analysers,
    limits: { ...configurationOf().limits, ...patient },
  })
  const defects = smokeSet().flatMap(each => each.defects)
  /** Finds the defects whose lines it is shown, as far as `sees` them. */
  const reviewer =
    (sees: (index: number) => boolean): Script =>
    async ({ request }) => ({
      findings: defects
        .filter((defect, index) => sees(index) && request.user.includes(defect.text.trim()))
        .map(({ path, text, what }) => ({
          path,
          side: 'RIGHT',
          quote: text.trim(),
          line: null,
          severity: 'high',
          category: 'correctness',
          confidence: 0.9,
          title: what,
          body: what,
          suggestion: null,
        })),
    })
  /** Analysers that find what they claim, for the tests that are about something else. */
  const knowing: Analysers = {
    analyse: async (names, files) =>
      names.map(analyser => ({
        analyser,
        outcome: 'ok',
        paths: files.map(file => file.path),
        latencyMs: 1,
        findings: defects
          .filter(each => each.claimedBy === analyser && files.some(file => file.path === each.path))
          .map(({ path, text, line }) =>
            candidateOf({ path, quote: text, lineHint: line, source: `${analyser}/rule` }),
          ),
      })),
    close: async () => {},
  }
  const take = async (configuration: Configuration, script: Script, analysers = knowing) => {
    const id = await release(configuration)
    await order('smoke', id)
    await takeOrders({ ...world.deps, analysers, models: fakeModels(script) }, signal)
    return resultOf<SmokeResult>('smoke', id)
  }
  const none: Script = async () => ({ findings: [] })

  it('of the real analysers passes, every defect that they claim found and nothing in clean code', async () => {
    const result = await take(analysersOnly, none, analysers)
    expect(result).toMatchObject({ passed: true, version: 1 })
    const claimed = defects.filter(defect => defect.claimedBy !== 'model').map(defect => defect.what)
    expect(result?.cases.flatMap(each => each.found).toSorted()).toEqual(claimed.toSorted())
    expect(result?.cases.every(each => each.state === 'done' && each.tries === 1)).toBe(true)
  })

  it.each<[string, Script, boolean, RegExp | null]>([
    ['that sees what is there', reviewer(() => true), true, null],
    ['that says nothing', none, false, /models found 0 of/],
    [
      'that answers nonsense',
      async () => {
        throw new Fault('model-invalid', 'nonsense', { retry: 'never' })
      },
      false,
      /model-invalid/,
    ],
  ])('with a model %s passes or fails by it', async (_what, script, passed, why) => {
    const result = await take(withModels, script)
    expect(result?.passed).toBe(passed)
    if (why !== null) expect(result?.why).toMatch(why)
  })

  it('that meets an outage stays open, is tried again later, and fails after a day', async () => {
    const id = await release(withModels)
    await order('smoke', id)
    const down = fakeModels(async () => {
      throw new Fault('model-unavailable', 'down', { retry: 'later' })
    })
    const deps = { ...world.deps, analysers: knowing, models: down }
    await takeOrders(deps, signal)
    expect(await resultOf('smoke', id)).toBeNull()
    const asked = down.asked.length
    await takeOrders(deps, signal)
    expect(down.asked).toHaveLength(asked)
    world.pass(6 * 60_000)
    await takeOrders({ ...deps, models: fakeModels(reviewer(() => true)) }, signal)
    expect(await resultOf('smoke', id)).toMatchObject({ passed: true })

    const late = await release(withModels)
    await order('smoke', late)
    await world.owner.query(
      `update production.orders set ordered_at = now() - interval '25 hours' where id = $1`,
      [`smoke:${late}`],
    )
    await takeOrders(deps, signal)
    expect(await resultOf('smoke', late)).toMatchObject({
      passed: false,
      why: expect.stringMatching(/model-unavail/),
    })
  })

  it('is paid from a purse of its own, and waits when that is empty', async () => {
    await world.owner.query(
      `insert into production.budgets (day, scope, subject, usd)
       select (now() at time zone 'UTC')::date + g, 'installation', '0', 5 from generate_series(0, 1) g
       on conflict (day, scope, subject) do update set usd = 5`,
    )
    const models = fakeModels(reviewer(() => true))
    const id = await release(withModels)
    await order('smoke', id)
    await takeOrders({ ...world.deps, analysers: knowing, models }, signal)
    expect(models.asked).toEqual([])
    expect(await resultOf('smoke', id)).toBeNull()
    await world.owner.query(`delete from production.budgets where subject = '0'`)
  })

  it('of a configuration that this version cannot read fails', async () => {
    const id = await release({ ...genesisConfiguration, prompt: 'review@99' })
    await order('smoke', id)
    await takeOrders(world.deps, signal)
    expect(await resultOf('smoke', id)).toMatchObject({ passed: false, cases: [] })
  })

  it('is taken by one worker, whose word stands', async () => {
    const id = await release({ ...genesisConfiguration, prompt: 'review@98' })
    await order('smoke', id)
    await world.deps.orders.whileHeld(`smoke:${id}`, () => takeOrders(world.deps, signal))
    expect(await resultOf('smoke', id)).toBeNull()
    await takeOrders(world.deps, signal)
    expect(await world.deps.orders.finish(`smoke:${id}`, { passed: true })).toBe(false)
    expect(await resultOf('smoke', id)).toMatchObject({ passed: false })
  })
})

describe('a withdrawal', () => {
  const minimised = (at: { id: number }) =>
    [...world.github.state.reviewComments.values()]
      .filter(one => one.pull.repo.id === at.id && one.author.login === 'cupel[bot]')
      .map(one => one.minimised ?? null)
  const rollBack = (id: string) =>
    world.owner.query(
      `insert into production.release_steps (release_id, step, share, reason, actor) values ($1, 'failed', 0, 'r', 'gate')`,
      [id],
    )
  const bugs = 'const a = 1\nconst b = BUG\nconst c = 3\nconst d = 4\nconst e = BUG + 1\n'

  it('folds the open comments of its release alone, as outdated, and counts them', async () => {
    const kept = await openPull(world, { 'src/a.ts': bugs })
    const id = await release(genesisConfiguration, 'full', 1)
    const folded = await openPull(world, { 'src/a.ts': bugs })
    const [, second] = folded.comments()
    await world.github.control.resolve({ thread: second ?? 0, by: 'cara' })
    await world.work()
    await rollBack(id)
    await order('withdraw', id)
    await takeOrders(world.deps, signal)
    expect(await resultOf('withdraw', id)).toEqual({ reviews: 1, comments: 1 })
    expect([minimised(kept), minimised(folded)]).toEqual([
      [null, null],
      ['OUTDATED', null],
    ])

    // The release in its place looks at everything again, and may raise what was folded.
    await folded.push({ 'src/a.ts': `${bugs}const f = 6\n` })
    const rows = await world.owner.query<{ release_id: string; fingerprint: string }>(
      `select r.release_id, f.fingerprint from production.review_findings f
       join production.code_reviews r on r.id = f.code_review_id
       where r.repository_id = $1 and f.state = 'inline' and r.state = 'done' order by r.created_at`,
      [folded.id],
    )
    expect(rows.rows.filter(row => row.release_id === 'genesis').length).toBeGreaterThan(0)
  })

  it('that was cut off goes on where it was, and counts what was folded before', async () => {
    const id = await release(genesisConfiguration, 'full', 1)
    const [one, two] = [await openPull(world, { 'a.ts': bugs }), await openPull(world, { 'b.ts': bugs })]
    await rollBack(id)
    await order('withdraw', id)
    const { orders } = world.deps
    const killed = {
      ...world.deps,
      orders: {
        ...orders,
        markWithdrawn: async () => {
          throw new Fault('database-unavailable', 'killed', { retry: 'soon' })
        },
      },
    }
    await takeOrders(killed, signal)
    expect(await resultOf('withdraw', id)).toBeNull()
    await takeOrders(world.deps, signal)
    expect(await resultOf('withdraw', id)).toEqual({ reviews: 2, comments: 4 })
    expect([...minimised(one), ...minimised(two)]).toEqual(Array(4).fill('OUTDATED'))
    const calls = world.github.requests.length
    await takeOrders(world.deps, signal)
    expect(world.github.requests).toHaveLength(calls)
    world.errors.length = 0
  })

  it('waits for a review of its release that may still post, and gives up on a repository that is gone', async () => {
    const id = await release(genesisConfiguration, 'full', 1)
    const gone = await openPull(world, { 'a.ts': bugs })
    await rollBack(id)
    await order('withdraw', id)
    await world.owner.query(
      `insert into production.code_reviews (id, installation_id, repository_id, owner, repo, number, head_sha, release_id,
         occasion, created_at, due_at) values ('underway', 1, 1, 'acme', 'app', 1, 'a', $1, 'push', now(), now())`,
      [id],
    )
    world.github.faults.add({ path: 'graphql', answer: { status: 404, body: { message: 'Not Found' } } })
    await takeOrders(world.deps, signal)
    expect(await resultOf('withdraw', id)).toBeNull()
    await world.owner.query(
      `update production.code_reviews set finished_at = now(), state = 'failed' where id = 'underway'`,
    )
    await takeOrders(world.deps, signal)
    expect(await resultOf('withdraw', id)).toEqual({ reviews: 1, comments: 0 })
    expect(minimised(gone)).toEqual([null, null])
    world.errors.length = 0
  })
})
