import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pacer } from '../../../src/adapters/postgres/pacer.ts'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import { testDatabase, type TestDatabase } from '../../support/database.ts'
import { callsSince, openPull, setup, type Host, type Setup } from './setup.ts'

let world: Setup
let host: Host
let ref: PullRequestRef
let headSha: string

beforeAll(async () => {
  world = await setup()
  host = await world.host()
  ;({ ref, headSha } = await openPull(world, 'shop'))
})
afterAll(() => world?.close())
beforeEach(() => {
  world.github.faults.clear()
  world.pauses.length = 0
})

const mintings = (mark: number) =>
  world.github.requests.slice(mark).filter(request => request.path.endsWith('/access_tokens')).length
const secondsUntil = (date: Date | undefined) => Math.round(((date?.getTime() ?? 0) - Date.now()) / 1000)

/** Stands still unless somebody waits. */
const standingClock = () => {
  let ms = Date.now()
  const clock: Clock = {
    now: () => new Date(ms),
    elapsed: () => ms,
    sleep: async wait => void (ms += wait),
  }
  return { clock, pass: (wait: number) => void (ms += wait) }
}

describe('a token', () => {
  const write = () => host.writer.comment(ref, 'x')
  const read = () => host.reader.headSha(ref)

  it.each([
    ['a read', read],
    ['a write', write],
  ])('that GitHub refuses is replaced once, and %s is sent again', async (_name, call) => {
    await read()
    await world.github.control.expireTokens()
    const mark = world.github.requests.length
    await call()
    expect(mintings(mark)).toBe(1)
    expect(world.github.requests.slice(mark).map(request => request.status)).toEqual([
      401,
      201,
      call === read ? 200 : 201,
    ])
  })

  it('that is refused twice is a fault that repeating does not cure', async () => {
    world.github.faults.add({ method: 'GET', times: 2, answer: { status: 401 } })
    const mark = world.github.requests.length
    await expect(read()).rejects.toMatchObject({ code: 'github-unauthorized', retry: 'never' })
    expect(mintings(mark)).toBe(1)
  })

  it('is replaced once however many requests find it refused at the same time', async () => {
    await read()
    await world.github.control.expireTokens()
    const mark = world.github.requests.length
    await Promise.all(Array.from({ length: 8 }, (_, index) => host.reader.permission(ref, `user-${index}`)))
    expect(mintings(mark)).toBe(1)
  })

  it('is asked for once by requests that start together', async () => {
    const fresh = await world.host()
    const mark = world.github.requests.length
    await Promise.all(Array.from({ length: 8 }, () => fresh.reader.headSha(ref)))
    expect(mintings(mark)).toBe(1)
  })

  it('is renewed five minutes before its hour ends, and not sooner', async () => {
    const { clock, pass } = standingClock()
    const fresh = await world.host({ clock })
    const mark = world.github.requests.length
    await fresh.reader.headSha(ref)
    pass(54 * 60_000)
    await fresh.reader.headSha(ref)
    expect(mintings(mark)).toBe(1)
    pass(2 * 60_000)
    await fresh.reader.headSha(ref)
    expect(mintings(mark)).toBe(2)
  })

  it.each([
    ['headSha', (one: Host) => one.reader.headSha(ref)],
    ['pullRequest', (one: Host) => one.reader.pullRequest(ref)],
    ['comment', (one: Host) => one.writer.comment(ref, 'never sent')],
  ])('that cannot be had is a fault of %s, and no write is ambiguous', async (_name, call) => {
    const fresh = await world.host()
    world.github.faults.add({ path: '/access_tokens', times: 3, answer: { status: 502 } })
    await expect(call(fresh)).rejects.toMatchObject({ code: 'github-unavailable', ambiguous: false })
  })

  it('is not given for a repository that left the installation', async () => {
    const { ref } = await openPull(world, 'leaving')
    await world.github.control.uninstall({ repo: 'acme/leaving' })
    await expect(host.reader.pullRequest(ref)).rejects.toMatchObject({ code: 'github-not-found' })
  })

  it.each([
    ['minted before', true],
    ['to be minted', false],
  ])('%s is refused while the installation is suspended', async (_when, before) => {
    const one = await world.host()
    if (before) await one.reader.headSha(ref)
    await world.github.control.suspend({ repo: 'acme/shop', by: 'acme' })
    await expect(one.reader.headSha(ref)).rejects.toMatchObject({ code: 'github-forbidden', retry: 'never' })
    await expect(one.reader.pullRequest(ref)).rejects.toMatchObject({ code: 'github-forbidden' })
    await world.github.control.suspend({ repo: 'acme/shop', by: 'acme', on: false })
    expect(await one.reader.headSha(ref)).toBe(headSha)
  })
})

describe('a read', () => {
  it.each([
    ['GitHub answers 500', { answer: { status: 500 } }],
    ['GitHub answers 502', { answer: { status: 502 } }],
    ['the connection breaks', { dropResponse: true }],
    ['the answer is no JSON of GitHub’s', { answer: { status: 200, body: { head: 7 } } }],
  ])('is tried three times when %s', async (_name, fault) => {
    world.github.faults.add({ method: 'GET', times: 2, ...fault })
    expect(await host.reader.headSha(ref)).toBe(headSha)
    world.github.faults.add({ method: 'GET', times: 3, ...fault })
    await expect(host.reader.headSha(ref)).rejects.toMatchObject({
      code: 'github-unavailable',
      retry: 'soon',
    })
  })

  it('over GraphQL that GitHub could not finish is tried again', async () => {
    world.github.faults.graphqlErrors([{ message: 'Something went wrong while executing your query.' }])
    expect((await host.reader.pullRequest(ref)).headSha).toBe(headSha)
  })
})

describe('a limit', () => {
  const inTen = () => new Date(Date.now() + 600_000)
  it.each([
    [
      'secondary, 403, with retry-after',
      30,
      (w: Setup) => w.github.faults.secondaryLimit({ retryAfterSeconds: 30 }),
    ],
    [
      'secondary, 429, with retry-after',
      7,
      (w: Setup) => w.github.faults.secondaryLimit({ status: 429, retryAfterSeconds: 7 }),
    ],
    ['secondary, 403, without', 60, (w: Setup) => w.github.faults.secondaryLimit({})],
    ['secondary, 429, without', 60, (w: Setup) => w.github.faults.secondaryLimit({ status: 429 })],
    ['primary', 601, (w: Setup) => w.github.faults.primaryLimit({ resetAt: inTen() })],
  ])('%s: pauses the installation for %i s', async (_name, seconds, add) => {
    await host.reader.headSha(ref)
    add(world)
    await expect(host.reader.headSha(ref)).rejects.toMatchObject({
      code: 'github-rate-limited',
      retry: 'later',
      ambiguous: false,
    })
    expect(Math.abs(secondsUntil(world.pauses[0]) - seconds)).toBeLessThanOrEqual(1)
    expect(world.pauses).toHaveLength(1)
  })

  it('over GraphQL, answered 200, pauses until the hour is over', async () => {
    world.github.faults.primaryLimit({ path: '/graphql', resetAt: inTen() })
    await expect(host.reader.pullRequest(ref)).rejects.toMatchObject({ code: 'github-rate-limited' })
    expect(Math.abs(secondsUntil(world.pauses[0]) - 601)).toBeLessThanOrEqual(1)
  })

  it('on the way to a token pauses too', async () => {
    const fresh = await world.host()
    world.github.faults.secondaryLimit({ path: '/access_tokens', retryAfterSeconds: 20 })
    await expect(fresh.reader.pullRequest(ref)).rejects.toMatchObject({ code: 'github-rate-limited' })
    expect(world.pauses).toHaveLength(1)
  })
})

describe('a pause, kept in PostgreSQL', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database?.drop())

  const time = standingClock()
  const worker = async () => {
    const { clock } = time
    const shared = pacer(database.pool('cupel_production'), clock, clock.now)
    const one = await world.host({ clock, pacer: shared })
    await one.reader.headSha(ref)
    return one
  }

  it('holds for every worker of the installation: nothing is sent until it is over', async () => {
    const [one, other] = [await worker(), await worker()]
    world.github.faults.secondaryLimit({ retryAfterSeconds: 120 })
    await expect(one.reader.headSha(ref)).rejects.toMatchObject({ code: 'github-rate-limited' })
    const mark = world.github.requests.length
    for (const call of [
      () => one.reader.headSha(ref),
      () => other.reader.pullRequest(ref),
      () => other.reader.files(ref),
      () => other.writer.comment(ref, 'x'),
      () => other.writer.startCheck(ref, headSha, 'paused'),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'github-rate-limited', retry: 'later' })
    expect(world.github.requests).toHaveLength(mark)
    time.pass(121_000)
    expect(await other.reader.headSha(ref)).toBe(headSha)
  })

  it('gets longer each time GitHub says so again without naming a time, and short again after an answer', async () => {
    const one = await worker()
    const pausedSeconds: number[] = []
    const meet = async () => {
      world.github.faults.secondaryLimit({})
      const began = time.clock.now().getTime()
      const fault = (await one.reader.headSha(ref).catch(error => error)) as { retryAt: Date }
      pausedSeconds.push((fault.retryAt.getTime() - began) / 1000)
      time.pass(fault.retryAt.getTime() - began + 1)
    }
    for (let times = 0; times < 6; times++) await meet()
    await one.reader.headSha(ref)
    await meet()
    expect(pausedSeconds).toEqual([60, 120, 240, 480, 900, 900, 60])
  })
})

describe('GitHub Enterprise', () => {
  it('is spoken to below /api/v3, GraphQL beside it, pages included', async () => {
    const enterprise = await world.host({ basePath: '/api/v3' })
    const mark = world.github.requests.length
    expect((await enterprise.reader.pullRequest(ref)).headSha).toBe(headSha)
    expect((await enterprise.reader.files(ref)).files).toHaveLength(2)
    await enterprise.writer.comment(ref, 'from GHE')
    expect(callsSince(world.github, mark)).toEqual([
      'POST /api/graphql',
      'GET /api/v3/repos/acme/shop/pulls/1/files',
      'POST /api/v3/repos/acme/shop/issues/1/comments',
    ])
  })
})

it('sends nothing that GitHub’s description does not allow, and gets nothing else', () => {
  expect(world.github.validationErrors).toEqual([])
})
