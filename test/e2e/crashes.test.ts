import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { plantedReviewer } from '../../sandbox/models/reviewers.ts'
import { packPayload } from '../../src/adapters/postgres/delivery-payload.ts'
import { redisMissing } from '../support/redis.ts'
import { installHolds, points, type Holds } from './holds.ts'
import { createRepository, places, see, type At, type TestRepository } from './repository.ts'
import { lines } from './samples.ts'
import { until } from './until.ts'
import { expectHonestWork, startWorld, type Backend, type World } from './world.ts'

const missing = redisMissing()
const backends: Backend[] = missing === undefined ? ['postgres', 'redis'] : ['postgres']
if (missing) it.skip(missing, () => {})

/** Where a review is held: at a statement of the database, or by GitHub before the post or the end of the check. */
const holdable = [...(Object.keys(points) as (keyof typeof points)[]), 'stored', 'summary'] as const
type HeldAt = (typeof holdable)[number]

/** Held there, the answer of the model is not saved yet. */
const unsaved = new Set<HeldAt>(['check', 'examination'])

/** Only the model reviews: its calls are counted. */
const base = { '.github/cupel.yml': 'analysers: false\n' }
const answer = plantedReviewer([
  {
    path: 'src/a.ts',
    marker: 'transfer(',
    finding: {
      severity: 'high',
      category: 'correctness',
      title: 'Amount is not checked',
      body: 'It may be negative.',
    },
  },
])

describe.each(backends)('on %s, a review', backend => {
  let world: World
  let holds: Holds
  beforeAll(async () => {
    world = await startWorld({ backend, answer })
    holds = await installHolds(world)
  })
  afterAll(async () => {
    await holds?.close()
    await world?.close()
  })
  afterEach(() => expectHonestWork(world))

  const create = () => createRepository(world, base)
  /** The unique word in it is how the model's calls for one repository are told apart. */
  const change = (repository: TestRepository) => ({
    'src/a.ts': lines(`// ${word(repository)}`, 'export const pay = () => transfer(-1)'),
  })
  const open = (repository: TestRepository): Promise<At> => repository.open(change(repository))
  const states = (repository: TestRepository): Promise<{ state: string }[]> =>
    repository.rows('select state from production.code_reviews where repository_id = $1')
  const word = (repository: TestRepository): string => `repository${repository.id}end`
  const modelCalls = (repository: TestRepository): number =>
    world.models?.requests.filter(request => request.user.includes(word(repository))).length ?? 0

  const expectOneReview = async (
    repository: TestRepository,
    at: At,
    mostModelCalls: number,
  ): Promise<void> => {
    await repository.settled()
    const seen = see(world, at)
    expect(seen.reviews.map(review => review.commitId)).toEqual([at.headSha])
    expect(places(seen)).toEqual(['src/a.ts:2'])
    expect(seen.summaries).toHaveLength(1)
    expect(seen.checks.map(check => [check.status, check.conclusion])).toEqual([['completed', 'neutral']])
    expect(seen.answers).toEqual([])
    expect(modelCalls(repository)).toBeLessThanOrEqual(mostModelCalls)
    expect(modelCalls(repository)).toBeGreaterThanOrEqual(1)
    expect(await states(repository)).toEqual([{ state: 'done' }])
  }

  it('is posted once, wherever its worker is killed', async () => {
    const repositories = await Promise.all(
      [...holdable].map(async point => ({ point, repository: await create() })),
    )
    const hold = async (): Promise<void> => {
      for (const { point, repository } of repositories) {
        // Before a read, or a write that may well happen twice, GitHub's own slowness holds the worker.
        const slow = { delayMs: 8_000, times: 2 }
        if (point === 'stored')
          world.github.faults.add({ method: 'GET', path: `${repository.repo}/pulls/1`, ...slow })
        else if (point === 'summary')
          world.github.faults.add({ method: 'PATCH', path: `${repository.repo}/check-runs`, ...slow })
        else await holds.at(point, repository.id)
      }
    }
    const branches = await Promise.all(
      repositories.map(({ repository }) => repository.branch(change(repository))),
    )
    await hold()
    const cases: { point: HeldAt; repository: TestRepository; at: At }[] = []
    for (const [index, each] of repositories.entries())
      cases.push({ ...each, at: await each.repository.open(branches[index] ?? '') })
    for (const { point, repository, at } of cases) {
      if (point === 'summary')
        await until('the summary stands', () => see(world, at).summaries.length === 1, { context: world.log })
      if (point === 'stored')
        await until(
          'the examination is stored',
          async () => (await states(repository))[0]?.state === 'examined',
          {
            context: world.log,
          },
        )
    }
    await holds.reached()
    await world.worker.kill()
    await holds.abandon()
    world.github.faults.clear()
    await world.startWorker()
    for (const { repository, at, point } of cases)
      await expectOneReview(repository, at, unsaved.has(point) ? 2 : 1)
  })

  it('is not lost when nobody works while its webhook arrives', async () => {
    await world.worker.kill()
    const repository = await create()
    const at = await open(repository)
    await until(
      'the row is committed',
      async () =>
        (await repository.rows('select 1 from production.deliveries where repository_id = $1')).length > 0,
    )
    await world.startWorker()
    await expectOneReview(repository, at, 1)
  })

  it('is not lost when the web process died after committing its row', async () => {
    await world.github.control.setWebhookUrl({ url: null })
    const repository = await create()
    const at = await open(repository)
    await world.github.control.settled()
    const sent = world.github.deliveries.filter(delivery => delivery.repositoryId === repository.id)
    await world.owner.query(
      `insert into production.deliveries (id, event, action, installation_id, repository_id, payload)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[])`,
      [
        sent.map(each => each.guid),
        sent.map(each => each.event),
        sent.map(each => each.action),
        sent.map(() => repository.installationId),
        sent.map(() => repository.id),
        sent.map(each => packPayload(each.body)),
      ],
    )
    await world.github.control.setWebhookUrl({ url: world.webhookUrl })
    await expectOneReview(repository, at, 1)
  })

  // What GitHub does to a review is the same whichever queue its job came from.
  if (backend === 'postgres')
    describe('beside a failing GitHub', () => {
      it.concurrent.each([
        [
          'the answer to the review is lost',
          { method: 'POST', path: /pulls\/1\/reviews/, dropResponse: true },
        ],
        [
          'GitHub answers 502 to the review although it took it',
          { method: 'POST', path: /pulls\/1\/reviews/, answer: { status: 502 }, effect: true },
        ],
        [
          'GitHub answers 502 to the review',
          { method: 'POST', path: /pulls\/1\/reviews/, answer: { status: 502 } },
        ],
        [
          'the answer to the start of the check is lost',
          { method: 'POST', path: /check-runs/, dropResponse: true },
        ],
        [
          'GitHub answers 502 to the start of the check',
          { method: 'POST', path: /check-runs/, answer: { status: 502 } },
        ],
        [
          'the answer to the summary is lost',
          { method: 'POST', path: /issues\/1\/comments/, dropResponse: true },
        ],
        [
          'GitHub answers 502 to the summary',
          { method: 'POST', path: /issues\/1\/comments/, answer: { status: 502 } },
        ],
        [
          'the answer to the end of the check is lost',
          { method: 'PATCH', path: /check-runs/, dropResponse: true },
        ],
        [
          'GitHub answers 502 to the end of the check',
          { method: 'PATCH', path: /check-runs/, answer: { status: 502 } },
        ],
        ['every read fails once', { method: 'GET', path: /pulls/, answer: { status: 502 } }],
        ['the token is refused once', { method: 'POST', path: /pulls\/1\/reviews/, answer: { status: 401 } }],
      ])('is posted once when %s', async (_, { path, ...fault }) => {
        const repository = await create()
        world.github.faults.add({ ...fault, path: new RegExp(`${repository.repo}/.*${path.source}`) })
        await expectOneReview(repository, await open(repository), 1)
      })

      it.concurrent('whose lines GitHub refuses is posted with its findings in the body', async () => {
        const repository = await create()
        world.github.faults.add({
          method: 'POST',
          path: `${repository.repo}/pulls/1/reviews`,
          answer: {
            status: 422,
            body: { message: 'Unprocessable Entity', errors: ['Line could not be resolved'] },
          },
        })
        const at = await open(repository)
        await repository.settled()
        const seen = see(world, at)
        expect(seen.findings).toEqual([])
        expect(seen.reviews).toEqual([
          expect.objectContaining({
            body: expect.stringMatching(/src\/a\.ts:2[\s\S]*Amount is not checked/),
          }),
        ])
        expect(seen.summaries).toHaveLength(1)
        expect(seen.checks.map(check => [check.status, check.conclusion])).toEqual([['completed', 'neutral']])
      })
    })

  if (backend === 'redis')
    it('is not lost when Redis forgets everything, before its delivery was taken or before it began', async () => {
      const redis = new Redis(world.redisUrl ?? '')
      const late = await create()
      await holds.at('row', late.id)
      const lateAt = await open(late)
      await holds.reached()
      await world.worker.kill()
      await holds.abandon()
      const early = await create()
      const earlyAt = await open(early)
      await until(
        'the delivery is queued',
        async () =>
          (
            await early.rows(
              `select 1 from production.deliveries where repository_id = $1 and state = 'queued' and event = 'pull_request'`,
            )
          ).length > 0,
      )
      await redis.flushall()
      redis.disconnect()
      await world.startWorker()
      await expectOneReview(late, lateAt, 1)
      // The web process looks for queued deliveries without a job only after ten minutes.
      await world.owner.query(
        `update production.deliveries set queued_at = now() - interval '11 minutes' where state = 'queued'`,
      )
      await expectOneReview(early, earlyAt, 1)
    })
})
