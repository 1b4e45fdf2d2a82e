import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { queuedReviews } from './queued-reviews.ts'
import { createRepository, places, reviewed, see } from './repository.ts'
import { cleanCode, firstFixed, twoDefects } from './samples.ts'
import { until } from './until.ts'
import { expectHonestWork, startWorld, type World } from './world.ts'

describe('a pull request', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ backend: 'postgres' })
  })
  afterAll(() => world?.close())
  afterEach(() => expectHonestWork(world))

  queuedReviews(() => world)

  it.concurrent('that is clean gets no review, but a summary and a green check', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': cleanCode })
    await repository.settled()
    const seen = see(world, at)
    expect(seen.reviews).toEqual([])
    expect(seen.summaries).toEqual([
      expect.objectContaining({ body: expect.stringContaining('No findings') }),
    ])
    expect(seen.checks).toEqual([expect.objectContaining({ status: 'completed', conclusion: 'success' })])
  })

  it.concurrent('of 100 files takes at most 8 calls of GitHub, and so does a push to it', async () => {
    const repository = await createRepository(world)
    const files = Array.from({ length: 100 }, (_, index) => [
      `src/f${index}.ts`,
      index === 7 ? twoDefects : cleanCode,
    ])
    const at = await repository.open(Object.fromEntries(files))
    await reviewed(world, at)
    await repository.settled()
    const first = repository.requests().length
    expect(first).toBeLessThanOrEqual(8)
    await repository.calm()
    await repository.commit(at.branch, { 'src/f7.ts': firstFixed, 'src/f8.ts': twoDefects })
    await repository.settled()
    expect(places(see(world, at))).toEqual(['src/f7.ts:2', 'src/f7.ts:7', 'src/f8.ts:2', 'src/f8.ts:7'])
    expect(repository.requests().length - first).toBeLessThanOrEqual(8)
  })

  it.concurrent('that is pushed to: the fixed thread is resolved, nothing is repeated, the summary stays one', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects })
    await reviewed(world, at)
    await repository.settled()
    const [summary] = see(world, at).summaries
    await repository.calm()
    await repository.commit(at.branch, {
      'src/a.ts': `${firstFixed}\nexport const never = (n: number): boolean => n === NaN\n`,
    })
    await repository.settled()
    const seen = see(world, at)
    expect(seen.findings.map(({ line, resolved }) => [line, resolved])).toEqual([
      [2, true],
      [7, false],
      [11, false],
    ])
    expect(seen.reviews).toHaveLength(2)
    expect(seen.summaries.map(each => each.id)).toEqual([summary?.id])
    expect(seen.summaries[0]?.body).not.toBe(summary?.body)
  })

  it.concurrent('that is a draft is skipped with the reason, and reviewed when it is ready', async () => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects }, { draft: true })
    await repository.settled()
    expect(see(world, at)).toMatchObject({
      reviews: [],
      summaries: [],
      checks: [
        {
          status: 'completed',
          conclusion: 'skipped',
          summary: expect.stringContaining('Drafts are not reviewed'),
        },
      ],
    })
    await repository.calm()
    await world.github.control.edit({ ...at, by: 'ada', draft: false })
    await repository.settled()
    const seen = see(world, at)
    expect(places(seen)).toEqual(['src/a.ts:2', 'src/a.ts:7'])
    expect(seen.checks).toEqual([expect.objectContaining({ conclusion: 'neutral' })])
  })

  it.concurrent('follows its labels: one skips it, one forces the review of a draft', async () => {
    const repository = await createRepository(world)
    const { control } = world.github
    const skipped = await repository.open({ 'src/a.ts': twoDefects }, { draft: true })
    const forced = await repository.open({ 'src/b.ts': twoDefects }, { draft: true })
    await repository.settled()
    await repository.calm()
    await control.label({ ...skipped, by: 'ada', name: 'cupel: skip' })
    await control.label({ ...forced, by: 'ada', name: 'unrelated' })
    await repository.settled()
    expect(see(world, forced).reviews).toEqual([])
    await repository.calm()
    await control.edit({ ...skipped, by: 'ada', draft: false })
    await control.label({ ...forced, by: 'ada', name: 'cupel: review' })
    await repository.settled()
    expect(see(world, skipped).reviews).toEqual([])
    expect(see(world, skipped).checks.find(check => check.headSha === skipped.headSha)).toMatchObject({
      conclusion: 'skipped',
      summary: expect.stringContaining('label'),
    })
    expect(places(see(world, forced))).toEqual(['src/b.ts:2', 'src/b.ts:7'])
  })

  it.concurrent('by a bot is skipped with the reason', async () => {
    const repository = await createRepository(world, {}, { 'updater[bot]': 'write' })
    const author = world.github.state.users.get('updater[bot]')
    if (author) author.type = 'Bot'
    const at = await repository.open({ 'src/a.ts': twoDefects }, { author: 'updater[bot]' })
    await repository.settled()
    expect(see(world, at)).toMatchObject({
      reviews: [],
      checks: [{ conclusion: 'skipped', summary: expect.stringContaining('bots') }],
    })
  })

  it.concurrent('is reviewed by the configuration of its base, whose mistakes the summary names', async () => {
    const repository = await createRepository(world, {
      '.github/cupel.yml': 'paths:\n  exclude: [vendor/]\nseverity_flor: high\n',
    })
    const at = await repository.open({
      '.github/cupel.yml': 'enabled: false\n',
      'vendor/a.ts': twoDefects,
      'src/a.ts': twoDefects,
    })
    await repository.settled()
    const seen = see(world, at)
    expect(places(seen)).toEqual(['src/a.ts:2', 'src/a.ts:7'])
    expect(seen.summaries[0]?.body).toMatch(/line 3.*severity_flor.*severity_floor/)
  })

  it.concurrent.each(['the repository', 'a fork'])(
    'whose check is asked for again gets a new one, also from %s',
    async where => {
      const repository = await createRepository(world)
      const { control } = world.github
      let at = { repo: repository.repo, number: 1 }
      if (where === 'a fork') {
        const fork = await control.fork({ repo: repository.repo, owner: `forker-of-${repository.id}` })
        await control.commit({
          repo: fork.repo,
          branch: 'topic',
          from: 'main',
          files: { 'src/a.ts': twoDefects },
          message: 'Change',
          author: 'eve',
        })
        at = await control.openPullRequest({
          repo: repository.repo,
          head: `${fork.repo.split('/')[0]}:topic`,
          title: 'Change',
          author: 'eve',
        })
      } else at = await repository.open({ 'src/a.ts': twoDefects })
      await repository.settled()
      const first = see(world, at)
      expect(places(first)).toEqual(['src/a.ts:2', 'src/a.ts:7'])
      const check = [...world.github.state.checks.values()].find(each => each.repo.id === repository.id)
      await control.rerequestCheck({ checkId: check?.id ?? 0, by: 'ada' })
      await repository.settled()
      const seen = see(world, at)
      expect(seen.checks.map(each => each.status)).toEqual(['completed', 'completed'])
      expect(seen.checks[1]?.conclusion).toBe('neutral')
      expect(seen.findings).toEqual(first.findings)
      expect(seen.summaries).toHaveLength(1)
    },
  )

  it.concurrent.each([
    ['the App is uninstalled', true],
    ['the repository is taken from the App', false],
  ])('is forgotten when %s', async (_, whole) => {
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects })
    await reviewed(world, at)
    await repository.settled()
    await world.github.control.uninstall({ repo: repository.repo, whole })
    const kept = () =>
      repository.rows<{ rows: number }>(
        `select (select count(*) from production.pull_requests where repository_id = $1)
           + (select count(*) from production.code_reviews where repository_id = $1)
           + (select count(*) from production.review_requests where repository_id = $1)
           + (select count(*) from production.deliveries where repository_id = $1)
           + (select count(*) from production.review_findings f
              where not exists (select from production.code_reviews r where r.id = f.code_review_id)) as rows`,
      )
    await until('its rows are gone', async () => Number((await kept())[0]?.rows) === 0, {
      context: world.log,
    })
  })

  it.concurrent('is only ever commented on, and GitHub refuses none of Cupel’s requests', async () => {
    const repository = await createRepository(world)
    await repository.open({ 'src/a.ts': twoDefects })
    await repository.settled()
    const posts = repository
      .requests()
      .filter(request => request.method === 'POST' && request.path.endsWith('/reviews'))
    expect(posts.map(post => (post.body as { event: string }).event)).toEqual(['COMMENT'])
    expect(repository.requests().filter(request => request.status >= 400)).toEqual([])
  })
})
