import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'
import type { InlineComment } from '../../../src/ports/code-host.ts'
import { callsSince, openPull, setup, type Host, type Setup } from './setup.ts'

let world: Setup
let host: Host
let ref: PullRequestRef
let headSha: string
let at: { repo: string; number: number }

beforeAll(async () => {
  world = await setup()
  host = await world.host()
  ;({ ref, headSha, at } = await openPull(world, 'shop'))
})
afterAll(() => world?.close())
beforeEach(() => world.github.faults.clear())

const comment = (more: Partial<InlineComment> = {}): InlineComment => ({
  path: 'a.txt',
  side: 'RIGHT',
  startLine: 2,
  line: 2,
  body: 'note',
  ...more,
})
const reviewsWith = (marker: string) =>
  [...world.github.state.repositories.values()]
    .flatMap(repo => [...repo.pulls.values()])
    .flatMap(pull => pull.reviews)
    .filter(review => review.body.includes(marker))
const conversation = (text: string) =>
  [...world.github.state.issueComments.values()].filter(one => one.body.includes(text))

describe('posting a review', () => {
  it.each([
    ['the connection broke', { dropResponse: true }],
    ['GitHub answered 502', { answer: { status: 502 }, effect: true }],
  ])('that happened although %s is found by its mark, and there is one', async (name, fault) => {
    world.github.faults.add({ method: 'POST', path: '/reviews', ...fault })
    const marker = `cupel:review:${name}`
    const review = { headSha, body: `text ${marker}`, comments: [comment({ startLine: 1 })] }
    await expect(host.writer.postReview(ref, review)).rejects.toMatchObject({
      code: 'github-unavailable',
      ambiguous: true,
    })
    const found = await host.writer.findReview(ref, marker)
    expect(reviewsWith(marker).map(one => one.id)).toEqual([found?.reviewId])
    const comments = await host.writer.reviewComments(ref, found?.reviewId ?? 0)
    expect(comments.map(one => one.path)).toEqual(['a.txt'])
  })

  it('that GitHub never took is not found', async () => {
    world.github.faults.add({ method: 'POST', path: '/reviews', answer: { status: 502 } })
    const review = { headSha, body: 'cupel:review:never', comments: [] }
    await expect(host.writer.postReview(ref, review)).rejects.toMatchObject({ ambiguous: true })
    expect(await host.writer.findReview(ref, 'cupel:review:never')).toBeNull()
  })

  it('by somebody else with the same mark is not adopted', async () => {
    await world.github.control.review({ ...at, by: 'eve', body: 'cupel:review:forged' })
    expect(await host.writer.findReview(ref, 'cupel:review:forged')).toBeNull()
  })

  it.each([
    ['outside the diff', comment({ startLine: 99, line: 99 })],
    ['on a side that does not have the line', comment({ side: 'LEFT', startLine: 2, line: 2 })],
    ['in a file that did not change', comment({ path: 'c.txt' })],
    ['in a binary file', comment({ path: 'b.bin', startLine: 1, line: 1 })],
  ])('with a comment %s is unprocessable, never ambiguous, and posts nothing', async (name, wrong) => {
    const review = { headSha, body: `refused ${name}`, comments: [comment(), wrong] }
    await expect(host.writer.postReview(ref, review)).rejects.toMatchObject({
      code: 'github-unprocessable',
      retry: 'never',
      ambiguous: false,
    })
    expect(reviewsWith(`refused ${name}`)).toEqual([])
  })

  it('on both sides, over one line and several, is placed as asked', async () => {
    const left = await openPull(world, 'left', { files: { 'a.txt': 'zero\none\n' } })
    const { reviewId } = await host.writer.postReview(left.ref, {
      headSha: left.headSha,
      body: 'b',
      comments: [
        comment({ side: 'LEFT', startLine: 1, line: 1, body: 'gone' }),
        comment({ startLine: 1, line: 2, body: 'both' }),
      ],
    })
    const placed = [...world.github.state.reviewComments.values()].filter(one => one.review.id === reviewId)
    expect(placed.map(one => [one.body, one.side, one.startLine, one.line])).toEqual([
      ['gone', 'LEFT', null, 1],
      ['both', 'RIGHT', 1, 2],
    ])
  })

  it('with bodies longer than GitHub takes is cut, and keeps its marks', async () => {
    const body = `${'😀'.repeat(70_000)}\n<!-- cupel:review:long -->`
    const { reviewId } = await host.writer.postReview(ref, { headSha, body, comments: [comment({ body })] })
    const [posted] = reviewsWith('cupel:review:long')
    expect(posted?.id).toBe(reviewId)
    expect(posted?.body.isWellFormed()).toBe(true)
  })
})

describe('the check run', () => {
  it('whose answer was lost is adopted, by the same attempt and by the next', async () => {
    world.github.faults.add({ method: 'POST', path: '/check-runs', dropResponse: true })
    const { checkId } = await host.writer.startCheck(ref, headSha, 'key-1')
    expect(await host.writer.startCheck(ref, headSha, 'key-1', { mayExist: true })).toEqual({ checkId })
    const made = [...world.github.state.checks.values()].filter(check => check.externalId === 'key-1')
    expect(made).toHaveLength(1)
  })

  it.each([
    [0, 1],
    [50, 1],
    [51, 2],
    [101, 3],
  ])(
    'with %i annotations is finished in %i requests, the last of which completes it',
    async (count, requests) => {
      const { checkId } = await host.writer.startCheck(ref, headSha, `annotated-${count}`)
      const mark = world.github.requests.length
      await host.writer.finishCheck(ref, checkId, {
        conclusion: 'neutral',
        title: `${'x'.repeat(254)}😀😀`,
        summary: 's'.repeat(70_000),
        annotations: Array.from({ length: count }, (_, index) => ({
          path: 'a.txt',
          startLine: 1,
          endLine: 1,
          level: 'notice',
          title: `t${index}`,
          message: 'm',
        })),
      })
      expect(callsSince(world.github, mark)).toHaveLength(requests)
      const check = world.github.state.checks.get(checkId)
      expect(check).toMatchObject({ status: 'completed', conclusion: 'neutral' })
      expect(check?.output.annotations.map(one => one.title)).toEqual(
        Array.from({ length: count }, (_, index) => `t${index}`),
      )
      const sent = world.github.requests.slice(mark).map(request => request.body as { status?: string })
      expect(sent.map(body => body.status === 'completed')).toEqual(
        sent.map((_, index) => index === requests - 1),
      )
    },
  )
})

describe('comments', () => {
  it('rewrites the summary, and writes it again when somebody deleted it', async () => {
    const first = await host.writer.putSummary(ref, null, 'a <!-- cupel:summary -->')
    expect(await host.writer.putSummary(ref, first.commentId, 'b <!-- cupel:summary -->')).toEqual(first)
    expect(conversation('cupel:summary')).toMatchObject([{ body: 'b <!-- cupel:summary -->' }])
    const again = await host.writer.putSummary(ref, 999_999, 'c <!-- cupel:summary -->')
    expect(again.commentId).not.toBe(first.commentId)
  })

  it('adopts a summary and an answer whose response was lost', async () => {
    const other = await openPull(world, 'lossy')
    world.github.faults.add({ method: 'POST', path: '/comments', times: 2, dropResponse: true })
    const { commentId } = await host.writer.putSummary(other.ref, null, 'lossy <!-- cupel:summary -->')
    await host.writer.comment(other.ref, 'lossy answer')
    expect(conversation('lossy').map(one => one.body)).toEqual([
      'lossy <!-- cupel:summary -->',
      'lossy answer',
    ])
    expect(conversation('lossy')[0]?.id).toBe(commentId)
  })

  it('answers in a thread once, also when the response was lost', async () => {
    const { reviewId } = await host.writer.postReview(ref, { headSha, body: 't', comments: [comment()] })
    const [root] = await host.writer.reviewComments(ref, reviewId)
    world.github.faults.add({ method: 'POST', path: '/replies', dropResponse: true })
    await host.writer.replyInThread(ref, root?.commentId ?? 0, 'because')
    const thread = world.github.state.reviewComments.get(root?.commentId ?? 0)?.thread
    expect(thread?.comments.map(one => one.body)).toEqual(['note', 'because'])
    const reply = thread?.comments[1]?.id ?? 0
    await expect(host.writer.replyInThread(ref, reply, 'no')).rejects.toMatchObject({
      code: 'github-unprocessable',
    })
  })

  it('reacts once however often it is told to', async () => {
    const { commentId } = await host.writer.putSummary(ref, null, 'x <!-- cupel:summary -->')
    const target = { kind: 'issue-comment', id: commentId } as const
    await host.writer.react(ref, target, 'eyes')
    await host.writer.react(ref, target, 'eyes')
    expect(world.github.state.issueComments.get(commentId)?.reactions).toHaveLength(1)
  })
})

describe('resolving threads', () => {
  const ownThread = async (world: Setup, host: Host, name: string) => {
    const pull = await openPull(world, name)
    const body = '<!-- cupel:finding:abc -->'
    await host.writer.postReview(pull.ref, {
      headSha: pull.headSha,
      body: 'r',
      comments: [comment({ body })],
    })
    const view = await host.reader.pullRequest(pull.ref)
    return { ...pull, ids: view.ownThreads.map(thread => thread.id) }
  }

  it('skips what is unknown, and resolving twice is resolving once', async () => {
    const own = await ownThread(world, host, 'fixed')
    const ids = [...own.ids, 'PRRT_unknown']
    expect(await host.writer.resolveThreads(own.ref, ids)).toEqual({ headSha: own.headSha, resolved: 1 })
    expect(await host.writer.resolveThreads(own.ref, ids)).toEqual({ headSha: own.headSha, resolved: 1 })
    expect(await host.writer.resolveThreads(own.ref, [])).toEqual({ headSha: own.headSha, resolved: 0 })
  })

  it('without contents: write leaves them open, says so in the log, and still brings the head', async () => {
    const narrow = await setup({
      permissions: {
        checks: 'write',
        contents: 'read',
        issues: 'write',
        metadata: 'read',
        pull_requests: 'write',
      },
    })
    const narrowHost = await narrow.host()
    const own = await ownThread(narrow, narrowHost, 'narrow')
    expect(await narrowHost.writer.resolveThreads(own.ref, own.ids)).toEqual({
      headSha: own.headSha,
      resolved: 0,
    })
    expect(narrow.warnings).toEqual([expect.stringContaining('contents: write')])
    expect((await narrowHost.reader.pullRequest(own.ref)).ownThreads[0]?.resolved).toBe(false)
    await narrow.close()
  })

  it('is all that a token which may write contents is used for', () => {
    const tokens = [...world.github.state.tokens.values()]
    const asked = new Set(tokens.map(token => JSON.stringify(token.permissions)))
    expect(asked).toEqual(
      new Set([
        JSON.stringify({
          checks: 'write',
          contents: 'read',
          issues: 'write',
          metadata: 'read',
          pull_requests: 'write',
        }),
        JSON.stringify({ contents: 'write', metadata: 'read', pull_requests: 'write' }),
      ]),
    )
    expect(tokens.every(token => token.repositoryIds?.size === 1)).toBe(true)
  })
})

it('sends nothing that GitHub’s description does not allow, and gets nothing else', () => {
  expect(world.github.validationErrors).toEqual([])
})
