import { afterAll, beforeAll, expect, it } from 'vitest'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'
import { callsSince, openPull, setup, type Host, type Setup } from './setup.ts'

let world: Setup
let host: Host
let ref: PullRequestRef

beforeAll(async () => {
  world = await setup()
  host = await world.host()
  ;({ ref } = await openPull(world, 'shop'))
  await push(98)
})
afterAll(() => world?.close())

/** 100 files with the two that the pull request begins with. */
const push = async (count: number, text = 'x\n') => {
  const paths = Array.from({ length: count }, (_, index) => `src/${index}.ts`)
  await world.github.control.commit({
    repo: 'acme/shop',
    branch: 'work',
    files: Object.fromEntries(paths.map(path => [path, text])),
    message: 'Push',
    author: 'ann',
  })
}

const finding = { path: 'a.txt', side: 'RIGHT', startLine: 2, line: 2 } as const
const outcome = (count: number) => ({
  conclusion: 'neutral' as const,
  title: 't',
  summary: 's',
  annotations: Array.from({ length: count }, () => ({
    path: 'a.txt',
    startLine: 2,
    endLine: 2,
    level: 'warning' as const,
    title: 't',
    message: 'm',
  })),
})

const REPO = '/repos/acme/shop'

it('makes at most 8 calls for a first review of 100 files, the comments’ ids included', async () => {
  const mark = world.github.requests.length
  const view = await host.reader.pullRequest(ref)
  const { files } = await host.reader.files(ref)
  expect(files).toHaveLength(100)
  await host.reader.blobs(
    ref,
    view.headSha,
    files.map(file => file.path),
  )
  const { checkId } = await host.writer.startCheck(ref, view.headSha, 'first')
  const { reviewId } = await host.writer.postReview(ref, {
    headSha: view.headSha,
    body: 'first',
    comments: [{ ...finding, body: '<!-- cupel:finding:abc -->' }],
  })
  expect(await host.writer.reviewComments(ref, reviewId)).toHaveLength(1)
  await host.writer.putSummary(ref, view.summaryCommentId, '<!-- cupel:summary -->')
  await host.writer.finishCheck(ref, checkId, outcome(20))
  expect(callsSince(world.github, mark)).toEqual([
    'POST /graphql',
    `GET ${REPO}/pulls/1/files`,
    'POST /graphql',
    `POST ${REPO}/check-runs`,
    `POST ${REPO}/pulls/1/reviews`,
    expect.stringContaining('/comments'),
    `POST ${REPO}/issues/1/comments`,
    expect.stringMatching(/^PATCH .*\/check-runs\//),
  ])
})

it('makes at most 8 calls for a push that fixes threads, and learns the head from resolving them', async () => {
  await push(98, 'y\n')
  const mark = world.github.requests.length
  const view = await host.reader.pullRequest(ref)
  const { files } = await host.reader.files(ref)
  await host.reader.blobs(
    ref,
    view.headSha,
    files.map(file => file.path),
  )
  const { checkId } = await host.writer.startCheck(ref, view.headSha, 'push')
  const own = view.ownThreads.map(thread => thread.id)
  expect(await host.writer.resolveThreads(ref, own)).toEqual({ headSha: view.headSha, resolved: 1 })
  await host.writer.postReview(ref, { headSha: view.headSha, body: 'push', comments: [] })
  await host.writer.putSummary(ref, view.summaryCommentId, 'new <!-- cupel:summary -->')
  await host.writer.finishCheck(ref, checkId, outcome(50))
  expect(callsSince(world.github, mark)).toHaveLength(8)
})

it('asks for the head and for unchanged files without spending the hourly limit', async () => {
  await host.reader.headSha(ref)
  await host.reader.files(ref)
  const mark = world.outcomes.length
  await host.reader.headSha(ref)
  await host.reader.files(ref)
  expect(world.outcomes.slice(mark)).toEqual(['headSha not-modified', 'files not-modified'])
})
