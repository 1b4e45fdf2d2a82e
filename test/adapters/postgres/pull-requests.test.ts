import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type pg from 'pg'
import { commands } from '../../../src/adapters/postgres/commands.ts'
import { deliveryIntake } from '../../../src/adapters/postgres/delivery-intake.ts'
import { pullRequests } from '../../../src/adapters/postgres/pull-requests.ts'
import { followed } from '../../../src/adapters/postgres/followed.ts'
import { samples } from '../../../src/adapters/postgres/samples.ts'
import { reviews } from '../../../src/adapters/postgres/reviews.ts'
import type { PullRequests } from '../../../src/ports/stores.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'

type Event = Parameters<PullRequests['observe']>[0]

let database: TestDatabase
let owner: pg.Pool
let production: pg.Pool
let store: PullRequests
beforeAll(async () => {
  database = await testDatabase()
  owner = database.pool('owner')
  production = database.pool('cupel_production', 8)
  store = pullRequests(production)
})
afterAll(() => database.drop())
beforeEach(() => owner.query('delete from production.pull_requests'))

/** `second` is the code host's time; heads are named by a letter. */
function event(second: number, head: string, more: Partial<Event> = {}): Event {
  return {
    installationId: 1,
    repositoryId: 2,
    owner: 'acme',
    repo: 'shop',
    number: 3,
    headSha: head,
    updatedAt: new Date(1_700_000_000_000 + second * 1000),
    open: true,
    ...more,
  }
}

test.each<[string, Event[], { head: string; open: boolean; last: [newHead: boolean, stale: boolean] }]>([
  ['the first event', [event(1, 'a')], { head: 'a', open: true, last: [true, false] }],
  ['the same event again', [event(1, 'a'), event(1, 'a')], { head: 'a', open: true, last: [false, false] }],
  ['a push', [event(1, 'a'), event(2, 'b')], { head: 'b', open: true, last: [true, false] }],
  ['an edit', [event(1, 'a'), event(2, 'a')], { head: 'a', open: true, last: [false, false] }],
  ['an older push, late', [event(2, 'b'), event(1, 'a')], { head: 'b', open: true, last: [false, true] }],
  [
    'an older closing, late',
    [event(2, 'a'), event(1, 'a', { open: false })],
    { head: 'a', open: true, last: [false, true] },
  ],
  [
    'a closing',
    [event(1, 'a'), event(2, 'a', { open: false })],
    { head: 'a', open: false, last: [false, false] },
  ],
  [
    'a second push in the same second',
    [event(1, 'a'), event(1, 'b')],
    { head: 'b', open: true, last: [true, false] },
  ],
  [
    'the first of two pushes of one second come again',
    [event(1, 'a'), event(1, 'b'), event(1, 'a')],
    { head: 'b', open: true, last: [false, true] },
  ],
  [
    'a push back to an earlier head',
    [event(1, 'a'), event(2, 'b'), event(3, 'a')],
    { head: 'a', open: true, last: [true, false] },
  ],
  [
    'a head of an earlier second that comes late after two in one second',
    [event(1, 'a'), event(2, 'b'), event(2, 'c'), event(1, 'a')],
    { head: 'c', open: true, last: [false, true] },
  ],
])('%s leaves the newest state', async (_what, events, { head, open, last }) => {
  let answer: Awaited<ReturnType<PullRequests['observe']>> | undefined
  for (const one of events) answer = await store.observe(one)
  expect([answer?.newHead, answer?.stale]).toEqual(last)
  expect(await store.get(2, 3)).toMatchObject({ headSha: head, open })
  expect(answer?.state).toEqual(await store.get(2, 3))
})

/** Numerical Recipes' generator: shuffles the same way in every run. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed
  const random = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
  return items
    .map(item => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'events in shuffled order, twice each, leave the last state (seed %i)',
  async seed => {
    const events = Array.from({ length: 20 }, (_, n) => event(n, `head-${n}`, { open: n !== 19 }))
    const answers = await Promise.all(shuffled([...events, ...events], seed).map(one => store.observe(one)))
    expect(await store.get(2, 3)).toMatchObject({ headSha: 'head-19', open: false })
    // Whatever the order, the last head was news exactly once.
    const last = answers.filter(({ newHead, state }) => newHead && state.headSha === 'head-19')
    expect(last).toHaveLength(1)
  },
)

test('pausing and the time of asking outlive later events', async () => {
  await store.observe(event(1, 'a'))
  await store.setPaused(2, 3, true)
  const asked = new Date(1_700_000_500_000)
  await store.markAsked(2, 3, asked)
  await store.markAsked(2, 3, new Date(asked.getTime() - 1000))
  const { state } = await store.observe(event(2, 'b', { repo: 'renamed', installationId: 9 }))
  expect(state).toMatchObject({ paused: true, lastAskedAt: asked, headSha: 'b' })
  await store.setPaused(2, 3, false)
  expect(await store.get(2, 3)).toMatchObject({ paused: false })
})

test('what was never observed is not known, and can neither be paused nor asked for', async () => {
  await store.setPaused(2, 99, true)
  await store.markAsked(2, 99, new Date())
  expect(await store.get(2, 99)).toBeNull()
})

async function everythingOf(installationId: number, repositoryId: number): Promise<void> {
  await store.observe(event(1, 'a', { installationId, repositoryId }))
  const key = { ...event(1, 'a', { installationId, repositoryId }), releaseId: 'genesis', occasion: 'push' }
  const review = await reviews(production).open(key, new Date())
  await owner.query(
    `insert into production.review_findings (code_review_id, state, position, fingerprint, path, severity, category, source, finding)
     values ($1, 'inline', 0, 'f', 'p', 'high', 'security', 's', '{}')`,
    [review.id],
  )
  await owner.query(
    `insert into production.feedback
       (repository_id, number, comment_id, kind, author_id, author_login, standing, content, given_at)
     values ($1, 3, 4, 'reply', 5, 'ann', 'author', 'wrong', now())`,
    [repositoryId],
  )
  const ref = { installationId, repositoryId, owner: 'acme', repo: 'shop', number: 3 }
  await followed(production).follow(ref, 5, new Date())
  await samples(production).submit({
    id: `${repositoryId}/3`,
    ref,
    headSha: 'a'.repeat(40),
    snapshot: '{"secret":"text"}',
    seed: 'a'.repeat(64),
    hunks: 1,
    changedLines: 1,
    language: 'Go',
    releaseId: 'genesis',
    findings: [],
    latencyMs: 5,
    degraded: false,
    usd: 0,
    prints: {},
  })
  await commands(production).take({
    commentId: repositoryId,
    repositoryId,
    number: 3,
    login: 'ann',
    text: 'help',
  })
  await deliveryIntake(database.pool('owner', 1)).insert([
    { id: `d-${repositoryId}`, event: 'ping', action: null, installationId, repositoryId, payload: '{}' },
  ])
}

async function left(): Promise<Record<string, number[]>> {
  const { rows } = await owner.query<{ name: string; repositories: number[] }>(
    `select t.name, array_agg(t.id::int order by t.id) as repositories from (
       select 'deliveries' as name, repository_id as id from production.deliveries
       union all select 'pull_requests', repository_id from production.pull_requests
       union all select 'code_reviews', repository_id from production.code_reviews
       union all select 'review_findings', r.repository_id from production.review_findings f
         join production.code_reviews r on r.id = f.code_review_id
       union all select 'feedback', repository_id from production.feedback
       union all select 'commands', repository_id from production.commands
       union all select 'followed', repository_id from production.followed
       union all select 'sampled', repository_id from production.sampled
       union all select 'texts of samples', repository_id from experiments_v1.samples where snapshot is not null
     ) t group by 1`,
  )
  return Object.fromEntries(rows.map(row => [row.name, row.repositories]))
}

test('forgetting takes everything of a repository, then of an installation, and nothing of others', async () => {
  for (const [installation, repository] of [
    [1, 11],
    [1, 12],
    [2, 21],
  ] as const)
    await everythingOf(installation, repository)
  const rows = [
    'deliveries',
    'pull_requests',
    'code_reviews',
    'review_findings',
    'feedback',
    'commands',
    'followed',
    'sampled',
  ]
  const names = [...rows, 'texts of samples']
  const all = (repositories: number[]) => Object.fromEntries(names.map(name => [name, repositories]))
  expect(await left()).toEqual(all([11, 12, 21]))
  expect(await store.forget({ installationId: 1, repositoryIds: [12, 21] })).toBe(rows.length)
  expect(await left()).toEqual(all([11, 21]))
  expect(await store.forget({ installationId: 1 })).toBe(rows.length)
  expect(await left()).toEqual(all([21]))
  expect(await store.forget({ installationId: 1 })).toBe(0)
})

test('forgetting takes the commands of a repository of which only deliveries are known', async () => {
  await commands(production).take({ commentId: 900, repositoryId: 31, number: 3, login: 'ann', text: 'help' })
  await deliveryIntake(database.pool('owner', 1)).insert([
    {
      id: 'd-31',
      event: 'issue_comment',
      action: 'created',
      installationId: 3,
      repositoryId: 31,
      payload: '{}',
    },
  ])
  expect(await store.forget({ installationId: 3 })).toBe(2)
})

test('an event that meets the forgetting of its pull request is recorded, not lost', async () => {
  await store.observe(event(5, 'e'))
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, (_, n) => store.observe(event(n % 5, `late-${n}`))),
    store.forget({ installationId: 1 }),
    ...Array.from({ length: 20 }, (_, n) => store.observe(event(n % 5, `later-${n}`))),
  ])
  expect(answers).toHaveLength(41)
  const { state } = await store.observe(event(9, 'z'))
  expect(state.headSha).toBe('z')
})
