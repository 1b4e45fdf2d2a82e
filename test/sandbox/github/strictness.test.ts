import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSample, start } from './support.ts'

const at = { owner: 'shop', repo: 'cart', pull_number: 1 }
const here = { owner: 'shop', repo: 'cart' }

let world: Awaited<ReturnType<typeof start>>
let sample: Awaited<ReturnType<typeof openSample>>
let bot: ReturnType<typeof world.asInstallation>

beforeAll(async () => {
  world = await start()
  sample = await openSample(world.github)
  bot = world.asInstallation(sample.installationId)
})
afterAll(() => world.close())
afterEach(() => {
  world.github.faults.clear()
  world.github.validationErrors.length = 0
})

interface Refused {
  status: number
  message: string
  response: { headers: Record<string, string> }
}
const failure = (call: Promise<unknown>): Promise<Refused> =>
  call.then(
    () => {
      throw new Error('was not refused')
    },
    (error: Refused) => error,
  )

describe('a REST request that GitHub’s description does not allow', () => {
  const review = (comment: object) => ({
    ...at,
    event: 'COMMENT',
    comments: [{ path: 'src/a.ts', line: 2, body: 'b', ...comment }],
  })
  const check = { ...here, head_sha: '', name: 'c' }
  const output = (annotation: object) => ({
    title: 't',
    summary: 's',
    annotations: [
      { path: 'a', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm', ...annotation },
    ],
  })
  it.each([
    [
      'an unknown query parameter',
      'GET /repos/{owner}/{repo}/pulls/{pull_number}/files',
      { ...at, perPage: 5 },
    ],
    ['a page that is no number', 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files', { ...at, page: 'x' }],
    ['more than 100 a page', 'GET /repos/{owner}/{repo}/pulls/{pull_number}/files', { ...at, per_page: 101 }],
    ['a word outside a parameter’s list', 'GET /repos/{owner}/{repo}/pulls', { ...here, state: 'any' }],
    [
      'a body where none is taken',
      'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}',
      { ...here, comment_id: 1, why: 1 },
    ],
    [
      'an unknown key',
      'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { ...here, issue_number: 1, body: 'b', colour: 1 },
    ],
    [
      'a missing body',
      'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { ...here, issue_number: 1 },
    ],
    [
      'a side in small letters',
      'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      review({ side: 'right' }),
    ],
    [
      'start_side alone',
      'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      review({ start_side: 'RIGHT' }),
    ],
    [
      'a comment without a line',
      'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews',
      review({ line: undefined }),
    ],
    [
      'an unknown reaction',
      'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
      { ...here, comment_id: 1, content: 'wow' },
    ],
    [
      'a completed check without a conclusion',
      'POST /repos/{owner}/{repo}/check-runs',
      { ...check, status: 'completed' },
    ],
    ['an unknown conclusion', 'POST /repos/{owner}/{repo}/check-runs', { ...check, conclusion: 'fine' }],
    [
      'an annotation that ends before it starts',
      'POST /repos/{owner}/{repo}/check-runs',
      { ...check, output: output({ start_line: 2 }) },
    ],
    [
      'an annotation of an unknown level',
      'POST /repos/{owner}/{repo}/check-runs',
      { ...check, output: output({ annotation_level: 'error' }) },
    ],
  ])('with %s is refused and recorded', async (_what, route, parameters) => {
    expect((await failure(bot.request(route as 'GET /user', parameters as never))).status).toBe(422)
    expect(world.github.validationErrors.map(error => error.kind)).toEqual(['request'])
  })
})

describe('a GraphQL request', () => {
  const repository = 'repository(owner: $o, name: $n) { name }'
  it.each([
    [
      'a variable of another type',
      `query($o: Int!, $n: String!) { ${repository} }`,
      /Type mismatch on variable \$o/,
    ],
    [
      'a nullable variable where none may be null',
      `query($o: String, $n: String!) { ${repository} }`,
      /Type mismatch/,
    ],
    ['an undeclared variable', `query($n: String!) { ${repository} }`, /\$o is used but not declared/],
    ['an unused variable', `query($o: String!, $n: String!, $x: Int) { ${repository} }`, /\$x is declared/],
    [
      'a literal of another type',
      'query { repository(owner: 1, name: "n") { name } }',
      /expected type 'String!'/,
    ],
    [
      'an unknown argument',
      'query { repository(owner: "o", name: "n", at: 1) { name } }',
      /doesn't accept argument 'at'/,
    ],
    ['a missing argument', 'query { repository(owner: "o") { name } }', /missing required arguments: name/],
    [
      'an unknown input field',
      'mutation { resolveReviewThread(input: { thread: "x" }) { thread { id } } }',
      /doesn't accept argument 'thread'/,
    ],
    [
      'a missing input field',
      'mutation { resolveReviewThread(input: {}) { thread { id } } }',
      /threadId is missing/,
    ],
    [
      'no selection where one is needed',
      'query { repository(owner: "o", name: "n") }',
      /must have selections/,
    ],
  ])('with %s is refused whole and recorded', async (_what, query, words) => {
    const { data } = await bot.request('POST /graphql', { query, variables: { o: 'shop', n: 'cart' } })
    expect(data.data).toBeUndefined()
    expect(data.errors[0].message).toMatch(words)
    expect(world.github.validationErrors).toHaveLength(1)
  })

  it('with a key beside query and variables is refused', async () => {
    expect(
      (await failure(bot.request('POST /graphql', { query: '{ viewer { login } }', owner: 'x' }))).status,
    ).toBe(400)
  })
})

describe('threads', () => {
  it('have one level: a reply cannot be replied to', async () => {
    const { id } = await world.github.control.reviewComment({
      repo: 'shop/cart',
      number: 1,
      by: 'bob',
      path: 'src/a.ts',
      line: 2,
      body: 'root',
    })
    const reply = await bot.rest.pulls.createReplyForReviewComment({ ...at, comment_id: id, body: 'one' })
    const nested = bot.rest.pulls.createReplyForReviewComment({
      ...at,
      comment_id: reply.data.id,
      body: 'two',
    })
    expect((await failure(nested)).status).toBe(422)
  })

  it('are resolved only by an App that may write contents', async () => {
    const { data } = await world.asApp().rest.apps.createInstallationAccessToken({
      installation_id: sample.installationId,
      permissions: { contents: 'read', pull_requests: 'write' },
    })
    const [thread] = [...world.github.state.threads.values()]
    const query =
      'mutation($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { isResolved } } }'
    const resolve = (client: typeof bot) => client.graphql(query, { id: thread?.nodeId })
    const refused = (await failure(resolve(world.asUser(data.token)))) as unknown as {
      errors: { type: string }[]
    }
    expect(refused.errors.map(error => error.type)).toEqual(['FORBIDDEN'])
    expect(await resolve(bot)).toEqual({ resolveReviewThread: { thread: { isResolved: true } } })
  })
})

describe('people', () => {
  it('become ghosts when their account is deleted', async () => {
    const before = await bot.rest.issues.createComment({ ...here, issue_number: 1, body: 'b' })
    expect(before.status).toBe(201)
    await world.github.control.comment({ repo: 'shop/cart', number: 1, by: 'gone', body: 'mine' })
    await world.github.control.deleteUser({ login: 'gone' })
    const { data } = await bot.rest.issues.listComments({ ...here, issue_number: 1 })
    expect(data.at(-1)?.user).toMatchObject({ login: 'ghost', id: 10137 })
    const query = `{ repository(owner: "shop", name: "cart") { pullRequest(number: 1) { comments(last: 1) { nodes { author { login } } } } } }`
    expect(await bot.graphql(query)).toMatchObject({
      repository: { pullRequest: { comments: { nodes: [{ author: null }] } } },
    })
  })

  it('of an organisation have its base permission everywhere; bots are no collaborators', async () => {
    await world.github.control.addMember({ organisation: 'shop', login: 'mia', permission: 'write' })
    const level = (username: string) => bot.rest.repos.getCollaboratorPermissionLevel({ ...here, username })
    expect((await level('mia')).data.permission).toBe('write')
    expect((await failure(level('cupel[bot]'))).status).toBe(404)
  })
})

describe('faults on demand', () => {
  it('answer 502 after the effect', async () => {
    world.github.faults.add({ method: 'POST', answer: { status: 502 }, effect: true })
    const refused = await failure(
      bot.rest.issues.createComment({ ...here, issue_number: 1, body: 'done though' }),
    )
    expect(refused.status).toBe(502)
    const bodies = [...world.github.state.issueComments.values()].map(comment => comment.body)
    expect(bodies.filter(body => body === 'done though')).toHaveLength(1)
  })

  it('use up the hourly limit with GitHub’s headers', async () => {
    world.github.faults.primaryLimit({ path: '/pulls/1', resetAt: new Date(2_000_000_000_000) })
    const { status, response } = await failure(bot.rest.pulls.get(at))
    expect([
      status,
      response.headers['x-ratelimit-remaining'],
      response.headers['x-ratelimit-reset'],
    ]).toEqual([403, '0', '2000000000'])
  })
})

describe('limits', () => {
  it('are counted apart for REST and GraphQL, and a 304 is free', async () => {
    const rest = await bot.rest.pulls.get(at)
    const graphql = await bot.request('POST /graphql', { query: '{ viewer { login } }' })
    expect([rest.headers['x-ratelimit-resource'], graphql.headers['x-ratelimit-resource']]).toEqual([
      'core',
      'graphql',
    ])
    const headers = { 'if-none-match': rest.headers.etag }
    const unchanged = await failure(bot.rest.pulls.get({ ...at, headers }))
    expect([unchanged.status, unchanged.response.headers['x-ratelimit-used']]).toEqual([
      304,
      rest.headers['x-ratelimit-used'],
    ])
  })
})

describe('a suspended installation', () => {
  it('gets neither tokens nor events, and its tokens are refused', async () => {
    await world.github.control.suspend({ repo: 'shop/cart', by: 'shop' })
    await world.github.control.settled()
    const sent = world.github.deliveries.length
    expect(world.github.deliveries.at(-1)).toMatchObject({ event: 'installation', action: 'suspend' })
    await world.github.control.comment({ repo: 'shop/cart', number: 1, by: 'bob', body: 'unheard' })
    await world.github.control.settled()
    expect(world.github.deliveries).toHaveLength(sent)
    expect((await failure(bot.rest.pulls.get(at))).status).toBe(403)
    expect((await failure(world.asInstallation(sample.installationId).rest.pulls.get(at))).status).toBe(403)
    const { data } = await world.asApp().rest.apps.getInstallation({ installation_id: sample.installationId })
    expect(data.suspended_at).not.toBeNull()
    await world.github.control.suspend({ repo: 'shop/cart', by: 'shop', on: false })
    expect((await bot.rest.pulls.get(at)).status).toBe(200)
  })
})

describe('hook deliveries', () => {
  const list = async (parameters: Record<string, string | number>) => {
    const app = world.asApp()
    return (await app.rest.apps.listWebhookDeliveries(parameters)).data
  }

  it('page by cursor from the newest, whatever arrives meanwhile', async () => {
    const all = await list({ per_page: 100 })
    const first = await world.asApp().rest.apps.listWebhookDeliveries({ per_page: 2 })
    await world.github.control.comment({ repo: 'shop/cart', number: 1, by: 'bob', body: 'meanwhile' })
    await world.github.control.settled()
    const cursor = /cursor=([^>&]+)/.exec(first.headers.link ?? '')?.[1] ?? ''
    const second = await list({ per_page: 2, cursor })
    expect([...first.data, ...second].map(one => one.id)).toEqual(all.slice(0, 4).map(one => one.id))
  })

  it('can be listed by outcome, are kept for three days, and then cannot be sent again', async () => {
    await world.github.control.setWebhookUrl({ url: 'http://127.0.0.1:1/' })
    await world.github.control.comment({ repo: 'shop/cart', number: 1, by: 'bob', body: 'lost' })
    await world.github.control.settled()
    const [failed] = await list({ status: 'failure' })
    expect(failed).toMatchObject({ status: 'failed to connect to host', status_code: 0 })
    expect((await list({ status: 'success', per_page: 100 })).map(one => one.id)).not.toContain(failed?.id)
    const kept = world.github.deliveries.find(one => one.id === failed?.id)
    if (kept) kept.deliveredAt = new Date(Date.now() - 4 * 86_400_000)
    expect(await list({ status: 'failure' })).toEqual([])
    const again = world.asApp().rest.apps.redeliverWebhookDelivery({ delivery_id: failed?.id ?? 0 })
    expect((await failure(again)).status).toBe(404)
  })
})
