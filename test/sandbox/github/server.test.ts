import { createHmac } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSample, SECRET, start } from './support.ts'

const run = promisify(execFile)
const at = { owner: 'shop', repo: 'cart', pull_number: 1 }

let world: Awaited<ReturnType<typeof start>>
let sample: Awaited<ReturnType<typeof openSample>>
let bot: ReturnType<typeof world.asInstallation>

beforeAll(async () => {
  world = await start()
  sample = await openSample(world.github)
  bot = world.asInstallation(sample.installationId)
})
afterAll(() => world.close())

const failure = async (call: Promise<unknown>): Promise<{ status: number; message: string }> => {
  try {
    await call
  } catch (error) {
    return error as { status: number; message: string }
  }
  throw new Error('was not refused')
}

describe('the local GitHub, through Octokit', () => {
  it('lists a pull request’s files as GitHub does', async () => {
    const { data } = await bot.rest.pulls.listFiles({ ...at, per_page: 100 })
    expect(data.map(file => [file.filename, file.status, file.patch !== undefined])).toEqual([
      ['gone.txt', 'removed', true],
      ['logo.png', 'added', false],
      ['new.txt', 'renamed', true],
      ['src/a.ts', 'modified', true],
    ])
    expect(data[2]?.previous_filename).toBe('old.txt')
    expect(data[3]?.patch).toMatch(/^@@ -1,5 \+1,5 @@\n line 1\n-line 2\n\+changed 2\n/)
  })

  it('pages with Link headers', async () => {
    const first = await bot.rest.pulls.listFiles({ ...at, per_page: 3 })
    expect(first.data).toHaveLength(3)
    expect(first.headers.link).toContain('rel="next"')
    expect(await bot.paginate(bot.rest.pulls.listFiles, { ...at, per_page: 3 })).toHaveLength(4)
  })

  it.each([
    ['a path outside the diff', { path: 'other.ts', line: 1 }, /Path could not be resolved/],
    ['a line outside the diff', { path: 'src/a.ts', line: 15 }, /Line could not be resolved/],
    ['a start line at the line', { path: 'src/a.ts', line: 3, start_line: 3 }, /must precede/],
    ['a start line in another hunk', { path: 'src/a.ts', line: 30, start_line: 2 }, /same hunk/],
    ['a binary file', { path: 'logo.png', line: 1 }, /Line could not be resolved/],
    ['a body that is too long', { path: 'src/a.ts', line: 2, body: 'x'.repeat(70_000) }, /too long/],
  ])('refuses a whole review for %s', async (_name, comment, words) => {
    const before = (await bot.rest.pulls.listReviews(at)).data.length
    const good = { path: 'src/a.ts', line: 2, side: 'RIGHT', body: 'good' }
    const refused = await failure(
      bot.rest.pulls.createReview({
        ...at,
        event: 'COMMENT',
        body: 'b',
        comments: [good, { side: 'RIGHT', body: 'bad', ...comment }],
      }),
    )
    expect(refused.status).toBe(422)
    expect(refused.message).toMatch(words)
    expect((await bot.rest.pulls.listReviews(at)).data).toHaveLength(before)
  })

  it('refuses and records a request that GitHub’s description does not allow', async () => {
    const seen = world.github.validationErrors.length
    const sides = {
      ...at,
      event: 'COMMENT' as const,
      comments: [{ path: 'src/a.ts', line: 2, side: 'right', body: 'b' }],
    }
    expect((await failure(bot.rest.pulls.createReview(sides))).status).toBe(422)
    const open = {
      owner: 'shop',
      repo: 'cart',
      head_sha: sample.headSha,
      name: 'cupel',
      status: 'completed' as const,
    }
    expect((await failure(bot.request('POST /repos/{owner}/{repo}/check-runs', open))).status).toBe(422)
    expect(
      (
        await failure(
          bot.request('POST /repos/{owner}/{repo}/check-runs', { ...open, conclusion: 'success', colour: 1 }),
        )
      ).status,
    ).toBe(422)
    expect(world.github.validationErrors.splice(seen).map(one => one.kind)).toEqual([
      'request',
      'request',
      'request',
    ])
  })

  it('keeps a posted review, its threads, reactions and 304s', async () => {
    const posted = await bot.rest.pulls.createReview({
      ...at,
      commit_id: sample.headSha,
      event: 'COMMENT',
      body: 'Summary',
      comments: [
        { path: 'src/a.ts', start_line: 1, start_side: 'RIGHT', line: 2, side: 'RIGHT', body: 'right' },
        { path: 'src/a.ts', line: 30, side: 'LEFT', body: 'left' },
      ],
    })
    expect(posted.data.user).toMatchObject({ login: 'cupel[bot]', type: 'Bot' })
    const { data } = await bot.rest.pulls.listCommentsForReview({ ...at, review_id: posted.data.id })
    expect(data.map(comment => comment.body)).toEqual(['right', 'left'])
    const listed = await bot.rest.pulls.listReviewComments(at)
    const unchanged = await failure(
      bot.rest.pulls.listReviewComments({ ...at, headers: { 'if-none-match': listed.headers.etag } }),
    )
    expect(unchanged.status).toBe(304)
    const id = data[0]?.id ?? 0
    await world.github.control.react({ commentId: id, by: 'bob', content: '+1' })
    const again = await bot.rest.pulls.listReviewComments({
      ...at,
      headers: { 'if-none-match': listed.headers.etag },
    })
    expect(again.data[0]?.reactions?.['+1']).toBe(1)
    const mine = { owner: 'shop', repo: 'cart', comment_id: id, content: 'eyes' as const }
    expect((await bot.rest.reactions.createForPullRequestReviewComment(mine)).status).toBe(201)
    expect((await bot.rest.reactions.createForPullRequestReviewComment(mine)).status).toBe(200)
  })

  it('tells threads, authors and files over GraphQL, and resolves', async () => {
    const query = `query($owner:String!,$name:String!,$number:Int!){ repository(owner:$owner,name:$name){
      file: object(expression:"${sample.headSha}:new.txt"){ ...on Blob { text byteSize isBinary } }
      none: object(expression:"${sample.headSha}:no.txt"){ ...on Blob { text } }
      pullRequest(number:$number){ headRefOid changedFiles author{login ...on User{databaseId}}
        reviewThreads(first:50){ nodes{ id isResolved isOutdated line diffSide comments(first:1){ nodes{ databaseId body viewerDidAuthor author{login __typename} } } } } } } }`
    const { repository } = await bot.graphql<{
      repository: {
        file: { text: string }
        none: null
        pullRequest: { reviewThreads: { nodes: { id: string; comments: { nodes: object[] } }[] } }
      }
    }>(query, { owner: 'shop', name: 'cart', number: 1 })
    expect(repository.file.text).toContain('more')
    expect(repository.none).toBeNull()
    const thread = repository.pullRequest.reviewThreads.nodes[0]!
    expect(thread).toMatchObject({ isResolved: false, isOutdated: false, line: 2, diffSide: 'RIGHT' })
    expect(thread.comments.nodes[0]).toMatchObject({
      viewerDidAuthor: true,
      author: { login: 'cupel', __typename: 'Bot' },
    })
    const mutation =
      'mutation($id:ID!){ resolveReviewThread(input:{threadId:$id}){ thread{ isResolved pullRequest{ headRefOid } } } }'
    const answer = await bot.graphql<{ resolveReviewThread: { thread: object } }>(mutation, { id: thread.id })
    expect(answer.resolveReviewThread.thread).toEqual({
      isResolved: true,
      pullRequest: { headRefOid: sample.headSha },
    })
  })

  it('refuses an unknown GraphQL field with HTTP 200 and errors', async () => {
    const refused = (await failure(bot.graphql('{ viewer { login shoeSize } }'))) as unknown as {
      errors: { message: string }[]
    }
    expect(refused.errors[0]?.message).toBe("Field 'shoeSize' doesn't exist on type 'Viewer'")
    expect(world.github.validationErrors.pop()?.operation).toBe('POST /graphql')
  })

  it('moves comments with a push and outdates those whose line changed', async () => {
    const head = ['above', ...sample.head.with(29, 'changed again')]
    await world.github.control.commit({
      repo: 'shop/cart',
      branch: 'topic',
      files: { 'src/a.ts': `${head.join('\n')}\n` },
      message: 'Push',
      author: 'ada',
    })
    await bot.rest.pulls.createReplyForReviewComment({
      ...at,
      comment_id: (await bot.rest.pulls.listReviewComments(at)).data[0]?.id ?? 0,
      body: 'reply',
    })
    const { data } = await bot.rest.pulls.listReviewComments(at)
    expect(data.map(comment => [comment.body, comment.line])).toEqual([
      ['right', 3],
      ['left', 30],
      ['reply', 3],
    ])
    await world.github.control.settled()
    expect(world.github.deliveries.some(one => one.action === 'synchronize')).toBe(true)
  })

  it('takes a git push and says 403 to somebody without the right', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clone-'))
    const { token } = await world.github.control.userToken({ login: 'ada' })
    const remote = (secret: string) =>
      `${world.github.url.replace('http://', `http://x:${secret}@`)}/shop/cart.git`
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' }
    await run('git', ['clone', '-q', '-b', 'topic', remote(token), folder], { env })
    await writeFile(join(folder, 'pushed.txt'), 'pushed\n')
    await run('git', ['-C', folder, 'add', '.'], { env })
    await run(
      'git',
      ['-C', folder, '-c', 'user.name=ada', '-c', 'user.email=a@b', 'commit', '-qm', 'Pushed'],
      { env },
    )
    const bob = (await world.github.control.userToken({ login: 'bob' })).token
    await expect(run('git', ['-C', folder, 'push', '-q', remote(bob), 'topic'], { env })).rejects.toThrow(
      '403',
    )
    await run('git', ['-C', folder, 'push', '-q', 'origin', 'topic'], { env })
    const head = (await run('git', ['-C', folder, 'rev-parse', 'HEAD'], { env })).stdout.trim()
    expect((await bot.rest.pulls.get(at)).data.head.sha).toBe(head)
    await rm(folder, { recursive: true, force: true })
  })

  it('enforces permissions, narrowing and expiry of tokens', async () => {
    const narrow = await world.asApp().rest.apps.createInstallationAccessToken({
      installation_id: sample.installationId,
      permissions: { pull_requests: 'read' },
    })
    const reader = world.asUser(narrow.data.token)
    expect((await reader.rest.pulls.get(at)).status).toBe(200)
    const refused = await failure(reader.rest.pulls.createReview({ ...at, event: 'COMMENT', body: 'no' }))
    expect([refused.status, refused.message]).toEqual([
      403,
      expect.stringContaining('Resource not accessible by integration'),
    ])
    await world.github.control.expireTokens()
    expect((await failure(reader.rest.pulls.get(at))).status).toBe(401)
    bot = world.asInstallation(sample.installationId)
    const { data } = await bot.rest.repos.getCollaboratorPermissionLevel({
      owner: 'shop',
      repo: 'cart',
      username: 'bob',
    })
    expect([data.permission, data.role_name]).toEqual(['read', 'triage'])
  })

  it('refuses the fifty-first annotation and keeps fifty', async () => {
    const annotation = {
      path: 'src/a.ts',
      start_line: 1,
      end_line: 1,
      annotation_level: 'notice' as const,
      message: 'm',
    }
    const check = await bot.rest.checks.create({
      owner: 'shop',
      repo: 'cart',
      head_sha: sample.headSha,
      name: 'cupel',
      status: 'in_progress',
    })
    const update = (count: number) =>
      bot.rest.checks.update({
        owner: 'shop',
        repo: 'cart',
        check_run_id: check.data.id,
        conclusion: 'neutral',
        output: { title: 't', summary: 's', annotations: Array.from({ length: count }, () => annotation) },
      })
    expect((await failure(update(51))).status).toBe(422)
    expect(world.github.validationErrors.pop()?.kind).toBe('request')
    expect((await update(50)).data).toMatchObject({ status: 'completed', output: { annotations_count: 50 } })
  })

  it('signs every delivery over its bytes and redelivers under the same GUID', async () => {
    await world.github.control.settled()
    for (const { headers, body } of world.received) {
      expect(headers['x-hub-signature-256']).toBe(
        `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
      )
    }
    const [delivery] = (await world.asApp().rest.apps.listWebhookDeliveries({ per_page: 1 })).data
    await world.asApp().rest.apps.redeliverWebhookDelivery({ delivery_id: delivery?.id ?? 0 })
    await world.github.control.settled()
    expect(world.received.filter(one => one.headers['x-github-delivery'] === delivery?.guid)).toHaveLength(2)
    expect(world.github.deliveries.at(-1)).toMatchObject({ redelivery: true, statusCode: 202 })
  })

  it('does what was asked before it drops the answer, and limits on demand', async () => {
    world.github.faults.add({ method: 'POST', path: '/issues/1/comments', dropResponse: true })
    await failure(
      bot.rest.issues.createComment({ owner: 'shop', repo: 'cart', issue_number: 1, body: 'lost answer' }),
    )
    const { data } = await bot.rest.issues.listComments({ owner: 'shop', repo: 'cart', issue_number: 1 })
    expect(data.map(comment => comment.body)).toEqual(['lost answer'])
    world.github.faults.secondaryLimit({ method: 'GET', path: '/pulls/1', status: 429, retryAfterSeconds: 9 })
    const limited = (await failure(bot.rest.pulls.get(at))) as unknown as {
      status: number
      response: { headers: Record<string, string> }
    }
    expect([limited.status, limited.response.headers['retry-after']]).toEqual([429, '9'])
  })

  it('gives answers that GitHub’s description allows', async () => {
    const here = { owner: 'shop', repo: 'cart' }
    await world.asApp().rest.apps.getAuthenticated()
    await world.asApp().rest.apps.getRepoInstallation(here)
    await bot.rest.apps.listReposAccessibleToInstallation()
    await bot.rest.repos.get(here)
    await bot.rest.repos.getContent({ ...here, path: 'src' })
    await bot.rest.repos.getContent({ ...here, path: 'src/a.ts' })
    await bot.rest.repos.compareCommitsWithBasehead({ ...here, basehead: 'main...topic' })
    await bot.rest.checks.listForRef({ ...here, ref: sample.headSha })
    await bot.rest.rateLimit.get()
    await bot.rest.users.getByUsername({ username: 'ada' })
    expect(world.github.validationErrors).toEqual([])
  })
})
