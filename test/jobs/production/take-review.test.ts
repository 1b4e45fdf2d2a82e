import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sweepRequests } from '../../../jobs/production/sweep.ts'
import { giveUpReview, takeReview } from '../../../jobs/production/take-review.ts'
import { Fault } from '../../../src/core/fault.ts'
import { genesisModelsConfiguration } from '../../../src/core/genesis.ts'
import { see } from '../../e2e/repository.ts'
import { fakeAnalysers, fakeModels } from '../../support/fakes.ts'
import { startJobs, type JobWorld } from './setup.ts'

let world: JobWorld
beforeAll(async () => {
  world = await startJobs()
})
afterAll(() => world?.close())
afterEach(() => expect(world.github.validationErrors).toEqual([]))

const signal = new AbortController().signal
const rowsOf = async (repositoryId: number) =>
  (
    await world.owner.query<{ state: string; conclusion: string; detail: string }>(
      'select state, conclusion, detail from production.code_reviews where repository_id = $1',
      [repositoryId],
    )
  ).rows
const outcomeOf = async (requestId: string) =>
  (
    await world.owner.query<{ outcome: string | null }>(
      'select outcome from production.review_requests where id = $1',
      [requestId],
    )
  ).rows[0]?.outcome
const forbidden = { status: 403, body: { message: 'Resource not accessible by integration' } }

describe('taking a review', () => {
  it('of which every analyser failed ends neutral, with nothing reviewed', async () => {
    const at = await world.asked()
    const failed = ['oxlint', 'ruff', 'secretlint', 'actionlint', 'ast-grep'] as const
    const analysers = fakeAnalysers(
      failed.map(analyser => ({
        analyser,
        outcome: 'failed',
        fault: 'analyser-failed',
        paths: ['src/a.ts'],
        findings: [],
        latencyMs: 1,
      })),
    )
    await takeReview({ ...world.deps, analysers }, at.requestId, signal)
    expect(see(world, at)).toMatchObject({
      reviews: [],
      summaries: [{ body: expect.stringContaining('Nothing was reviewed') }],
      checks: [{ status: 'completed', conclusion: 'neutral', title: 'Nothing reviewed' }],
    })
    expect(await rowsOf(at.repositoryId)).toEqual([
      { state: 'done', conclusion: 'neutral', detail: 'Nothing reviewed' },
    ])
  })

  it('while another holds the pull request puts the job off and keeps the request', async () => {
    const at = await world.asked()
    await world.deps.locks.withPullRequest(at.repositoryId, at.number, async () => {
      await expect(takeReview(world.deps, at.requestId, signal)).rejects.toMatchObject({
        code: 'superseded',
        retry: 'soon',
      })
    })
    expect(await outcomeOf(at.requestId)).toBeNull()
  })

  it('of a request that has ended, or was forgotten, does nothing', async () => {
    const at = await world.asked()
    await takeReview(world.deps, at.requestId, signal)
    const calls = world.github.requests.length
    await takeReview(world.deps, at.requestId, signal)
    await takeReview(world.deps, 'review/unknown', signal)
    expect(world.github.requests).toHaveLength(calls)
  })

  it('that was begun before the pull request was closed ends its check run', async () => {
    const at = await world.asked()
    const request = await world.deps.requests.get(at.requestId)
    if (!request) throw new Error('it was asked for')
    const row = await world.deps.reviews.open({ ...request, releaseId: 'genesis' }, new Date())
    const { checkId } = await world.deps.writer.startCheck(request, request.headSha, row.id)
    await world.deps.reviews.saveCheck(row.id, checkId)
    await world.github.control.close({ ...at, by: 'ada' })
    await takeReview(world.deps, at.requestId, signal)
    expect(see(world, at).checks).toEqual([
      expect.objectContaining({
        status: 'completed',
        conclusion: 'cancelled',
        summary: 'Not finished: the pull request was closed.',
      }),
    ])
  })
})

describe('giving a review up', () => {
  it('that failed while its check run was being started leaves no second one', async () => {
    const at = await world.asked()
    world.github.faults.add({ path: `${at.repo}/pulls/1/files`, answer: forbidden })
    world.github.faults.add({ path: `${at.repo}/check-runs`, delayMs: 200 })
    const failed: unknown = await takeReview(world.deps, at.requestId, signal).catch(
      (error: unknown) => error,
    )
    await giveUpReview(world.deps, at.requestId, failed)
    expect(see(world, at).checks).toEqual([
      expect.objectContaining({ status: 'completed', title: 'Review failed, nothing is cleared' }),
    ])
  })

  const fault = new Fault('github-unavailable', 'GitHub did not answer', { retry: 'soon' })

  it('leaves a check run that clears nothing and a row that says why, also when no attempt came so far', async () => {
    const at = await world.asked()
    await giveUpReview(world.deps, at.requestId, fault)
    expect(see(world, at).checks).toEqual([
      expect.objectContaining({
        status: 'completed',
        conclusion: 'neutral',
        title: 'Review failed, nothing is cleared',
      }),
    ])
    expect(await rowsOf(at.repositoryId)).toEqual([
      { state: 'failed', conclusion: 'neutral', detail: 'github-unavailable: GitHub did not answer' },
    ])
    expect(await outcomeOf(at.requestId)).toBe('failed: github-unavailable')
  })

  it('ends the request all the same when GitHub forbids the check run', async () => {
    const at = await world.asked()
    world.github.faults.add({ path: `${at.repo}/check-runs`, answer: forbidden, times: 9 })
    await giveUpReview(world.deps, at.requestId, fault)
    expect(await rowsOf(at.repositoryId)).toMatchObject([{ state: 'failed' }])
    expect(await outcomeOf(at.requestId)).toBe('failed: github-unavailable')
  })

  it('is tried again by the sweep while GitHub does not answer at all, or another is at work', async () => {
    const at = await world.asked()
    world.github.faults.add({ path: `${at.repo}/check-runs`, answer: { status: 502 }, times: 99 })
    await expect(giveUpReview(world.deps, at.requestId, fault)).rejects.toMatchObject({
      code: 'github-unavailable',
    })
    world.github.faults.clear()
    await world.deps.locks.withPullRequest(at.repositoryId, at.number, () =>
      giveUpReview(world.deps, at.requestId, fault),
    )
    expect(await outcomeOf(at.requestId)).toBeNull()
    world.jobs.length = 0
    await sweepRequests(world.deps, 0)
    expect(world.jobs).toContain(at.requestId)
    await takeReview(world.deps, at.requestId, signal)
    expect(see(world, at).checks).toEqual([expect.objectContaining({ status: 'completed' })])
    expect(await rowsOf(at.repositoryId)).toMatchObject([{ state: 'done' }])
  })
})

it('the sweep makes no job for a review that is not due yet, or ended', async () => {
  const [ended, waiting] = [await world.asked(), await world.asked()]
  await takeReview(world.deps, ended.requestId, signal)
  world.jobs.length = 0
  await sweepRequests(world.deps, 60_000)
  expect(world.jobs).not.toContain(waiting.requestId)
  await sweepRequests(world.deps, 0)
  expect(world.jobs).toContain(waiting.requestId)
  expect(world.jobs).not.toContain(ended.requestId)
})

it('near a limit the cheaper model is asked alone, and that is not taken for the whole review', async () => {
  const configuration = genesisModelsConfiguration({ openai: 'gpt-6.1-terra', anthropic: null })
  if (!configuration) throw new Error('there is a model')
  await world.deps.releases.installGenesisModels(configuration)
  const models = fakeModels(async () => ({ findings: [] }))
  const at = await world.asked()
  await takeReview({ ...world.deps, models, softShare: 0 }, at.requestId, signal)
  expect(models.asked.map(({ choice }) => choice.model)).toEqual(['cheap'])
  expect(see(world, at)).toMatchObject({
    summaries: [{ body: expect.stringContaining('spared: a budget is nearly used up') }],
    checks: [{ conclusion: 'neutral' }],
  })
})

it('a review whose day’s money is spent asks no model, and its check run is not green', async () => {
  const configuration = genesisModelsConfiguration({ openai: 'gpt-6.1-terra', anthropic: null })
  if (!configuration) throw new Error('there is a model')
  await world.deps.releases.installGenesisModels(configuration)
  const models = fakeModels(async () => ({ findings: [] }))
  const at = await world.asked()
  const poor = { ...world.deps, models, dailyUsd: { installationUsd: 20, repositoryUsd: 10, authorUsd: 0 } }
  await takeReview(poor, at.requestId, signal)
  expect(models.asked).toEqual([])
  expect(see(world, at)).toMatchObject({
    summaries: [{ body: expect.stringContaining('budget-exhausted') }],
    checks: [{ conclusion: 'neutral' }],
  })
})

it('a review that a release had begun before it was rolled back is done by the one in its place, once', async () => {
  const at = await world.asked()
  const request = await world.deps.requests.get(at.requestId)
  if (!request) throw new Error('it was asked for')
  await world.owner.query(
    `insert into production.releases (id, kind, configuration_id, configuration, verdict_id)
     select 'rolled-back', 'promoted', configuration_id, configuration, 'v' from production.releases where id = 'genesis'`,
  )
  await world.owner.query(
    `insert into production.release_steps (release_id, step, share, reason, actor) values ('rolled-back', 'failed', 0, 'r', 'gate')`,
  )
  const row = await world.deps.reviews.open({ ...request, releaseId: 'rolled-back' }, new Date())
  await world.deps.writer.startCheck(request, request.headSha, row.id)
  await takeReview(world.deps, at.requestId, signal)
  expect(see(world, at).checks.map(({ status, conclusion }) => [status, conclusion])).toEqual([
    ['completed', 'cancelled'],
    ['completed', 'neutral'],
  ])
  expect(await rowsOf(at.repositoryId)).toMatchObject([
    { state: 'superseded', detail: 'release genesis-models reviews in its place' },
    { state: 'done' },
  ])
})
