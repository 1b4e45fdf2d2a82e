import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ReconcileDeps } from '../../../jobs/gate/deps.ts'
import { reconcile } from '../../../jobs/gate/reconcile.ts'
import { postAnswers } from '../../../jobs/production/answer.ts'
import { deliver } from '../../../jobs/production/deliver.ts'
import { gateMetrics } from '../../../src/adapters/prometheus/gate-metrics.ts'
import { see } from '../../e2e/repository.ts'
import { addExperiment, addRecord } from '../../support/gate-rows.ts'
import { depsOn } from '../gate/world.ts'
import { jobsWorld, openPull, type JobsWorld, type Opened } from './world.ts'

let world: JobsWorld
let gate: ReconcileDeps
let at: Opened
const { signal } = new AbortController()

beforeAll(async () => {
  world = await jobsWorld({ rate: 0 })
  await addExperiment(world.owner, 'trial-one')
  await addExperiment(world.owner, 'trial-two')
  await addRecord(world.owner, 'record-one')
  gate = {
    clock: world.deps.clock,
    log: world.deps.log,
    metrics: gateMetrics().metrics,
    refusals: new Map(),
    ...depsOn(world.database.pool('cupel_gate', 3)),
  }
  await openPull(world, { 'a.ts': 'const a = 1\n' })
  await world.github.control.createUser({ login: 'root' })
  const root = world.github.state.users.get('root')?.id
  world.deps.administrators = { has: id => id === root, refresh: async () => {} }
})
afterAll(() => world?.close())
beforeEach(async () => {
  at = await openPull(world, { 'a.ts': 'const BUG = 1\n' })
})
afterEach(() => {
  world.github.faults.clear()
  expect(world.github.validationErrors).toEqual([])
})

const answers = (): string[] => see(world, at).answers
const post = () => postAnswers(world.deps, signal)
async function say(body: string): Promise<number> {
  const { id } = await world.github.control.comment({ ...at, by: 'root', body })
  await world.work()
  return id
}
/** The gate's next turn. */
async function turn(): Promise<void> {
  expect(await reconcile(gate, signal)).toBe('done')
}
/** Of Cupel's only comment beside the summary. */
function ownComment(): { id: number; body: string } {
  const pull = [...world.github.state.issueComments.values()].filter(
    each => each.pull.repo.id === at.id && each.body.includes('cupel:answer:'),
  )
  expect(pull).toHaveLength(1)
  return { id: pull[0]?.id ?? 0, body: pull[0]?.body ?? '' }
}
async function outcomeOf(commentId: number): Promise<string | null> {
  const { rows } = await world.owner.query<{ outcome: string | null }>(
    'select outcome from production.answers where action_id = $1',
    [`comment:${commentId}`],
  )
  return rows[0]?.outcome ?? null
}

describe('the gate’s answer to a comment', () => {
  it.each([
    [
      '/cupel promote trial-one',
      /^The gate has answered `\/cupel promote trial-one`:\n\nwait \(verdict .*0 of 60 labelled/,
    ],
    [
      '/cupel quarantine trial-t it lies',
      /^The gate has answered `\/cupel quarantine trial-two`:\n\narchived as record /,
    ],
    [
      '/cupel quarantine trial-two it lies',
      /^The gate .* `\/cupel quarantine trial-two`:\n\narchived as record /,
    ],
    [
      '/cupel reevaluate record-one newer',
      /^The gate refused `\/cupel reevaluate record-one`:\n\nrecord record-one may be tried again never/,
    ],
    [
      '/cupel blacklist record-one why',
      /^The gate has answered `\/cupel blacklist record-one`:\n\nthis configuration is blacklisted/,
    ],
    ['/cupel rollback', /^The gate refused `\/cupel rollback`:\n\nthe genesis release is the last resort/],
  ])('%s takes the place of its acknowledgement, and is written once', async (body, answer) => {
    const id = await say(body)
    const acknowledged = ownComment()
    expect(acknowledged.body).toMatch(/^The gate is asked to /)
    expect(await post()).toBe(0)
    expect(ownComment()).toEqual(acknowledged)
    await turn()
    expect(await post()).toBe(1)
    expect(ownComment()).toEqual({ id: acknowledged.id, body: expect.stringMatching(answer) as string })
    expect(await outcomeOf(id)).toBe('posted')
    expect(await post()).toBe(0)
    expect(answers()).toHaveLength(1)
  })

  it('in a thread stands in the thread', async () => {
    const [thread] = at.comments()
    await world.github.control.reply({ commentId: thread ?? 0, by: 'root', body: '/cupel rollback loud' })
    await world.work()
    await turn()
    await post()
    expect(answers()).toEqual([expect.stringMatching(/^The gate refused `\/cupel rollback`/)])
  })

  it('to a command whose worker died on its way is one comment', async () => {
    const id = await say('/cupel rollback')
    const { id: own } = ownComment()
    await world.owner.query('update production.answers set comment_id = null where action_id = $1', [
      `comment:${id}`,
    ])
    await world.owner.query('update production.commands set finished_at = null where comment_id = $1', [id])
    const sent = world.github.deliveries.find(
      each => each.event === 'issue_comment' && each.body.includes(`"id":${id},`),
    )
    await deliver(world.deps, {
      name: 'issue_comment',
      deliveryId: 'again',
      payload: JSON.parse(sent?.body ?? '') as unknown,
      receivedAt: new Date(),
    })
    expect(ownComment().id).toBe(own)
    await turn()
    await post()
    expect(ownComment()).toMatchObject({
      id: own,
      body: expect.stringMatching(/^The gate refused/) as string,
    })
  })

  it('to a command that was never acknowledged is posted after half an hour, once', async () => {
    world.github.faults.add({ method: 'POST', path: /comments$/, times: 1, answer: { status: 502 } })
    await world.github.control.comment({ ...at, by: 'root', body: '/cupel rollback' })
    await expect(world.work()).rejects.toThrow('GitHub did not answer')
    await turn()
    expect(await post()).toBe(0)
    world.pass(31 * 60_000)
    world.github.faults.add({ method: 'POST', path: /comments$/, times: 1, dropResponse: true })
    expect(await post()).toBe(1)
    expect(ownComment().body).toMatch(/^The gate refused/)
    expect(await post()).toBe(0)
  })

  it.each<[string, Parameters<JobsWorld['github']['faults']['add']>[0]]>([
    ['GitHub is down', { method: 'PATCH', answer: { status: 503 } }],
    ['the answer to the writing was lost', { method: 'PATCH', dropResponse: true }],
    [
      'GitHub asks for patience',
      { method: 'PATCH', answer: { status: 429, headers: { 'retry-after': '240' } } },
    ],
  ])('when %s is written later, and no second time', async (_what, fault) => {
    const id = await say('/cupel rollback')
    await turn()
    world.github.faults.add(fault)
    expect(await post()).toBe(1)
    expect(await outcomeOf(id)).toBeNull()
    expect(await post()).toBe(0)
    world.pass(6 * 60_000)
    expect(await post()).toBe(1)
    expect(await outcomeOf(id)).toBe('posted')
    expect(ownComment().body).toMatch(/^The gate refused/)
    expect(answers()).toHaveLength(1)
  })

  it('is given up after a week of trying', async () => {
    const id = await say('/cupel rollback')
    await turn()
    world.pass(7 * 86_400_000 + 60_000)
    world.github.faults.add({ method: 'PATCH', answer: { status: 503 } })
    await post()
    expect(await outcomeOf(id)).toMatch(/^given up: github-unavailable: /)
  })

  it.each<[string, () => Promise<unknown>]>([
    ['its comment was deleted', async () => world.github.state.issueComments.delete(ownComment().id)],
    ['the App was uninstalled', () => world.github.control.uninstall({ repo: at.repo })],
  ])('is given up when %s', async (_what, undo) => {
    const id = await say('/cupel rollback')
    await turn()
    await undo()
    expect(await post()).toBe(1)
    expect(await outcomeOf(id)).toMatch(/^given up: github-not-found: /)
    world.pass(86_400_000)
    expect(await post()).toBe(0)
  })

  it('goes with its repository when the App is uninstalled', async () => {
    const id = await say('/cupel rollback')
    await turn()
    await world.github.control.uninstall({ repo: at.repo })
    await world.work()
    expect(await post()).toBe(0)
    expect(await outcomeOf(id)).toBeNull()
  })
})

it('no more than twenty are posted in a turn', async () => {
  await world.owner.query(
    `with made as (
       insert into gate.actions (id, kind, reason, actor, source, state, outcome, finished_at)
       select 'many/' || n, 'rollback', 'r', 'root', 'comment', 'refused', 'no', now() from generate_series(1, 25) n returning id
     ) insert into production.answers
         (action_id, installation_id, repository_id, owner, repo, number, form, comment_id, next_at)
       select id, 1, 1, 'nobody', 'nothing', 1, 'rollback', 1, now() from made`,
  )
  expect([await post(), await post(), await post()]).toEqual([20, 5, 0])
})

it('production learns of the gate what it asked for by comment and waits for, and nothing else', async () => {
  await world.owner.query(
    `insert into gate.actions (id, kind, reason, actor, source, state, outcome, finished_at) values
       ('a-cli', 'rollback', 'r', 'root', 'cli', 'done', 'secret', now()),
       ('not-its-own', 'rollback', 'r', 'root', 'comment', 'done', 'secret', now()),
       ('open', 'rollback', 'r', 'root', 'comment', 'open', null, null),
       ('answered', 'rollback', 'r', 'root', 'comment', 'done', 'yes', now()),
       ('posted', 'rollback', 'r', 'root', 'comment', 'done', 'yes', now())`,
  )
  const production = world.database.pool('cupel_production', 1)
  await production.query(
    `insert into production.answers (action_id, installation_id, repository_id, owner, repo, number, form, next_at, outcome, finished_at)
     select n, 1, 1, 'o', 'r', 1, 'rollback', now(), case when n = 'posted' then n end, case when n = 'posted' then now() end
     from unnest('{a-cli,open,answered,posted}'::text[]) n`,
  )
  const { rows } = await production.query('select action_id, state, outcome from production.gate_answers')
  expect(rows).toEqual([{ action_id: 'answered', state: 'done', outcome: 'yes' }])
  await world.owner.query(
    `update gate.actions set state = 'refused', outcome = 'r', finished_at = now() where id = 'open'`,
  )
})
