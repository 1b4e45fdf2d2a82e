import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { createRepository, places, reviewed, see } from './repository.ts'
import { cleanCode, twoDefects } from './samples.ts'
import { until } from './until.ts'
import type { World } from './world.ts'

/** What the queue has a part in, hence promised on each of them: one job per event, in its time, given up and repeated. */
export function queuedReviews(worldOf: () => World): void {
  it.concurrent('gets one review: comments on the planted lines, a summary and a completed check', async () => {
    const world = worldOf()
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects, 'README.md': '# app\n\nMore.\n' })
    await reviewed(world, at)
    await repository.settled()
    const seen = see(world, at)
    expect(places(seen)).toEqual(['src/a.ts:2', 'src/a.ts:7'])
    expect(seen.reviews).toEqual([
      { body: expect.stringContaining('2 findings in 1 file'), state: 'COMMENTED', commitId: at.headSha },
    ])
    expect(seen.summaries).toHaveLength(1)
    expect(seen.checks).toEqual([
      expect.objectContaining({
        headSha: at.headSha,
        status: 'completed',
        conclusion: 'neutral',
        title: expect.stringContaining('2 blocking'),
      }),
    ])
    expect(seen.answers).toEqual([])
  })

  it.concurrent('is reviewed once, however often and in whatever order its webhooks arrive', async () => {
    const world = worldOf()
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects })
    await reviewed(world, at)
    await repository.settled()
    await repository.calm()
    const second = await repository.commit(at.branch, { 'src/b.ts': twoDefects })
    await repository.settled()
    const before = see(world, at)
    expect(before.reviews.map(review => review.commitId)).toEqual([at.headSha, second])

    const sent = world.github.deliveries.filter(
      delivery => delivery.repositoryId === repository.id && delivery.event === 'pull_request',
    )
    const [opened, synchronize] = sent
    if (!opened || !synchronize) throw new Error('both were delivered')
    for (let time = 0; time < 10; time++) {
      expect(await world.send({ event: opened.event, id: opened.guid, body: opened.body })).toBe(202)
      expect(
        await world.send({ event: synchronize.event, id: synchronize.guid, body: synchronize.body }),
      ).toBe(202)
    }
    await repository.calm()
    for (const { event, body } of [synchronize, opened]) await world.send({ event, id: randomUUID(), body })
    await repository.settled()
    expect(see(world, at)).toEqual(before)
    const outcomes = await repository.rows<{ outcome: string }>(
      `select outcome from production.deliveries where repository_id = $1 and event = 'pull_request' order by received_at`,
    )
    expect(outcomes.map(row => row.outcome)).toEqual([
      'review asked for',
      'review asked for',
      'review asked for',
      'stale: a later event is known',
    ])
  })

  it.concurrent('that is pushed to three times in a row is reviewed once more, at its last head', async () => {
    const world = worldOf()
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': twoDefects })
    await reviewed(world, at)
    await repository.settled()
    const heads: string[] = []
    for (const path of ['src/b.ts', 'src/c.ts', 'src/d.ts'])
      heads.push(await repository.commit('prepared', { [path]: twoDefects }, heads.at(-1) ?? at.headSha))
    await repository.planIn(10)
    for (const sha of heads)
      await world.github.control.push({ repo: at.repo, branch: at.branch, sha, by: 'ada' })
    const last = heads.at(-1)
    await repository.settled()
    const seen = see(world, at)
    expect(seen.checks.map(check => check.headSha)).toEqual([at.headSha, last])
    expect(seen.reviews.map(review => review.commitId)).toEqual([at.headSha, last])
    expect(places(seen)).toHaveLength(8)
  })

  it.concurrent('that is force-pushed during its review: the old check is cancelled, the new head reviewed', async () => {
    const world = worldOf()
    const repository = await createRepository(world)
    world.github.faults.add({
      method: 'GET',
      path: `/repos/${repository.repo}/pulls/1/files`,
      delayMs: 5_000,
    })
    const next = await repository.commit('prepared', { 'src/z.ts': twoDefects }, 'main')
    const at = await repository.open({ 'src/a.ts': twoDefects })
    await until('the first review has begun', () => see(world, at).checks.length === 1)
    await repository.calm()
    await world.github.control.push({ repo: at.repo, branch: at.branch, sha: next, by: 'ada' })
    await repository.settled()
    const seen = see(world, at)
    expect(seen.checks.map(({ headSha, conclusion }) => [headSha, conclusion])).toEqual([
      [at.headSha, 'cancelled'],
      [next, 'neutral'],
    ])
    expect(seen.reviews.map(review => review.commitId)).toEqual([next])
    expect(places(seen)).toEqual(['src/z.ts:2', 'src/z.ts:7'])
    expect(seen.summaries).toHaveLength(1)
  })

  it.concurrent('that is closed before its review begins gets none', async () => {
    const world = worldOf()
    const repository = await createRepository(world)
    const at = await repository.open({ 'src/a.ts': cleanCode })
    await repository.settled()
    const before = see(world, at)
    const sha = await repository.commit('prepared', { 'src/b.ts': twoDefects }, at.headSha)
    await repository.planIn(10)
    await world.github.control.push({ repo: at.repo, branch: at.branch, sha, by: 'ada' })
    await world.github.control.close({ ...at, by: 'ada' })
    await repository.settled()
    expect(see(world, at)).toEqual(before)
  })
}
