import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startLocalGitHub, type LocalGitHub } from '../../../sandbox/github/server.ts'
import { codeHost } from '../../../src/adapters/github/code-host.ts'
import { installationOctokits, readBotLogin } from '../../../src/adapters/github/installation-octokits.ts'
import { createProbot } from '../../../src/adapters/github/probot.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import type { PullRequestRef } from '../../../src/core/pull-request.ts'

let dir: string
let github: LocalGitHub
let ref: PullRequestRef
let headSha: string
let host: ReturnType<typeof codeHost>
let botLogin: string
const pauses: Date[] = []
const outcomes: string[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cupel-github-'))
  const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  github = await startLocalGitHub({
    dataDir: dir,
    app: { id: 7, privateKey, slug: 'cupel', webhookUrl: null, webhookSecret: 's' },
  })
  const made = await github.control.createRepository({
    owner: 'acme',
    name: 'shop',
    files: { 'a.txt': 'one\n', 'AGENTS.md': 'be kind\n' },
    collaborators: { tia: 'triage' },
  })
  await github.control.commit({
    repo: 'acme/shop',
    branch: 'work',
    files: { 'a.txt': 'one\ntwo\n', 'b.bin': new Uint8Array([0, 255, 0]) },
    message: 'Two',
    author: 'ann',
  })
  const opened = await github.control.openPullRequest({
    repo: 'acme/shop',
    head: 'work',
    title: 'Two',
    author: 'ann',
  })
  headSha = opened.headSha
  ref = {
    installationId: made.installationId as number,
    repositoryId: made.id,
    owner: 'acme',
    repo: 'shop',
    number: opened.number,
  }
  const log = pino({ level: 'silent' }) as never
  const probot = createProbot({ appId: 7, privateKey, webhookSecret: 's', baseUrl: github.url, log })
  botLogin = await readBotLogin(probot)
  host = codeHost({
    octokitFor: installationOctokits({ probot, baseUrl: github.url, log, clock: systemClock }),
    pacer: { acquire: async () => {}, pause: async (_installation, until) => void pauses.push(until) },
    botLogin,
    log: { warn: () => {} },
    metrics: { codeHostCall: (name, outcome) => void outcomes.push(`${name} ${outcome}`) },
    clock: { ...systemClock, sleep: async () => {} },
  })
})
afterAll(async () => {
  await github?.close()
  await rm(dir, { recursive: true, force: true })
})
beforeEach(() => {
  github.faults.clear()
  pauses.length = 0
})

describe('the code host against the local GitHub', () => {
  it('knows its own login', () => expect(botLogin).toBe('cupel[bot]'))

  it('lists files, and asks again for free', async () => {
    const first = await host.reader.files(ref)
    expect(first.files.map(file => file.path)).toEqual(['a.txt', 'b.bin'])
    expect(await host.reader.files(ref)).toEqual(first)
    expect(outcomes.at(-1)).toBe('files not-modified')
  })

  it('reads contents at a commit; binary has no text, missing paths are missing', async () => {
    const blobs = await host.reader.blobs(ref, headSha, ['a.txt', 'b.bin', 'no.txt'])
    expect(blobs).toEqual([
      { path: 'a.txt', text: 'one\ntwo\n', bytes: 8 },
      { path: 'b.bin', text: null, bytes: 3 },
    ])
  })

  it('tells triage from read, and strangers from members', async () => {
    expect(await host.reader.permission(ref, 'tia')).toBe('triage')
    expect(await host.reader.permission(ref, 'nobody-known')).toBe('none')
  })

  it('repeats a read that met a 502', async () => {
    github.faults.add({ method: 'GET', answer: { status: 502 } })
    expect(await host.reader.headSha(ref)).toBe(headSha)
  })

  it('pauses the installation when GitHub names a secondary limit', async () => {
    github.faults.secondaryLimit({ method: 'GET', retryAfterSeconds: 30 })
    await expect(host.reader.headSha(ref)).rejects.toMatchObject({ code: 'github-rate-limited' })
    expect(pauses).toHaveLength(1)
  })

  it('finds a review whose answer was lost instead of posting blindly again', async () => {
    github.faults.add({ method: 'POST', path: '/reviews', dropResponse: true })
    const review = {
      headSha,
      body: 'text <!-- cupel:review:1 -->',
      comments: [{ path: 'a.txt', side: 'RIGHT', startLine: 1, line: 2, body: 'note' }] as never,
    }
    await expect(host.writer.postReview(ref, review)).rejects.toMatchObject({ ambiguous: true })
    const found = await host.writer.findReview(ref, 'cupel:review:1')
    expect(found).not.toBeNull()
    const comments = await host.writer.reviewComments(ref, found?.reviewId ?? 0)
    expect(comments.map(comment => comment.path)).toEqual(['a.txt'])
  })

  it('says a refused anchor is unprocessable and not ambiguous', async () => {
    const review = {
      headSha,
      body: 'b',
      comments: [{ path: 'a.txt', side: 'RIGHT', startLine: 99, line: 99, body: 'x' }] as never,
    }
    await expect(host.writer.postReview(ref, review)).rejects.toMatchObject({
      code: 'github-unprocessable',
      ambiguous: false,
    })
  })

  it('adopts a check whose answer was lost, and finishes it with 60 annotations in two requests', async () => {
    github.faults.add({ method: 'POST', path: '/check-runs', dropResponse: true })
    const { checkId } = await host.writer.startCheck(ref, headSha, 'key-1')
    expect(await host.writer.startCheck(ref, headSha, 'key-1', { mayExist: true })).toEqual({ checkId })
    const annotation = { path: 'a.txt', startLine: 1, endLine: 1, level: 'notice', title: 't', message: 'm' }
    await host.writer.finishCheck(ref, checkId, {
      conclusion: 'neutral',
      title: 'Done',
      summary: 's',
      annotations: Array.from({ length: 60 }, () => annotation) as never,
    })
    expect(github.requests.filter(request => request.method === 'PATCH')).toHaveLength(2)
  })

  it('writes the summary again when somebody deleted it', async () => {
    const first = await host.writer.putSummary(ref, null, 'a <!-- cupel:summary -->')
    expect(await host.writer.putSummary(ref, first.commentId, 'b <!-- cupel:summary -->')).toEqual(first)
    const again = await host.writer.putSummary(ref, 999_999, 'c <!-- cupel:summary -->')
    expect(again.commentId).not.toBe(first.commentId)
  })

  it('brings a whole pull request in one call, and trusts no mark of somebody else', async () => {
    await host.writer.postReview(ref, {
      headSha,
      body: 'mine',
      comments: [
        { path: 'a.txt', side: 'RIGHT', startLine: 2, line: 2, body: 'note <!-- cupel:finding:abc -->' },
      ],
    })
    const forged = { repo: 'acme/shop', number: ref.number, by: 'eve' }
    await github.control.comment({ ...forged, body: 'forged <!-- cupel:summary -->' })
    await github.control.reviewComment({
      ...forged,
      path: 'a.txt',
      side: 'RIGHT',
      line: 2,
      body: 'forged <!-- cupel:finding:abc -->',
    })
    const before = github.requests.length
    const view = await host.reader.pullRequest(ref)
    expect(github.requests.length - before).toBe(1)
    expect(view).toMatchObject({
      title: 'Two',
      state: 'open',
      headSha,
      baseRef: 'main',
      fork: false,
      author: { login: 'ann', bot: false },
      repositoryConfiguration: null,
      instructions: [{ path: 'AGENTS.md', text: 'be kind\n' }],
    })
    expect(view.ownThreads.map(thread => thread.body)).toEqual(['note <!-- cupel:finding:abc -->'])
    const summary = github.state.issueComments.get(view.summaryCommentId ?? 0)
    expect(summary?.author.login).toBe('cupel[bot]')

    const threads = view.ownThreads.map(thread => thread.id)
    expect(await host.writer.resolveThreads(ref, [...threads, 'PRRT_unknown'])).toEqual({ headSha })
    expect((await host.reader.pullRequest(ref)).ownThreads.map(thread => thread.resolved)).toEqual([true])
  })

  it('does not read a failing GitHub as "no configuration"', async () => {
    github.faults.add({
      path: '/graphql',
      answer: {
        status: 200,
        body: { data: { repository: null }, errors: [{ type: 'FORBIDDEN', message: 'no', path: ['f0'] }] },
      },
    })
    await expect(host.reader.pullRequest(ref)).rejects.toMatchObject({ code: 'github-forbidden' })
  })

  it('sent nothing that GitHub would refuse', () => {
    expect(github.validationErrors.filter(error => error.kind === 'request')).toEqual([])
  })
})
